/** Each of our Set-Cookie lines carries the attributes of the options, in every kind of request. */
import { Controller, Get, Post, Req } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { CookieOptions, Request } from 'express';
import type { SessionData } from 'express-session';
import { LoginManagerService } from 'nestjs-login';
import type { LoginModuleOptions } from 'nestjs-login';
import { Browser, NAVIGATION } from '../support/browser-client.js';
import type { Answer } from '../support/browser-client.js';
import { parseSetCookie } from '../support/set-cookie.js';
import type { SetCookie } from '../support/set-cookie.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

interface Session extends Record<string, unknown> {
  cookie: SessionData['cookie'];
  regenerate(done: (error?: unknown) => void): void;
  reload(done: (error?: unknown) => void): void;
  save(done: (error?: unknown) => void): void;
}

const DAY = 86_400_000;
const held = (req: Request): Session => (req as unknown as { session: Session }).session;

const called = (start: (done: (error?: unknown) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => start((error) => (error ? reject(error as Error) : resolve())));

/** Changes that an application may make to `req.session.cookie`. */
const CHANGES: Record<string, (cookie: SessionData['cookie']) => void> = {
  maxAge: (cookie) => (cookie.maxAge = 30 * DAY),
  'maxAge of no number': (cookie) => (cookie.maxAge = Number.NaN),
  expires: (cookie) => (cookie.expires = new Date(Date.now() + DAY)),
  'an end in the past': (cookie) => (cookie.expires = new Date(0)),
  'no attributes': (cookie) => Object.assign(cookie, { secure: false, httpOnly: false, sameSite: false, path: '/x' }),
  'a domain': (cookie) => (cookie.domain = 'evil.example'),
  'a domain that is none': (cookie) => (cookie.domain = 'bad domain;'),
};

@Controller('attributes')
class AttributesController {
  constructor(
    private readonly login: LoginManagerService,
    private readonly users: TestUsers,
  ) {}

  @Post('login-then-reload')
  async loginThenReload(@Req() req: Request): Promise<object> {
    await this.login.loginUser(req, this.users.table.get('ada') as object, { remember: true });
    await called((done) => held(req).reload(done));
    held(req).touched = true;
    return {};
  }

  @Post('confirm-then-reload')
  async confirmThenReload(@Req() req: Request): Promise<object> {
    await this.login.confirmLogin(req);
    await called((done) => held(req).reload(done));
    return {};
  }

  @Post('ask-then-reload')
  async askThenReload(@Req() req: Request): Promise<object> {
    await this.login.currentUser(req);
    await called((done) => held(req).reload(done));
    return {};
  }

  @Post('regenerate')
  async regenerate(@Req() req: Request): Promise<object> {
    await called((done) => held(req).regenerate(done));
    held(req).colour = 'green';
    return {};
  }

  /** Writes a value, and makes the change of the query to the cookie of the session. */
  @Post('change')
  change(@Req() req: Request): object {
    held(req).colour = 'blue';
    CHANGES[req.query.cookie as string]?.(held(req).cookie);
    return {};
  }

  @Post('replace')
  async replace(@Req() req: Request): Promise<object> {
    held(req).colour = 'black';
    held(req).cookie = { maxAge: 5, path: '/y' } as CookieOptions as SessionData['cookie'];
    await called((done) => held(req).save(done));
    return {};
  }

  @Post('change-then-login')
  async changeThenLogin(@Req() req: Request): Promise<object> {
    for (const change of Object.values(CHANGES)) change(held(req).cookie);
    return { ok: await this.login.loginUser(req, this.users.table.get('ada') as object) };
  }

  @Get('seen')
  seen(@Req() req: Request): object {
    const { cookie } = held(req);
    return { path: cookie.path, secure: cookie.secure, sameSite: cookie.sameSite, httpOnly: cookie.httpOnly };
  }
}

type Attributes = SetCookie['attributes'];

interface Expected {
  readonly session: Attributes;
  readonly remember: Attributes;
  readonly notice: Attributes;
}

const LAX: Attributes = { path: '/', secure: true, httponly: true, samesite: 'Lax' };
const STRICT: Attributes = { ...LAX, samesite: 'Strict', path: '/', domain: 'shop.example' };
const NONE: Attributes = { ...LAX, samesite: 'None' };

const OPTIONS: [string, Partial<LoginModuleOptions>, Expected][] = [
  ['by default', {}, { session: LAX, remember: LAX, notice: LAX }],
  [
    'with a domain, SameSite=Strict and names of its own',
    {
      session: { name: 'sid', cookie: { sameSite: 'strict', domain: 'shop.example' } },
      remember: { cookieName: 'keep' },
    },
    { session: STRICT, remember: STRICT, notice: { ...LAX, samesite: 'Strict' } },
  ],
  [
    'with SameSite=None, and a stricter remember cookie under a path of its own',
    { session: { cookie: { sameSite: 'none' } }, remember: { sameSite: 'lax', path: '/protected' } },
    { session: NONE, remember: { ...LAX, path: '/protected' }, notice: NONE },
  ],
];

/** Returns the kind of a cookie, by its name in these tests. */
function kindOf(name: string): keyof Expected {
  if (/remember|keep/.test(name)) return 'remember';
  return name.includes('notice') ? 'notice' : 'session';
}

describe.each(OPTIONS)('in production, %s, the cookies', (_case, login, expected) => {
  let app: TestApp;
  afterEach(() => app.close());

  async function start(more: Partial<LoginModuleOptions> = {}): Promise<Browser> {
    const session = { ...login.session, ...more.session };
    app = await startTestApp({
      controllers: [AttributesController],
      login: { production: true, loginView: '/login', ...login, ...more, session },
      setup: (nest: NestExpressApplication) => nest.set('trust proxy', 'loopback'),
    });
    return new Browser(app.origin, { ...NAVIGATION, 'x-forwarded-proto': 'https' });
  }

  /** Returns the cookies of an answer, after a look at all their attributes but the time. */
  function checked({ cookies }: Answer): SetCookie[] {
    return cookies.map((line) => {
      const cookie = parseSetCookie(line);
      const { 'max-age': maxAge, expires, ...attributes } = cookie.attributes;
      expect([cookie.name, attributes]).toEqual([cookie.name, expected[kindOf(cookie.name)]]);
      expect([cookie.name, maxAge === undefined]).toEqual([cookie.name, expires === undefined]);
      if (cookie.isCleared) expect([cookie.name, cookie.value, maxAge]).toEqual([cookie.name, '', '0']);
      return cookie;
    });
  }

  /** Returns the short names of the cookies in an answer, with a minus before those that it clears. */
  const shown = (answer: Answer): string[] =>
    checked(answer).map(({ name, isCleared }) => (isCleared ? '-' : '') + name.replace(/^__(Host|Secure)-/, ''));

  const sid = login.session?.name ?? 'session';
  const remember = login.remember?.cookieName ?? 'remember';
  const isUnseen = login.remember?.path !== undefined;

  it('have the attributes of the options at login, confirmation and logout', async () => {
    const browser = await start();
    expect(shown(await browser.get('/set?colour=red'))).toEqual([`${sid}-anonymous`]);
    expect(shown(await browser.get('/protected'))).toEqual(['login-notice']);
    expect(shown(await browser.post('/login/ada?remember=1'))).toContain(remember);
    expect(shown(await browser.post('/confirm'))).toContain(sid);
    expect(shown(await browser.post('/login/bob'))).toContain(sid);
    expect(shown(await browser.post('/login/bob?remember=1'))).toEqual([sid, remember]);
    expect(shown(await browser.post('/logout'))).toEqual([`-${sid}`, `-${remember}`]);
  });

  it('have them at a restore, and where a token is refused', async () => {
    const browser = await start();
    await browser.post('/login/ada?remember=1');
    for (const name of browser.jar.keys()) if (kindOf(name) === 'session') browser.jar.delete(name);
    const stale = browser.clone();
    expect(shown(await browser.get('/protected'))).toEqual([sid, remember]);
    app.clock.now += 3 * 60_000;
    await browser.get('/protected');
    app.clock.now += 3 * 60_000;
    expect(shown(await stale.get('/protected'))).toContain(`-${remember}`);
  });

  it('have them where the token is sent again with each request', async () => {
    const browser = await start({ remember: { ...login.remember, refreshEachRequest: true } });
    await browser.post('/login/ada?remember=1');
    expect(shown(await browser.get('/protected'))).toEqual([remember]);
  });

  it('have them where strong protection ends the login', async () => {
    const browser = await start({ sessionProtection: 'strong' });
    await browser.post('/login/ada?remember=1');
    const thief = browser.clone({ ...browser.headers, 'user-agent': 'thief' });
    expect(shown(await thief.get('/whoami'))).toEqual([`-${sid}`, `-${remember}`]);
  });

  it.each(['login-then-reload', 'confirm-then-reload', 'ask-then-reload'])('have them after %s', async (route) => {
    const browser = await start();
    await browser.post('/login/ada?remember=1');
    const answer = await browser.post(`/attributes/${route}`);
    expect(answer.status).toBe(201);
    const changed = { 'login-then-reload': [sid, remember], 'confirm-then-reload': [sid], 'ask-then-reload': [] };
    expect(shown(answer)).toEqual(changed[route as keyof typeof changed]);
    expect((await browser.get('/protected')).status).toBe(200);
  });

  it('have them after regenerate(), for a visitor and for a login', async () => {
    const browser = await start();
    expect(shown(await browser.post('/attributes/regenerate'))).toEqual([`${sid}-anonymous`]);
    await browser.post('/login/ada');
    expect(shown(await browser.post('/attributes/regenerate'))).toEqual([`-${sid}`, `${sid}-anonymous`]);
  });

  it.each(Object.keys(CHANGES))('do not change where the application puts %s into req.session.cookie', async (name) => {
    const browser = await start();
    const query = `cookie=${encodeURIComponent(name)}`;
    expect(shown(await browser.post(`/attributes/change?${query}`))).toEqual([`${sid}-anonymous`]);
    expect(shown(await browser.post(`/attributes/change?${query}`))).toEqual([]);
    await browser.post('/login/ada');
    expect((await browser.post(`/attributes/change?${query}`)).cookies).toEqual([]);
    expect((await browser.get('/values')).json).toEqual({ colour: 'blue' });
    expect(shown(await browser.post('/attributes/replace'))).toEqual([]);
  });

  it('do not change where the application has put everything into req.session.cookie before a login', async () => {
    const browser = await start();
    const answer = await browser.post('/attributes/change-then-login');
    expect(shown(answer)).toEqual(isUnseen ? [sid, `-${remember}`] : [sid]);
    expect(checked(answer)[0]?.attributes.expires).toBeUndefined();
  });

  it('are shown to the application with the attributes that they have', async () => {
    const browser = await start();
    await browser.post('/login/ada');
    const { path, samesite } = expected.session;
    const sameSite = String(samesite).toLowerCase();
    expect((await browser.get('/attributes/seen')).json).toEqual({ path, secure: true, sameSite, httpOnly: true });
  });

  it('have an end where they are persistent, at login and at a confirmation, and none for a visitor', async () => {
    const browser = await start({ session: { cookie: { ...login.session?.cookie, persistent: true } } });
    const lifetimes = (answer: Answer): unknown[] =>
      checked(answer).map(({ attributes: { 'max-age': maxAge, expires } }) => {
        const left = (Date.parse(String(expires)) - Date.now()) / 1000;
        return maxAge === undefined ? null : [Number(maxAge), Math.abs(left - Number(maxAge)) < 30];
      });
    expect(lifetimes(await browser.post('/attributes/change'))).toEqual([null]);
    const [month, short] = [
      [30 * 86_400, true],
      [20 * 86_400, true],
    ];
    const logIn = '/login/ada?remember=1&duration=20d';
    const first = lifetimes(await browser.post(logIn));
    expect([first[0], first.at(-1)]).toEqual([month, short]);
    expect(lifetimes(await browser.post(logIn))).toEqual([month, short]);
    app.clock.now += DAY / 2;
    expect(lifetimes(await browser.post('/confirm'))[0]).toEqual(month);
  });
});
