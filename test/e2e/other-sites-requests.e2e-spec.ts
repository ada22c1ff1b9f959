/** A request of another site carries no login cookie. Its response neither replaces nor clears that cookie. */
import { Controller, Get, Post, Req, Res, Session, UseGuards } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request, Response } from 'express';
import { LoginManagerService, LoginRequiredGuard } from 'nestjs-login';
import type { LoginModuleOptions } from 'nestjs-login';
import { Browser, form, NAVIGATION } from '../support/browser-client.js';
import type { Answer } from '../support/browser-client.js';
import { clearedNames, setNames } from '../support/set-cookie.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

type Values = Record<string, unknown> & { regenerate(done: (error?: unknown) => void): void };

@Controller('shop')
class ShopController {
  constructor(
    private readonly login: LoginManagerService,
    private readonly users: TestUsers,
  ) {}

  @Post('cart')
  fill(@Session() session: Values): object {
    session.cart = ['book'];
    return {};
  }

  @Get('landing')
  land(@Session() session: Values): object {
    session.campaign = 'spring';
    return {};
  }

  @Post('regenerate')
  async regenerate(@Session() session: Values, @Req() req: Request): Promise<object> {
    await new Promise<void>((resolve, reject) =>
      session.regenerate((error) => (error ? reject(error as Error) : resolve())),
    );
    (req as unknown as { session: Values }).session.step = 1;
    return {};
  }

  /** Checks a password of the attacker, and waits for the code. */
  @Post('two-step')
  askForCode(@Session() session: Values, @Res() res: Response): void {
    session.waitingFor = 'eve';
    res.redirect(303, '/code');
  }

  /** The identity provider sends the browser back with a failed login. */
  @Post('saml-failed')
  saml(@Session() session: Values, @Res() res: Response): void {
    session.message = 'Please try again.';
    res.redirect(303, '/login');
  }

  @Post('saml')
  async samlLogin(@Req() req: Request): Promise<object> {
    return { ok: await this.login.loginUser(req, this.users.table.get('ada') as object, { crossSite: true }) };
  }

  @Post('logout-and-read')
  async outAndRead(@Req() req: Request): Promise<object> {
    await this.login.logoutUser(req);
    return { messages: this.login.flashes(req) };
  }

  @Get('look')
  async look(@Session() session: Values, @Req() req: Request): Promise<object> {
    return { cart: session.cart ?? null, user: await this.login.currentUser(req) };
  }

  @Post('buy')
  @UseGuards(LoginRequiredGuard)
  buy(): object {
    return {};
  }
}

type Cookie = NonNullable<LoginModuleOptions['session']>['cookie'];

const COOKIES: [string, Cookie][] = [
  ['lax', { sameSite: 'lax' }],
  ['strict', { sameSite: 'strict' }],
  ['none', { sameSite: 'none', secure: true }],
];

/** Requests that a page of another site can cause, and the cookies that the responses set. */
const REQUESTS: [string, string, string[]][] = [
  ['POST', '/shop/cart', ['session-anonymous']],
  ['GET', '/shop/landing', ['session-anonymous']],
  ['POST', '/shop/regenerate', ['session-anonymous']],
  ['POST', '/shop/two-step', ['session-anonymous']],
  ['POST', '/shop/saml-failed', ['session-anonymous']],
  ['POST', '/logout', []],
  ['POST', '/shop/logout-and-read', []],
  ['POST', '/confirm', []],
  ['GET', '/shop/look', []],
  ['POST', '/shop/buy', ['login-notice']],
  ['POST', '/login/ada', []],
];

const FROM_ELSEWHERE = { 'sec-fetch-site': 'cross-site', origin: 'https://elsewhere.example' };
/** A browser behind a proxy on this machine that ends TLS. */
const OVER_TLS = { ...NAVIGATION, 'x-forwarded-proto': 'https' };

