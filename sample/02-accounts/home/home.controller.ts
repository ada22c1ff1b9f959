/** The dashboard and the profile. */
import { Controller, Get, Redirect, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { CurrentUser, LoginManagerService, LoginRequired } from 'nestjs-login';
import type { Account } from '../accounts/account.js';
import { Pages } from '../pages/pages.js';
import { SecurityEvents } from '../security/security-events.js';

@Controller()
export class HomeController {
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
}
