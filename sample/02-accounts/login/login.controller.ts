/** Registration, login, code, logout, and re-authentication. */
import { Body, Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { CurrentUser, LoginManagerService, LoginRequired, LoginRequiredException } from 'nestjs-login';
import type { Account } from '../accounts/account.js';
import { CodeForm, complaints, ConfirmForm, LoginForm, RegisterForm } from '../forms.js';
import { Pages } from '../pages/pages.js';
import { Credentials } from './credentials.js';
import { PendingLogins } from './pending-login.js';

/** One sentence for every reason, so that it tells none. */
const WRONG = { form: 'Wrong address or password, or the account is disabled.' };

@Controller()
export class LoginController {
  constructor(
    private readonly login: LoginManagerService,
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
    if (!form.success) return this.pages.showAgain(req, res, 'register', complaints(form.error));
    const account = await this.credentials.register(req, form.data.email, form.data.password);
    if (!account || !(await this.login.loginUser(req, account)))
      return this.pages.showAgain(req, res, 'register', { email: 'This address has an account already.' });
    await this.pages.goOn(req, res, '/dashboard', 'Welcome. Your account is ready.');
  }

  /** The team area's login page is the same form under another address. */
  @Get(['login', 'team/login'])
  async loginForm(@Req() req: Request, @Res() res: Response) {
    const next = this.login.nextUrl(req);
    if (await this.login.isAuthenticated(req)) return res.redirect(302, next ?? '/dashboard');
    await this.pages.show(req, res, 'login', { next });
  }

  @Post(['login', 'team/login'])
  async logIn(@Req() req: Request, @Res() res: Response, @Body() body: unknown) {
    const next = this.login.nextUrl(req);
    const form = LoginForm.safeParse(body);
    if (!form.success) return this.pages.showAgain(req, res, 'login', complaints(form.error), { next });
    const { email, password, remember } = form.data;
    const account = await this.credentials.tryPassword(req, email, password);
    if (account?.hasSecondFactor) {
      await this.pending.begin(req, account, { remember, next });
      return this.pages.goOn(req, res, '/login/code');
    }
    if (!account || !(await this.login.loginUser(req, account, { remember })))
      return this.pages.showAgain(req, res, 'login', WRONG, { next }, 401);
    await this.pages.goOn(req, res, next ?? '/dashboard');
  }

  @Get('login/code')
  async codeForm(@Req() req: Request, @Res() res: Response) {
    if (!(await this.pending.find(req))) return this.#startAgain(req, res);
    await this.pages.show(req, res, 'code');
  }

  @Post('login/code')
  async giveCode(@Req() req: Request, @Res() res: Response, @Body() body: unknown) {
    const step = await this.pending.find(req);
    if (!step) return this.#startAgain(req, res);
    const form = CodeForm.safeParse(body);
    if (!form.success) return this.pages.showAgain(req, res, 'code', complaints(form.error));
    const { account, remember, next } = step;
    if (!(await this.credentials.tryCode(req, account, form.data.code)))
      return this.pages.showAgain(req, res, 'code', { code: 'Wrong code, or one that was used.' }, {}, 401);
    if (!(await this.login.loginUser(req, account, { remember }))) return this.#startAgain(req, res);
    await this.pages.goOn(req, res, next ?? '/dashboard');
  }

  @Post('logout')
  async logOut(@Req() req: Request, @Res() res: Response) {
    const wasIn = await this.login.isAuthenticated(req);
    await this.login.logoutUser(req);
    // No message for a stranger: it would be kept in a session, and cost a row for each request of a bot.
    if (wasIn) await this.pages.goOn(req, res, '/login', 'You are logged out.');
    else res.redirect(303, '/login');
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
    if (!form.success) return this.pages.showAgain(req, res, 'reauthenticate', complaints(form.error), { next });
    const { password, code = '' } = form.data;
    // Checks the password of the logged-in user, and ignores any address in the form.
    const proved = await this.credentials.tryPassword(req, account.email, password);
    if (!proved || (proved.hasSecondFactor && !(await this.credentials.tryCode(req, proved, code)))) {
      const wrong = account.hasSecondFactor ? 'Wrong password or code. Each code counts once.' : 'Wrong password.';
      return this.pages.showAgain(req, res, 'reauthenticate', { form: wrong }, { next }, 401);
    }
    if (!(await this.login.confirmLogin(req, proved))) throw new LoginRequiredException();
    await this.pages.goOn(req, res, next ?? '/security');
  }

  async #startAgain(req: Request, res: Response) {
    if (await this.login.isAuthenticated(req)) return res.redirect(303, '/dashboard');
    // A visitor without a pending login gets no message, because it would cost a row, as at the logout.
    if (!req.session.pendingLogin) return res.redirect(303, '/login');
    delete req.session.pendingLogin;
    await this.pages.goOn(
      req,
      res,
      '/login',
      'The step between password and code is over. Please log in again.',
      'info',
    );
  }
}