describe.each(COOKIES)('with SameSite=%s, a request of another site without the cookies of a user', (_, cookie) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({
      controllers: [ShopController],
      login: { loginView: '/login', session: { name: 'session', cookie }, remember: { cookieName: 'remember' } },
      setup: (nest: NestExpressApplication) => nest.set('trust proxy', 'loopback'),
    });
  });
  afterAll(() => app.close());
  afterEach(() => app.login.logoutEverywhere('ada'));

  /** Ada's browser. Her cookies stay in its jar until a response replaces or clears them. */
  async function loggedIn({ remember }: { readonly remember: boolean }): Promise<Browser> {
    const browser = new Browser(app.origin, OVER_TLS);
    await browser.post(`/login/ada?remember=${remember ? 1 : 0}`);
    return browser;
  }

  const fromElsewhere = (browser: Browser, method: string, path: string): Promise<Answer> =>
    browser.request(method, path, {
      cookie: null,
      headers: FROM_ELSEWHERE,
      ...(method === 'POST' && form({ sent: 'by another site' })),
    });

  async function statusOf(browser: Browser): Promise<unknown> {
    const { fresh } = (await browser.get('/whoami')).json as { fresh: boolean };
    return { page: (await browser.get('/protected')).status, fresh };
  }

  describe.each([
    ['logged in', false],
    ['remembered', true],
  ])('who is %s', (_how, remember) => {
    it.each(REQUESTS)('leaves the user logged in and fresh: %s %s', async (method, path, cookies) => {
      const browser = await loggedIn({ remember });
      const hers = new Map(browser.jar);
      const answer = await fromElsewhere(browser, method, path);
      const names = setNames(answer).map((name) => name.replace('__Host-', ''));
      expect([names, clearedNames(answer)]).toEqual([cookies, []]);
      for (const [name, value] of hers) expect([name, browser.jar.get(name)]).toEqual([name, value]);
      expect(await statusOf(browser)).toEqual({ page: 200, fresh: true });
      expect(app.storage.logins.size).toBe(1);
    });
  });

  it('adds no session value that the user sees while logged in', async () => {
    const browser = await loggedIn({ remember: false });
    await fromElsewhere(browser, 'POST', '/shop/cart');
    expect(browser.jar.has('session-anonymous')).toBe(true);
    expect((await browser.get('/values')).json).toEqual({});
    expect((await browser.get('/shop/look')).json).toMatchObject({ cart: null, user: { id: 'ada' } });
  });

  it('logs the user in if an identity provider sends it, and sets a new session cookie', async () => {
    const browser = new Browser(app.origin, OVER_TLS);
    const answer = await fromElsewhere(browser, 'POST', '/shop/saml');
    expect([answer.json, setNames(answer), clearedNames(answer)]).toEqual([{ ok: true }, ['session'], []]);
    expect(await statusOf(browser)).toEqual({ page: 200, fresh: true });
  });

  it('logs the user in again if an identity provider sends it, and leaves the former login as it is', async () => {
    const browser = await loggedIn({ remember: false });
    const former = browser.clone();
    expect(setNames(await fromElsewhere(browser, 'POST', '/shop/saml'))).toEqual(['session']);
    expect(browser.jar.get('session')).not.toBe(former.jar.get('session'));
    expect(await statusOf(browser)).toEqual({ page: 200, fresh: true });
    // No cookie of the request named the former login, so it ends by its own limits, or here.
    expect(app.storage.logins.size).toBe(2);
    for (const each of [browser, former]) await each.post('/logout');
    expect(app.storage.logins.size).toBe(0);
  });

  it('is no logout: only a logout with the cookies of the user clears them', async () => {
    const browser = await loggedIn({ remember: true });
    const answer = await browser.post('/logout');
    expect([setNames(answer), clearedNames(answer)]).toEqual([[], ['remember', 'session']]);
    expect((await browser.get('/protected')).headers.location).toContain('/login');
  });
});
