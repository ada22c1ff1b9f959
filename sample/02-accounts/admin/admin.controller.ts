/** For admins: lists the accounts, disables one, ends its logins. */
import { Controller, Get, HttpException, NotFoundException, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import { CurrentUser, LoginManagerService, LoginRequiredGuard } from 'nestjs-login';
import { AccountsService } from '../accounts/accounts.service.js';
import { Pages } from '../pages/pages.service.js';
import { SecurityEvents } from '../security/security-events.js';
import { Role, RolesGuard } from './roles.guard.js';

@Controller('admin')
@UseGuards(LoginRequiredGuard, RolesGuard)
@Role('admin')
export class AdminController {
  constructor(
    private readonly login: LoginManagerService,
    private readonly accounts: AccountsService,
    private readonly events: SecurityEvents,
    private readonly pages: Pages,
  ) {}

  @Get()
  async list(@Req() req: Request, @Res() res: Response, @CurrentUser('id') ownId: string) {
    const accounts = await this.accounts.list();
    const logins = await Promise.all(accounts.map(({ id }) => this.login.logins(id)));
    const rows = accounts.map((account, at) => ({
      account,
      logins: logins[at]?.length ?? 0,
      isOwn: account.id === ownId,
    }));
    await this.pages.show(req, res, 'admin', { rows });
  }

  @Post('accounts/:id/disable')
  async disable(@Req() req: Request, @Res() res: Response, @Param('id') id: string, @CurrentUser('id') ownId: string) {
    if (id === ownId) throw new HttpException('Nobody disables their own account.', 409);
    await this.#setDisabled(req, id, true);
    await this.login.logoutEverywhere(id);
    this.pages.notify(req, 'The account is disabled, and its devices are logged out.');
    res.redirect(303, '/admin');
  }

  @Post('accounts/:id/enable')
  async enable(@Req() req: Request, @Res() res: Response, @Param('id') id: string) {
    await this.#setDisabled(req, id, false);
    this.pages.notify(req, 'The account is enabled.');
    res.redirect(303, '/admin');
  }

  @Post('accounts/:id/end-logins')
  async endLogins(@Req() req: Request, @Res() res: Response, @Param('id') id: string) {
    const count = await this.login.logoutEverywhere(id);
    this.pages.notify(req, count === 1 ? 'One device is logged out.' : `${count} devices are logged out.`);
    res.redirect(303, '/admin');
  }

  async #setDisabled(req: Request, id: string, isDisabled: boolean): Promise<void> {
    if (!(await this.accounts.setDisabled(id, isDisabled))) throw new NotFoundException();
    await this.events.note(req, id, isDisabled ? 'disabled' : 'enabled');
  }
}
