/** The security page: devices and recent events; the password and the second factor, which need a fresh login. */
import { Body, Controller, Get, NotFoundException, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { CurrentUser, Fresh, LoginManagerService, LoginRequired, LoginRequiredException } from 'nestjs-login';
import type { Account } from '../accounts/account.js';
import { AccountsService } from '../accounts/accounts.service.js';
import { acceptedStep, newSecret, secretPicture } from '../accounts/second-factor.js';
import { ChangePasswordForm, CodeForm, complaints } from '../login/login-forms.js';
import { Pages } from '../pages/pages.service.js';
import { deviceName } from './device-name.js';
import { SecurityEvents } from './security-events.js';

/** How long ago the user may have proved who they are. */
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
  async warningsSeen(@Res() res: Response, @CurrentUser('id') id: string) {
    await this.events.putWarningsAway(id);
    res.redirect(303, '/security');
  }

  /** Where a browser comes back to after a POST below was refused as not fresh: the addresses of those have this page. */
  @Get(['devices/end-others', 'devices/:loginId/end', 'second-factor/off'])
  confirmed(@Req() req: Request, @Res() res: Response) {
    this.pages.notify(req, 'Thank you. Now press the button again.');
    res.redirect(302, '/security');
  }

  @Post('devices/end-others')
  @Fresh(FRESH)
  async endOthers(@Req() req: Request, @Res() res: Response) {
    const count = await this.login.logoutOthers(req);
    this.pages.notify(req, count === 1 ? 'The other device is logged out.' : `${count} other devices are logged out.`);
    res.redirect(303, '/security');
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
    this.pages.notify(req, 'That device is logged out.');
    res.redirect(303, '/security');
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
    @CurrentUser('id') id: string,
  ) {
    const form = ChangePasswordForm.safeParse(body);
    if (!form.success) return this.pages.again(req, res, 'password', complaints(form.error));
    await this.accounts.changePassword(id, form.data.password);
    await this.#goOn(req, id, 'passwordChanged', 'The password is changed. All other devices are logged out.');
    res.redirect(303, '/security');
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
    if (!form.success || acceptedStep(secret, form.data.code) === null)
      return this.pages.again(
        req,
        res,
        'second-factor',
        { code: 'This is not the code that the app shows now.' },
        offer(secret, account.email),
      );
    await this.accounts.setSecondFactor(account.id, secret);
    delete req.session.offeredSecret;
    await this.#goOn(req, account.id, 'secondFactorOn', 'The second factor is on. All other devices are logged out.');
    res.redirect(303, '/security');
  }

  @Post('second-factor/off')
  @Fresh(FRESH)
  async switchOff(@Req() req: Request, @Res() res: Response, @CurrentUser('id') id: string) {
    await this.accounts.setSecondFactor(id, null);
    await this.#goOn(req, id, 'secondFactorOff', 'The second factor is off. All other devices are logged out.');
    res.redirect(303, '/security');
  }

  /** With another security stamp this login goes on, and all others end. */
  async #goOn(
    req: Request,
    id: string,
    kind: 'passwordChanged' | 'secondFactorOn' | 'secondFactorOff',
    notice: string,
  ): Promise<void> {
    if (!(await this.login.confirmLogin(req))) throw new LoginRequiredException();
    await this.events.note(req, id, kind);
    this.pages.notify(req, notice);
  }
}

const offer = (secret: string, email: string) => ({
  secret: secret.match(/.{1,4}/g)?.join(' '),
  picture: secretPicture(secret, email),
});
