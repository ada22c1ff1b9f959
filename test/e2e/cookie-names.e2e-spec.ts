/** Our four cookies have four names. No answer clears a cookie that the request did not bring. */
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { LoginFault, LoginModuleOptions } from 'nestjs-login';
import { Browser, NAVIGATION } from '../support/browser-client.js';
import { clearedNames, setNames } from '../support/set-cookie.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

const running: TestApp[] = [];
afterEach(async () => {
  for (const app of running.splice(0)) await app.close();
});

async function start(login: Partial<LoginModuleOptions>): Promise<TestApp> {
  const trustLoopback = (nest: NestExpressApplication): unknown => nest.set('trust proxy', 'loopback');
  const app = await startTestApp({ login, setup: trustLoopback });
  running.push(app);
  return app;
}

/** Returns the names of the cookies of a visitor and of the login that follows. */
async function namesIn(login: Partial<LoginModuleOptions>): Promise<unknown> {
  const app = await start(login);
  const browser = new Browser(app.origin, { ...NAVIGATION, 'x-forwarded-proto': 'https' });
  const visitor = setNames(await browser.get('/set?colour=red'));
  return [visitor, setNames(await browser.post('/login/ada'))];
}

describe('the cookies of a visitor and of a login', () => {
  const production = { production: true };

  it.each<[string, Partial<LoginModuleOptions>, string, string]>([
    ['in development', {}, 'session-anonymous', 'session'],
    ['in production', production, '__Host-session-anonymous', '__Host-session'],
    [
      'with a domain',
      { ...production, session: { cookie: { domain: 'app.example' } } },
      '__Secure-session-anonymous',
      '__Secure-session',
    ],
    [
      'with a path',
      { ...production, session: { cookie: { path: '/app' } } },
      '__Secure-session-anonymous',
      '__Secure-session',
    ],
    ['with session.name', { session: { name: 'sid' } }, 'sid-anonymous', 'sid'],
    ['with session.anonymousName', { session: { anonymousName: 'visitor' } }, 'visitor', 'session'],
    ['with both names', { session: { name: 'sid', anonymousName: 'visitor' } }, 'visitor', 'sid'],
    ['with the longest name', { session: { name: 's'.repeat(64) } }, `${'s'.repeat(64)}-anonymous`, 's'.repeat(64)],
  ])('are named by the options: %s', async (_case, login, visitor, user) => {
    expect(await namesIn(login)).toEqual([[visitor], [user]]);
  });

  it('keep what a visitor has written, under a name of the application', async () => {
    const app = await start({ session: { anonymousName: 'visitor', keepOnLogin: ['colour'] } });
    const browser = app.browser();
    await browser.get('/set?colour=red');
    expect((await browser.get('/values')).json).toEqual({ colour: 'red' });
    expect(clearedNames(await browser.post('/login/ada'))).toEqual(['visitor']);
    expect((await browser.get('/values')).json).toEqual({ colour: 'red' });
  });

  it.each<[string, Partial<LoginModuleOptions>]>([
    ['the login', { session: { name: 'same', anonymousName: 'same' } }],
    ['the login, by its default', { session: { anonymousName: 'session' } }],
    ['the remember cookie', { session: { anonymousName: 'remember' } }],
    ['the remember cookie, by its name', { remember: { cookieName: 'session-anonymous' } }],
    ['the notice cookie', { session: { anonymousName: 'login-notice' } }],
  ])('are refused at the start where a visitor has the name of %s', async (_case, login) => {
    const fault = await start(login).catch((error: LoginFault) => error);
    expect((fault as LoginFault).code).toBe('ERR_LOGIN_COOKIE');
    expect((fault as LoginFault).message).toContain('session.anonymousName');
  });

  it.each<[string, Partial<LoginModuleOptions>]>([
    ['a name that is none', { session: { anonymousName: 'a b' } }],
    ['an empty name', { session: { anonymousName: '' } }],
    ['a __Host- name under a path', { session: { anonymousName: '__Host-v', cookie: { path: '/app', secure: true } } }],
    ['a __Secure- name without Secure', { session: { anonymousName: '__Secure-v' } }],
  ])('are refused at the start with %s', async (_case, login) => {
    const fault = await start(login).catch((error: LoginFault) => error);
    expect((fault as LoginFault).code).toMatch(/^ERR_LOGIN_(COOKIE|INVALID_OPTION)$/);
  });
});

describe('a logout clears the cookies that the request brought, and no other', () => {
  const NAMES = ['login-notice', 'remember', 'session', 'session-anonymous'];
  const SUBSETS = Array.from({ length: 16 }, (_, bits) => NAMES.filter((_name, at) => bits & (1 << at)));

  /** Returns one genuine cookie of each name. The remember cookie belongs to another login. */
  async function genuine(app: TestApp): Promise<Map<string, string>> {
    const [ada, bob, stranger] = [app.browser(), app.browser(), app.browser()];
    await ada.post('/login/ada');
    await bob.post('/login/bob?remember=1');
    await stranger.get('/set?colour=red');
    await stranger.get('/protected');
    const jars = [ada, bob, stranger].flatMap(({ jar }) => [...jar]);
    return new Map(jars.toReversed());
  }

  it.each(SUBSETS.map((names) => [names.join(', ') || 'none', names] as const))('%s', async (_case, names) => {
    const app = await start({ loginView: '/login' });
    const cookies = await genuine(app);
    expect([...cookies.keys()].toSorted((one, other) => one.localeCompare(other))).toEqual(NAMES);
    const cookie = names.map((name) => `${name}=${cookies.get(name)}`).join('; ') || null;
    const answer = await app.browser().post('/logout', { cookie });
    expect([setNames(answer), clearedNames(answer)]).toEqual([[], names]);
  });

  it('but the remember cookie of a remembered login goes as well, because the logout is to be final', async () => {
    const app = await start({});
    const browser = app.browser();
    await browser.post('/login/ada?remember=1');
    const cookie = `session=${browser.jar.get('session')}`;
    expect(clearedNames(await browser.post('/logout', { cookie }))).toEqual(['remember', 'session']);
  });
});

describe('what clears nothing without having got it', () => {
  it.each([
    ['a login', 'POST', '/login/ada', ['session']],
    ['a refused login', 'POST', '/login/eve', []],
    ['a confirmation', 'POST', '/confirm', []],
    ['a page that asks who it is', 'GET', '/whoami', []],
    ['a refused page', 'GET', '/protected', ['login-notice']],
    ['messages that are read', 'GET', '/flashes', []],
    ['a value that is written', 'GET', '/set?colour=red', ['session-anonymous']],
  ])('%s', async (_case, method, path, set) => {
    const app = await start({ loginView: '/login' });
    const answer = await app.browser().request(method, path);
    expect([setNames(answer), clearedNames(answer)]).toEqual([set, []]);
  });
});
