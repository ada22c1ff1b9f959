/** nestjs-login/testing gives the tests of an application real logins, for a Cookie header or the jar of a browser. */
import type { LoginModuleOptions } from 'nestjs-login';
import { loginAs, loginCookies } from 'nestjs-login/testing';
import type { BrowserCookie } from 'nestjs-login/testing';
import { NAVIGATION } from '../support/browser-client.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp, Whoami } from '../support/test-app.js';
import type { TestUser } from '../support/users.js';

const DAY = 86_400;
/** Headers of a client that, like supertest, names no browser. */
const PLAIN = { accept: 'application/json' };

let running: TestApp | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

async function start(login: Partial<LoginModuleOptions> = {}): Promise<{ app: TestApp; ada: TestUser; eve: TestUser }> {
  running = await startTestApp({ login });
  const [ada, eve] = ['ada', 'eve'].map((id) => running?.users.table.get(id)) as [TestUser, TestUser];
  return { app: running, ada, eve };
}

async function whois(app: TestApp, cookie: string, headers: Record<string, string> = PLAIN): Promise<Whoami> {
  return (await app.browser(headers).get('/whoami', { cookie })).json;
}

const namesOf = (cookie: string): string[] =>
  cookie
    .split('; ')
    .map((pair) => pair.split('=')[0] ?? '')
    .toSorted();
const called = (name: string, cookies: readonly BrowserCookie[]): BrowserCookie =>
  cookies.find((cookie) => cookie.name === name) as BrowserCookie;
const secondsNow = (): number => Date.now() / 1000;

describe('loginAs()', () => {
  it('returns the Cookie header of a fresh login, with the session cookie alone', async () => {
    const { app, ada } = await start();
    const cookie = await loginAs(app.app, ada);
    expect(namesOf(cookie)).toEqual(['session']);
    const expected = { id: 'ada', authenticated: true, fresh: true, remembered: false };
    expect(await whois(app, cookie)).toEqual(expected);
  });

  it('returns both cookies of a remembered login, whose remember cookie alone logs in, not fresh', async () => {
    const { app, ada } = await start();
    const cookie = await loginAs(app.app, ada, { remembered: true });
    expect(namesOf(cookie)).toEqual(['remember', 'session']);
    expect(await whois(app, cookie)).toEqual({ id: 'ada', authenticated: true, fresh: true, remembered: true });
    const alone = cookie.split('; ').find((pair) => pair.startsWith('remember=')) ?? '';
    expect(await whois(app, alone)).toEqual({ id: 'ada', authenticated: true, fresh: false, remembered: true });
    expect(app.events.find(({ name }) => name === 'loggedIn')?.event).toMatchObject({ remembered: true });
  });

  it('returns a login that is not fresh if the test asks for it', async () => {
    const { app, ada } = await start();
    expect(await whois(app, await loginAs(app.app, ada, { fresh: false }))).toMatchObject({ id: 'ada', fresh: false });
  });

  it('binds the login to the named user agent, or to none', async () => {
    const { app, ada } = await start({ sessionProtection: 'strong' });
    const userAgent = NAVIGATION['user-agent'] ?? '';
    const [named, unnamed] = [await loginAs(app.app, ada, { userAgent }), await loginAs(app.app, ada)];
    expect(await whois(app, named, NAVIGATION)).toMatchObject({ id: 'ada', fresh: true });
    expect(await whois(app, unnamed, NAVIGATION)).toMatchObject({ id: null });
  });

  it('returns no cookie that the login only clears', async () => {
    const { app, ada } = await start({ remember: { path: '/area' } });
    expect(namesOf(await loginAs(app.app, ada))).toEqual(['session']);
  });

  it.each<[string, typeof loginAs | typeof loginCookies]>([
    ['loginAs', loginAs],
    ['loginCookies', loginCookies],
  ])('or loginCookies() rejects if the user is inactive or the store fails: %s', async (_name, login) => {
    const { app, ada, eve } = await start();
    await expect(login(app.app, eve)).rejects.toThrow(/inactive/);
    app.storage.logins.insert = () => Promise.reject(new Error('down'));
    await expect(login(app.app, ada)).rejects.toThrow(/cannot be checked/);
  });
});

describe('loginCookies()', () => {
  it('returns the session cookie as a cookie jar takes it, for localhost until the browser closes', async () => {
    const { app, ada } = await start();
    expect(await loginCookies(app.app, ada)).toEqual([
      {
        name: 'session',
        value: expect.stringMatching(/^s%3A[\w.-]+\.[\w%]+$/) as string,
        domain: 'localhost',
        path: '/',
        expires: -1,
        httpOnly: true,
        secure: false,
        sameSite: 'Lax',
      },
    ]);
  });

  it('returns the exact cookie values, percent signs included, so that they log in', async () => {
    const { app, ada } = await start();
    const cookies = await loginCookies(app.app, ada, { remembered: true });
    expect(cookies.map(({ name }) => name).toSorted()).toEqual(['remember', 'session']);
    // The session cookie first, because the remember cookie replaces its session.
    for (const name of ['session', 'remember']) {
      const { value } = called(name, cookies);
      expect(value).toBe(encodeURIComponent(decodeURIComponent(value)));
      expect(await whois(app, `${name}=${value}`)).toMatchObject({ id: 'ada', authenticated: true });
    }
  });

  it('returns the end of the remember cookie in seconds', async () => {
    const { app, ada } = await start();
    const { expires } = called('remember', await loginCookies(app.app, ada, { remembered: true }));
    const days = (expires - secondsNow()) / DAY;
    expect(Number.isInteger(expires)).toBe(true);
    expect(days).toBeGreaterThan(29.99);
    expect(days).toBeLessThanOrEqual(30);
  });

  it('returns the end of a persistent session cookie in seconds', async () => {
    const { app, ada } = await start({ session: { cookie: { persistent: true } }, login: { absolute: '7d' } });
    const { expires } = called('session', await loginCookies(app.app, ada));
    const days = (expires - secondsNow()) / DAY;
    expect(days).toBeGreaterThan(6.99);
    expect(days).toBeLessThanOrEqual(7);
  });

  it('takes the host from its option, and path and attributes from the application', async () => {
    const cookie = { path: '/area', httpOnly: false, sameSite: 'strict' } as const;
    const { app, ada } = await start({ session: { cookie } });
    const cookies = await loginCookies(app.app, ada, { remembered: true, host: '127.0.0.1' });
    const expected = { domain: '127.0.0.1', path: '/area', httpOnly: false, secure: false, sameSite: 'Strict' };
    expect(cookies).toEqual([expect.objectContaining(expected), expect.objectContaining(expected)]);
  });

  it('takes the configured domain of the cookie with its subdomains, whatever the host', async () => {
    const { app, ada } = await start({ session: { cookie: { domain: 'app.example' } } });
    const cookies = await loginCookies(app.app, ada, { remembered: true, host: 'other.example' });
    expect(cookies.map(({ domain }) => domain)).toEqual(['.app.example', '.app.example']);
  });

  it('returns no cookie that the login only clears', async () => {
    const { app, ada } = await start({ remember: { path: '/area' } });
    expect((await loginCookies(app.app, ada)).map(({ name }) => name)).toEqual(['session']);
  });
});
