/** For admins: lists the accounts, disables one, ends its logins. */
import {
  ConflictException,
  Controller,
  Get,
  NotFoundException,
  Param,
  ParseUUIDPipe,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { CurrentUser, Fresh, LoginManagerService } from 'nestjs-login';
import { AccountsService } from '../accounts/accounts.service.js';
import { Pages } from '../pages/pages.js';
import { SecurityEvents } from '../security/security-events.js';
import { For } from './roles.guard.js';

const ON_A_PAGE = 50;

@Controller('admin')
@For('admin')
export class AdminController {
  constructor(
    private readonly login: LoginManagerService,
    private readonly accounts: AccountsService,
    private readonly events: SecurityEvents,
    private readonly pages: Pages,
  ) {}

  @Get()
  async list(
    @Req() req: Request,
    @Res() res: Response,
    @CurrentUser('id') ownId: string,
    @Query('after') after: unknown = '',
  ) {
    const accounts = await this.accounts.list(String(after), ON_A_PAGE);
    const logins = await Promise.all(accounts.map(({ id }) => this.login.logins(id)));
    const rows = accounts.map((account, at) => ({
      account,
      logins: logins[at]?.length ?? 0,
      isOwn: account.id === ownId,
    }));
    await this.pages.show(req, res, 'admin', {
      rows,
      next: accounts.length === ON_A_PAGE ? accounts.at(-1)?.email : undefined,
    });
  }

  /** The page that a browser returns to after a POST below was refused as not fresh. */
  @Get(['accounts/:id/disable', 'accounts/:id/enable', 'accounts/:id/end-logins'])
  async confirmed(@Req() req: Request, @Res() res: Response) {
    await this.pages.goOn(req, res, '/admin', 'Thank you. Please press the button again.');
  }

  @Post('accounts/:id/disable')
  @Fresh({ maxAge: '10m' })
  async disable(
    @Req() req: Request,
    @Res() res: Response,
    @Param('id', ParseUUIDPipe) id: string,
    @CurrentUser('id') ownId: string,
  ) {
    if (id === ownId) throw new ConflictException('Nobody disables their own account.');
    if (!(await this.accounts.setDisabled(id, true))) throw new NotFoundException();
    await this.login.logoutEverywhere(id);
    await this.events.note(req, id, 'disabled');
    await this.pages.goOn(req, res, '/admin', 'The account is disabled, and its devices are logged out.');
  }

  @Post('accounts/:id/enable')
  @Fresh({ maxAge: '10m' })
  async enable(@Req() req: Request, @Res() res: Response, @Param('id', ParseUUIDPipe) id: string) {
    if (!(await this.accounts.setDisabled(id, false))) throw new NotFoundException();
    await this.events.note(req, id, 'enabled');
    await this.pages.goOn(req, res, '/admin', 'The account is enabled.');
  }

  @Post('accounts/:id/end-logins')
  @Fresh({ maxAge: '10m' })
  async endLogins(@Req() req: Request, @Res() res: Response, @Param('id', ParseUUIDPipe) id: string) {
    if (!(await this.accounts.findById(id))) throw new NotFoundException();
    const count = await this.login.logoutEverywhere(id);
    await this.events.note(req, id, 'endedByAdmin');
    await this.pages.goOn(
      req,
      res,
      '/admin',
      count === 1 ? 'One device is logged out.' : `${count} devices are logged out.`,
    );
  }
}
