/** Login, a guarded page and logout, as an application has them. */
import { Body, Controller, Get, HttpCode, Post, Req, UnauthorizedException, UseGuards } from '@nestjs/common';
import type { Request } from 'express';
import { CurrentUser, LoginManagerService, LoginRequiredGuard } from 'nestjs-login';
import { UsersService } from './users.service.js';
import type { User } from './users.service.js';

@Controller()
export class AccountController {
  constructor(
    private readonly login: LoginManagerService,
    private readonly users: UsersService,
  ) {}

  @Post('login')
  @HttpCode(204)
  async signIn(@Req() req: Request, @Body() form: { email?: unknown; password?: unknown }): Promise<void> {
    const user = this.users.verify(form.email, form.password);
    if (!user) throw new UnauthorizedException('Wrong address or password.');
    await this.login.loginUser(req, user, { remember: true });
  }

  @Get()
  @UseGuards(LoginRequiredGuard)
  page(@CurrentUser() user: User, @CurrentUser('email') email: string): string {
    return `User ${user.id}: ${email}`;
  }

  @Post('logout')
  @HttpCode(204)
  async signOut(@Req() req: Request): Promise<void> {
    await this.login.logoutUser(req);
  }
}
