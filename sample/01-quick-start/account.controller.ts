/** The pages: login form, dashboard, a page that needs a fresh login, logout. */
import { Body, Controller, Get, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import { CurrentUser, Fresh, LoginManagerService, LoginRequiredGuard } from 'nestjs-login';
import { dashboardPage, loginPage, passwordPage } from './pages.js';
import type { User } from './users.service.js';
import { UsersService } from './users.service.js';

interface LoginForm {
  email?: string;
  password?: string;
  remember?: 'on';
}

@Controller()
export class AccountController {
  constructor(
    private readonly login: LoginManagerService,
    private readonly users: UsersService,
  ) {}

  @Get('login')
  form(@Req() req: Request, @Query('next') next?: string): string {
    return loginPage({ messages: this.login.flashes(req).map(({ message }) => message), next });
  }

  @Post('login')
  async signIn(@Req() req: Request, @Res() res: Response, @Body() form: LoginForm = {}) {
    const user = await this.users.verify(String(form.email), String(form.password));
    if (user && (await this.login.loginUser(req, user, { remember: form.remember === 'on' }))) {
      res.redirect(303, this.login.nextUrl(req) ?? '/');
      return;
    }
    res.status(401).send(loginPage({ messages: ['Wrong address or password.'], next: this.login.nextUrl(req) }));
  }

  @Post('logout')
  async signOut(@Req() req: Request, @Res() res: Response) {
    await this.login.logoutUser(req);
    res.redirect(303, '/login');
  }

  @Get()
  @UseGuards(LoginRequiredGuard)
  dashboard(@CurrentUser() user: User): string {
    return dashboardPage(user.email);
  }

  @Get('password')
  @Fresh({ maxAge: '10m' })
  password(@CurrentUser('email') email: string): string {
    return passwordPage(email);
  }
}
