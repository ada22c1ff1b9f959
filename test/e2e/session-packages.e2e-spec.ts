/** Third-party packages that store values in `req.session`, mounted in main.ts as their manuals say. */
import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import flash from 'connect-flash';
import { parseCookie } from 'cookie';
import { doubleCsrf } from 'csrf-csrf';
import type { NextFunction, Request, Response } from 'express';
import { LoginManagerService } from 'nestjs-login';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import passport from 'passport';
import OAuth2Strategy from 'passport-oauth2';
import type { Browser } from '../support/browser-client.js';
import { SECRET, startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

type SessionRequest = Request & { session: Request['session'] & Record<string, unknown> };

const { doubleCsrfProtection, generateCsrfToken } = doubleCsrf({
  getSecret: () => SECRET,
  getSessionIdentifier: (req) => req.sessionID,
  cookieName: 'csrf',
  cookieOptions: { secure: false },
  getCsrfTokenFromRequest: (req) => req.headers['x-csrf-token'],
});

/** Parses cookies as cookie-parser does. */
function parseCookies(req: Request, _res: Response, next: NextFunction): void {
  req.cookies = parseCookie(req.headers.cookie ?? '');
  next();
}

@Controller()
class PackagesController {
  constructor(
    private readonly login: LoginManagerService,
    private readonly users: TestUsers,
  ) {}

  @Post('flash/say')
  say(@Req() req: Request, @Res() res: Response): void {
    req.flash('info', 'saved');
    res.redirect('/flash/show');
  }

  @Get('flash/show')
  show(@Req() req: Request): object {
    return { info: req.flash('info') };
  }

  @Get('csrf/form')
  form(@Req() req: SessionRequest, @Res({ passthrough: true }) res: Response): object {
    // A token is bound to the session id, so the session has to be stored.
    req.session.form = true;
    return { token: generateCsrfToken(req, res) };
  }

  @Post('csrf/form')
  sent(): object {
    return { ok: true };
  }

  @Get('oauth/callback')
  async callback(@Req() req: SessionRequest): Promise<object> {
    const ok = await this.login.loginUser(req, this.users.table.get('ada') as object);
    return { ok, left: Object.keys(req.session).filter((key) => key.startsWith('oauth2')) };
  }

  @Post('passport/in')
  async passportIn(@Req() req: SessionRequest): Promise<object> {
    await new Promise<void>((resolve, reject) =>
      req.logIn({ id: 'bob' }, (error: unknown) => (error ? reject(error as Error) : resolve())),
    );
    return { id: req.session.id };
  }

  @Get('passport/who')
  passportWho(@Req() req: Request): object {
    return { user: req.user ?? null };
  }
}

/** Starts an OAuth 2 provider, which exchanges codes for tokens. The test plays the part of the browser. */
async function startProvider(): Promise<{ server: Server; origin: string; codes: string[] }> {
  const codes: string[] = [];
  const server = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => {
      codes.push(new URLSearchParams(body).get('code') ?? '');
      res.setHeader('content-type', 'application/json');
      res.end(JSON.stringify({ access_token: 'token', token_type: 'Bearer' }));
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { server, codes, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function mount(nest: NestExpressApplication, provider: string): void {
  const authenticator = new passport.Passport();
  const strategy = new OAuth2Strategy(
    {
      authorizationURL: `${provider}/authorize`,
      tokenURL: `${provider}/token`,
      clientID: 'client',
      clientSecret: 'secret',
      callbackURL: '/oauth/callback',
      state: true,
    },
    (_access: string, _refresh: string, _profile: object, done: OAuth2Strategy.VerifyCallback) =>
      done(null, { id: 'ada' }),
  );
  authenticator.use(strategy);
  authenticator.serializeUser((user, done) => done(null, (user as { id: string }).id));
  authenticator.deserializeUser((id, done) => done(null, { id: id as string }));

  const bySession = authenticator.authenticate('oauth2', { session: false }) as (...args: unknown[]) => void;
  nest.use(parseCookies, flash());
  nest.use('/csrf', doubleCsrfProtection);
  nest.use('/oauth', bySession);
  nest.use('/passport', authenticator.initialize(), authenticator.session());
}

let provider: Awaited<ReturnType<typeof startProvider>>;
let app: TestApp;
beforeAll(async () => {
  provider = await startProvider();
  app = await startTestApp({ controllers: [PackagesController], setup: (nest) => mount(nest, provider.origin) });
});
afterAll(async () => {
  await app.close();
  provider.server.closeAllConnections();
  await new Promise((resolve) => provider.server.close(resolve));
});

const VISITORS: [string, (browser: Browser) => Promise<unknown>][] = [
  ['a stranger', async () => undefined],
  ['an anonymous visitor with a session', (browser) => browser.get('/set?earlier=1')],
  ['a user', (browser) => browser.post('/login/ada')],
];

describe.each(VISITORS)('for %s,', (_, arrive) => {
  let browser: Browser;
  beforeEach(async () => {
    browser = app.browser();
    await arrive(browser);
  });

  it('connect-flash shows a message on the next page, once', async () => {
    expect((await browser.post('/flash/say')).status).toBe(302);
    expect((await browser.get('/flash/show')).json).toEqual({ info: ['saved'] });
    expect((await browser.get('/flash/show')).json).toEqual({ info: [] });
  });

  it('csrf-csrf accepts the token of the form, and no other', async () => {
    const { token } = (await browser.get('/csrf/form')).json as { token: string };
    const send = (by: Browser, value: string) => by.post('/csrf/form', { headers: { 'x-csrf-token': value } });

    expect((await send(browser, token)).json).toEqual({ ok: true });
    expect((await send(browser, `${token}0`)).status).toBe(403);
    const other = app.browser();
    other.jar.set('csrf', browser.jar.get('csrf') as string);
    expect((await send(other, token)).status).toBe(403);
  });

  it('csrf-csrf rejects a token from before a login, because the session id has changed', async () => {
    const { token } = (await browser.get('/csrf/form')).json as { token: string };
    await browser.post('/login/bob');
    expect((await browser.post('/csrf/form', { headers: { 'x-csrf-token': token } })).status).toBe(403);
  });

  it('passport-oauth2 finds its state after the redirects to the provider and back', async () => {
    const start = await browser.get('/oauth/start');
    const { searchParams } = new URL(start.headers.location as string);
    expect([start.status, searchParams.get('response_type')]).toEqual([302, 'code']);

    const back = `/oauth/callback?code=a-code&state=${searchParams.get('state')}`;
    expect((await app.browser().get(back)).status).toBe(403);
    expect((await browser.get(back)).json).toEqual({ ok: true, left: [] });
    expect(provider.codes.at(-1)).toBe('a-code');
    expect((await browser.get('/protected')).json).toEqual({ id: 'ada' });
  });

  it('passport-oauth2 accepts a state only once', async () => {
    const { searchParams } = new URL((await browser.get('/oauth/start')).headers.location as string);
    const back = `/oauth/callback?code=a-code&state=${searchParams.get('state')}`;
    const tab = browser.clone();
    expect((await browser.get(back)).status).toBe(200);
    expect((await tab.get(back)).status).toBe(403);
  });

  it("passport's own login keeps its user in a new session", async () => {
    const former = [...browser.jar.values()].join();
    const { id } = (await browser.post('/passport/in')).json as { id: string };
    expect(decodeURIComponent(former)).not.toContain(id);
    expect((await browser.get('/passport/who')).json).toEqual({ user: { id: 'bob' } });
  });
});
