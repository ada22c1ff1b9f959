/** The dashboard, the profile, and a team's area with a login view of its own. */
import { Controller, Get, Redirect, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { CurrentUser, LoginManagerService, LoginRequired, LoginView } from 'nestjs-login';
import { Pages } from '../pages/pages.service.js';
import { SecurityEvents } from '../security/security-events.js';
import type { Account } from './account.js';

@Controller()
export class AccountController {
  constructor(
    private readonly login: LoginManagerService,
    private readonly events: SecurityEvents,
    private readonly pages: Pages,
  ) {}

  @Get()
  @Redirect('/dashboard')
  home(): void {}

  @Get('dashboard')
  @LoginRequired()
  async dashboard(@Req() req: Request, @Res() res: Response, @CurrentUser() account: Account) {
    const [isFresh, isRemembered, hasWarning] = await Promise.all([
      this.login.isFresh(req),
      this.login.isRemembered(req),
      this.events.hasWarning(account.id),
    ]);
    await this.pages.show(req, res, 'dashboard', { account, isFresh, isRemembered, hasWarning });
  }

  @Get('profile')
  @LoginRequired()
  async profile(@Req() req: Request, @Res() res: Response, @CurrentUser('email') email: string) {
    await this.pages.show(req, res, 'profile', { email });
  }

  @Get('team')
  @LoginView('/team/login')
  @LoginRequired()
  async team(@Req() req: Request, @Res() res: Response) {
    await this.pages.show(req, res, 'team');
  }

  @Get('team/login')
  async teamLogin(@Req() req: Request, @Res() res: Response) {
    if (await this.login.isAuthenticated(req)) return res.redirect(302, this.login.nextUrl(req) ?? '/team');
    await this.pages.show(req, res, 'login', {
      title: 'Log in to the team area',
      next: this.login.nextUrl(req) ?? '/team',
    });
  }
}
