/** Register, log in, give the code, log out, and prove again who one is. */
import { Body, Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { CurrentUser, LoginManagerService, LoginRequired } from 'nestjs-login';
import type { Account } from '../accounts/account.js';
import { AccountsService } from '../accounts/accounts.service.js';
import { Pages } from '../pages/pages.service.js';
import { Credentials } from './credentials.service.js';
import { CodeForm, complaints, ConfirmForm, LoginForm, RegisterForm } from './login-forms.js';
import { PendingLogins } from './pending-login.js';

/** One sentence for every reason, so that it tells none. */
const WRONG = 'Wrong address or password, or the account is disabled.';

@Controller()
export class LoginController {
  constructor(
    private readonly login: LoginManagerService,
    private readonly accounts: AccountsService,
    private readonly credentials: Credentials,
    private readonly pending: PendingLogins,
    private readonly pages: Pages,
  ) {}

  @Get('register')
  async registerForm(@Req() req: Request, @Res() res: Response) {
    await this.pages.show(req, res, 'register');
  }

  @Post('register')
  async register(@Req() req: Request, @Res() res: Response, @Body() body: unknown) {
    const form = RegisterForm.safeParse(body);
    if (!form.success) return this.pages.again(req, res, 'register', complaints(form.error));
    const account = await this.accounts.register(form.data.email, form.data.password);
    if (!account) return this.pages.again(req, res, 'register', { email: 'This address has an account already.' });
    await this.login.loginUser(req, account);
    this.pages.notify(req, 'Welcome. Your account is ready.');
    res.redirect(303, '/dashboard');
  }

  @Get('login')
  async loginForm(@Req() req: Request, @Res() res: Response) {
    if (await this.login.isAuthenticated(req)) return res.redirect(302, this.login.nextUrl(req) ?? '/dashboard');
    await this.pages.show(req, res, 'login', { next: this.login.nextUrl(req) });
  }

  @Post('login')
  async logIn(@Req() req: Request, @Res() res: Response, @Body() body: unknown) {
    const next = this.login.nextUrl(req);
    const form = LoginForm.safeParse(body);
    if (!form.success) return this.pages.again(req, res, 'login', complaints(form.error), { next });
    const { email, password, remember } = form.data;
    const account = await this.credentials.byPassword(req, email, password);
    if (!account) return this.pages.again(req, res, 'login', { form: WRONG }, { next }, 401);
    if (account.hasSecondFactor) {
      await this.pending.begin(req, account, remember === 'on');
      return res.redirect(303, withNext('/login/code', next));
    }
    await this.login.loginUser(req, account, { remember: remember === 'on' });
    res.redirect(303, next ?? '/dashboard');
  }

  @Get('login/code')
  async codeForm(@Req() req: Request, @Res() res: Response) {
    if (!(await this.pending.find(req))) return this.#startAgain(req, res);
    await this.pages.show(req, res, 'code', { next: this.login.nextUrl(req) });
  }

  @Post('login/code')
  async giveCode(@Req() req: Request, @Res() res: Response, @Body() body: unknown) {
    const next = this.login.nextUrl(req);
    const step = await this.pending.find(req);
    if (!step) return this.#startAgain(req, res);
    const form = CodeForm.safeParse(body);
    if (!form.success) return this.pages.again(req, res, 'code', complaints(form.error), { next });
    if (!(await this.credentials.byCode(req, step.account, form.data.code)))
      return this.pages.again(req, res, 'code', { code: 'This code does not count, or not any more.' }, { next }, 401);
    await this.login.loginUser(req, step.account, { remember: step.remember });
    res.redirect(303, next ?? '/dashboard');
  }

  @Post('logout')
  async logOut(@Req() req: Request, @Res() res: Response) {
    await this.login.logoutUser(req);
    this.pages.notify(req, 'You are logged out.');
    res.redirect(303, '/login');
  }

  @Get('reauthenticate')
  @LoginRequired()
  async confirmForm(@Req() req: Request, @Res() res: Response) {
    await this.pages.show(req, res, 'reauthenticate', { next: this.login.nextUrl(req) });
  }

  @Post('reauthenticate')
  @LoginRequired()
  async confirm(@Req() req: Request, @Res() res: Response, @Body() body: unknown, @CurrentUser() account: Account) {
    const next = this.login.nextUrl(req);
    const form = ConfirmForm.safeParse(body);
    if (!form.success) return this.pages.again(req, res, 'reauthenticate', complaints(form.error), { next });
    const { password, code = '' } = form.data;
    if (!(await this.credentials.confirm(req, account, password, code)))
      return this.pages.again(req, res, 'reauthenticate', { form: 'That was not right.' }, { next }, 401);
    await this.login.confirmLogin(req);
    res.redirect(303, next ?? '/security');
  }

  #startAgain(req: Request, res: Response): void {
    this.pages.notify(req, 'That took longer than five minutes. Please start again.', 'warning');
    res.redirect(303, '/login');
  }
}

const withNext = (path: string, next: string | undefined): string =>
  next === undefined ? path : `${path}?next=${encodeURIComponent(next)}`;
