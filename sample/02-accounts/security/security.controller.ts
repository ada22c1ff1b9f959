/** The security page: devices and recent events; the password and the second factor, which need a fresh login. */
import { Body, Controller, Get, NotFoundException, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { CurrentUser, Fresh, LoginManagerService, LoginRequired, LoginRequiredException } from 'nestjs-login';
import type { Account } from '../accounts/account.js';
import { AccountsService } from '../accounts/accounts.service.js';
import { newSecret, secretPicture } from '../accounts/second-factor.js';
import { ChangePasswordForm, CodeForm, complaints } from '../forms.js';
import { Pages } from '../pages/pages.js';
import { deviceName } from './device-name.js';
import { SecurityEvents } from './security-events.js';

/** The longest time since the last authentication. */
const FRESH = { maxAge: '10m' } as const;

declare module 'express-session' {
  interface SessionData {
    /** the secret that is offered, until a code proves that the user's device holds it */
    offeredSecret?: string;
  }
}

@Controller('security')
@LoginRequired()
export class SecurityController {
  constructor(
    private readonly login: LoginManagerService,
    private readonly accounts: AccountsService,
    private readonly events: SecurityEvents,
    private readonly pages: Pages,
  ) {}

  @Get()
  async overview(@Req() req: Request, @Res() res: Response, @CurrentUser() account: Account) {
    const [devices, events] = await Promise.all([this.login.logins(account.id, req), this.events.recent(account.id)]);
    await this.pages.show(req, res, 'security', {
      account,
      devices: devices.map((device) => ({ ...device, name: deviceName(device.userAgent) })),
      events: events.map((event) => ({ ...event, name: deviceName(event.userAgent) })),
    });
  }

  @Post('warnings/seen')
  async warningsSeen(@Req() req: Request, @Res() res: Response, @CurrentUser('id') id: string) {
    await this.events.putWarningsAway(id);
    await this.pages.goOn(req, res, '/security');
  }

  /**
   * The page that a browser returns to after a POST below, or the one above, was refused. Their addresses have this
   * page.
   */
  @Get(['warnings/seen', 'devices/end-others', 'devices/:loginId/end', 'second-factor/off'])
  async confirmed(@Req() req: Request, @Res() res: Response) {
    await this.pages.goOn(req, res, '/security', 'Thank you. Please press the button again.');
  }

  @Post('devices/end-others')
  @Fresh(FRESH)
  async endOthers(@Req() req: Request, @Res() res: Response) {
    const count = await this.login.logoutOthers(req);
    const notice = count === 1 ? 'The other device is logged out.' : `${count} other devices are logged out.`;
    await this.pages.goOn(req, res, '/security', notice);
  }

  @Post('devices/:loginId/end')
  @Fresh(FRESH)
  async endDevice(
    @Req() req: Request,
    @Res() res: Response,
    @CurrentUser('id') id: string,
    @Param('loginId') loginId: string,
  ) {
    // One of somebody else is as unknown as one that never was.
    if (!(await this.login.revoke(id, loginId))) throw new NotFoundException();
    await this.pages.goOn(req, res, '/security', 'That device is logged out.');
  }

  @Get('password')
  @Fresh(FRESH)
  async passwordForm(@Req() req: Request, @Res() res: Response) {
    await this.pages.show(req, res, 'password');
  }

  @Post('password')
  @Fresh(FRESH)
  async changePassword(
    @Req() req: Request,
    @Res() res: Response,
    @Body() body: unknown,
    @CurrentUser() account: Account,
  ) {
    const form = ChangePasswordForm.safeParse(body);
    if (!form.success) return this.pages.showAgain(req, res, 'password', complaints(form.error));
    if (!(await this.accounts.changePassword(account, form.data.password))) throw new LoginRequiredException();
    await this.#goOn(
      req,
      res,
      account.id,
      'passwordChanged',
      'The password is changed. All other devices are logged out.',
    );
  }

  @Get('second-factor')
  @Fresh(FRESH)
  async secondFactorForm(@Req() req: Request, @Res() res: Response, @CurrentUser('email') email: string) {
    req.session.offeredSecret ??= newSecret();
    await this.pages.show(req, res, 'second-factor', offer(req.session.offeredSecret, email));
  }

  @Post('second-factor')
  @Fresh(FRESH)
  async switchOn(@Req() req: Request, @Res() res: Response, @Body() body: unknown, @CurrentUser() account: Account) {
    const secret = req.session.offeredSecret;
    if (secret === undefined) return res.redirect(303, '/security/second-factor');
    const form = CodeForm.safeParse(body);

    if (!form.success || !(await this.accounts.switchSecondFactorOn(account, secret, form.data.code)))
      return this.pages.showAgain(
        req,
        res,
        'second-factor',
        { code: 'This is not the code that the app shows now.' },
        offer(secret, account.email),
      );
    await this.#goOn(
      req,
      res,
      account.id,
      'secondFactorOn',
      'The second factor is on. All other devices are logged out.',
    );
  }

  @Post('second-factor/off')
  @Fresh(FRESH)
  async switchOff(@Req() req: Request, @Res() res: Response, @CurrentUser() account: Account) {
    if (!(await this.accounts.switchSecondFactorOff(account))) throw new LoginRequiredException();
    await this.#goOn(
      req,
      res,
      account.id,
      'secondFactorOff',
      'The second factor is off. All other devices are logged out.',
    );
  }

  /** With another security stamp this login goes on, and all others end. */
  async #goOn(
    req: Request,
    res: Response,
    id: string,
    kind: 'passwordChanged' | 'secondFactorOn' | 'secondFactorOff',
    notice: string,
  ): Promise<void> {
    // A thief with a copy of this session has seen the secret that it offered.
    delete req.session.offeredSecret;
    if (!(await this.login.confirmLogin(req))) throw new LoginRequiredException();
    await this.events.note(req, id, kind);
    await this.pages.goOn(req, res, '/security', notice);
  }
}

const offer = (secret: string, email: string) => ({
  secret: secret.match(/.{1,4}/g)?.join(' '),
  picture: secretPicture(secret, email),
});
