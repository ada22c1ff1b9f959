/**
 * What each kind of request costs: calls to the store, hashes, address parses, timers, cookies. Counted, never timed.
 *
 * The first request with a cookie verifies its signature by an HMAC. Later ones find the cookie by a hash, which costs a
 * fifth of that.
 */
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Browser } from '../support/browser-client.js';
import { countWork } from '../support/counted-work.js';

const work = await countWork();
const { Controller, Get, Injectable, Post, Req, UseGuards } = await import('@nestjs/common');
const { CurrentUser, LoginRequiredGuard, memoryStorage, OnLogin, RequestLoader } = await import('nestjs-login');
const { NAVIGATION } = await import('../support/browser-client.js');
const { CountingStorage } = await import('../support/counting-storage.js');
const { startTestApp } = await import('../support/test-app.js');
type TestApp = Awaited<ReturnType<typeof startTestApp>>;
type Request = import('express').Request;

/** A browser on IPv6 behind a proxy: an IPv4 address is taken as it is, and not parsed. */
const VISITOR = { ...NAVIGATION, 'x-forwarded-for': '2001:db8::1' };
const trustProxy = (app: NestExpressApplication): unknown => app.set('trust proxy', 'loopback');

@Injectable()
class Keys {
  @RequestLoader()
  byKey(request: Request): object | null {
    return request.headers['x-key'] === 'ada' ? { id: 'ada' } : null;
  }
}

@Injectable()
class Listener {
  @OnLogin('loggedOut')
  loggedOut(): void {
    // That somebody listens is what counts.
  }
}

@Controller()
class AskingController {
  @Get('asks-often')
  @UseGuards(LoginRequiredGuard)
  async asksOften(@Req() req: Request, @CurrentUser() one: object, @CurrentUser('id') two: string): Promise<unknown> {
    return { same: (req as unknown as { user: object }).user === one, id: two };
  }

  @Get('reads-session')
  @UseGuards(LoginRequiredGuard)
  readsSession(@Req() req: Request): object {
    return { ...(req as unknown as { session: object }).session };
  }

  @Post('nothing')
  nothing(): object {
    return {};
  }
}

/** What one request costs. `trips`: calls to the store that wait for one another; others go beside them. */
interface Cost {
  readonly status: number;
  readonly calls: number;
  readonly users: number;
  readonly hmac: number;
  readonly sha256: number;
  readonly parses: number;
  readonly timers: number;
  readonly cookies: number;
}

const inner = memoryStorage();
const storage = new CountingStorage(inner);
const running: TestApp[] = [];

async function start(settings: Parameters<typeof startTestApp>[0] = {}): Promise<TestApp> {
  const providers = [Keys, ...(settings.providers ?? [])];
  const shared = { storage, controllers: [AskingController], setup: trustProxy, unheard: 'all' as const };
  const app = await startTestApp({ ...shared, ...settings, providers });
  running.push(app);
  return app;
}

/** Costs nothing but what stands in `cost`. */
const only = (status: number, cost: Partial<Cost> = {}): Cost => ({
  status,
  calls: 0,
  users: 0,
  hmac: 0,
  sha256: 0,
  parses: 0,
  timers: 0,
  cookies: 0,
  ...cost,
});

describe('the cost of', () => {
  let app: TestApp;
  let warm: Browser;
  beforeAll(async () => {
    app = await start();
    warm = app.browser(VISITOR);
    await warm.post('/login/bob');
  });
  afterAll(async () => {
    for (const each of running) await each.close();
    inner.close();
  });

  /** What one request costs an application that is at work already: its one timer runs. */
  async function cost(ask: () => Promise<{ status: number; cookies: readonly string[] }>, of = app): Promise<Cost> {
    await warm.at(of.origin).get('/protected');
    storage.reset();
    of.users.loads.length = 0;
    Object.assign(work, { hmac: 0, sha256: 0, parses: 0, timers: 0 });
    const { status, cookies } = await ask();

    const { hmac, sha256, parses, timers } = work;
    const calls = storage.reads + storage.writes;
    return { status, calls, users: of.users.loads.length, hmac, sha256, parses, timers, cookies: cookies.length };
  }

  async function loggedIn(path = '/login/ada'): Promise<Browser> {
    const browser = app.browser(VISITOR);
    await browser.post(path);
    return browser;
  }

  describe('a public route', () => {
    it('without a cookie: nothing', async () => {
      expect(await cost(() => app.browser(VISITOR).get('/public'))).toEqual(only(200));
    });

    it('that does not exist, without a cookie: nothing', async () => {
      expect(await cost(() => app.browser(VISITOR).get('/nowhere'))).toEqual(only(404));
    });

    it("with a login's cookie that is seen for the first time: one call, one HMAC, hashes of cookie and id", async () => {
      const browser = await loggedIn();
      expect(await cost(() => browser.get('/public'))).toEqual(only(200, { calls: 1, hmac: 1, sha256: 2 }));
    });

    it("with a login's cookie that was seen before: no HMAC", async () => {
      const browser = await loggedIn();
      await browser.get('/public');
      expect(await cost(() => browser.get('/public'))).toEqual(only(200, { calls: 1, sha256: 2 }));
    });

    it("with an anonymous session's cookie: one call, one HMAC the first time, hashes of cookie and id", async () => {
      const browser = app.browser(VISITOR);
      await browser.get('/set?colour=red');
      expect(await cost(() => browser.get('/public'))).toEqual(only(200, { calls: 1, hmac: 1, sha256: 2 }));
      expect(storage.count('sessions.get')).toBe(1);
      expect(await cost(() => browser.get('/public'))).toEqual(only(200, { calls: 1, sha256: 2 }));
    });

    it('with a session that is read by the handler: the same, and one address parse for session protection', async () => {
      const browser = await loggedIn();
      await browser.get('/values');
      const read = only(200, { calls: 1, sha256: 2, parses: 1 });
      expect(await cost(() => browser.get('/values'))).toEqual(read);
    });

    it("with a login's cookie, on demand: nothing", async () => {
      const lazy = await start({ login: { session: { load: 'on-demand' } } });
      const browser = await loggedIn();
      expect(await cost(() => browser.at(lazy.origin).get('/public'), lazy)).toEqual(only(200));
    });
  });

  describe('a guarded route', () => {
    const steady = { calls: 1, users: 1, hmac: 0, sha256: 2, parses: 1 };

    it('for a login: one call, hashes of cookie and id, one address parse; one HMAC the first time', async () => {
      const browser = await loggedIn();
      expect(await cost(() => browser.get('/protected'))).toEqual(only(200, { ...steady, hmac: 1 }));
      expect(await cost(() => browser.get('/protected'))).toEqual(only(200, steady));
      expect(await cost(() => browser.get('/fresh'))).toEqual(only(200, steady));
    });

    it('without session protection: no address parse', async () => {
      const open = await start({ login: { sessionProtection: false } });
      const browser = await loggedIn();
      await browser.at(open.origin).get('/protected');
      const unprotected = only(200, { ...steady, parses: 0 });
      expect(await cost(() => browser.at(open.origin).get('/protected'), open)).toEqual(unprotected);
    });

    it('on demand: the same, without the values', async () => {
      const lazy = await start({ login: { session: { load: 'on-demand' } } });
      const browser = (await loggedIn()).at(lazy.origin);
      await browser.get('/protected');
      expect(await cost(() => browser.get('/protected'), lazy)).toEqual(only(200, steady));
    });

    it('no more where guard, decorator and service all ask', async () => {
      const browser = await loggedIn();
      await browser.get('/protected');
      expect(await cost(() => browser.get('/asks-often'))).toEqual(only(200, steady));
      expect((await browser.get('/asks-often')).json).toEqual({ same: true, id: 'ada' });
    });

    it.each([
      ['no cookie', null, 0],
      ['a malformed cookie', 'session=garbage', 0],
      ['a forged cookie', `session=s%3A${'a'.repeat(38)}.${'b'.repeat(22)}.${'c'.repeat(43)}`, 1],
      ['a malformed remember cookie', 'remember=v1.garbage', 1],
      ['a forged remember cookie', `remember=v1.${'a'.repeat(38)}.${'b'.repeat(43)}.${'c'.repeat(43)}`, 1],
    ])('with %s: one HMAC and one hash at most, each time', async (_, cookie, each) => {
      const refused = only(401, { hmac: each, sha256: each });
      expect(await cost(() => app.browser(VISITOR).get('/protected', { cookie }))).toEqual(refused);
      expect(await cost(() => app.browser(VISITOR).get('/protected', { cookie }))).toEqual(refused);
    });

    it('for a user that the request loader names: nothing', async () => {
      const asked = app.browser({ ...VISITOR, 'x-key': 'ada' });
      expect(await cost(() => asked.get('/protected'))).toEqual(only(200));
    });

    it('after the throttle interval: one call more, which moves the idle end', async () => {
      const clock = { now: Date.now() };
      const own = memoryStorage({ clock: () => clock.now });
      const counted = new CountingStorage(own);
      const other = await start({ storage: counted });
      const browser = other.browser();
      await browser.post('/login/ada');
      counted.reset();
      clock.now += 59_000;
      await browser.get('/protected');
      expect(counted.writes).toBe(0);
      clock.now += 2_000;
      await browser.get('/protected');
      await browser.get('/protected');
      expect([counted.writes, counted.count('logins.touch')]).toEqual([1, 1]);
      clock.now += 61_000;
      await browser.get('/reads-session');
      expect([counted.writes, counted.count('logins.touch')]).toEqual([2, 2]);
      own.close();
    });
  });

  describe('a remembered login', () => {
    it('that is restored: two calls, three HMACs, and hashes of cookie, tokens, new id and browser', async () => {
      const browser = await loggedIn('/login/ada?remember=1');
      browser.close();
      // The presented token is judged before the user is loaded, and again when it is redeemed.
      const restored = only(200, { calls: 2, users: 1, hmac: 3, sha256: 6, parses: 1, cookies: 2 });
      expect(await cost(() => browser.get('/protected'))).toEqual(restored);
      expect(storage.count('logins.find', 'logins.replace')).toBe(2);
    });

    it('whose new token comes back: two calls, no cookie; then one call again', async () => {
      const browser = await loggedIn('/login/ada?remember=1');
      await browser.close().get('/protected');
      const received = await cost(() => browser.get('/protected'));
      expect(received).toMatchObject({ status: 200, calls: 2, users: 1, hmac: 2, cookies: 0 });
      expect(storage.count('logins.find', 'logins.replace')).toBe(2);
      expect(await cost(() => browser.get('/protected'))).toMatchObject({ calls: 1, users: 1, hmac: 0, cookies: 0 });
    });

    it('in a burst, and in the grace: one call, nothing written, no cookie', async () => {
      const browser = await loggedIn('/login/ada?remember=1');
      browser.close();
      const [burst, grace] = [browser.clone(), browser.clone()];
      const free = { status: 200, calls: 1, users: 1, hmac: 0, cookies: 0 };
      await browser.get('/protected');
      expect(await cost(() => burst.get('/protected'))).toMatchObject(free);
      await browser.get('/protected');
      expect(await cost(() => grace.get('/protected'))).toMatchObject(free);
    });
  });

  describe('a login', () => {
    it('of a stranger: one call, one HMAC, three hashes (user, session id, browser), one cookie', async () => {
      const rows = inner.logins.size;
      const made = only(201, { calls: 1, hmac: 1, sha256: 3, parses: 1, cookies: 1 });
      expect(await cost(() => app.browser(VISITOR).post('/login/ada'))).toEqual(made);
      expect(inner.logins.size - rows).toBe(1);
    });

    it('to be remembered: one HMAC, one hash and one cookie more, for the token', async () => {
      const made = only(201, { calls: 1, hmac: 2, sha256: 4, parses: 1, cookies: 2 });
      expect(await cost(() => app.browser(VISITOR).post('/login/ada?remember=1'))).toEqual(made);
    });

    it('over an anonymous session: two trips, the old session deleted beside the second, its cookie cleared', async () => {
      const browser = app.browser(VISITOR);
      await browser.get('/set?colour=red');
      const blobs = inner.sessions.size;
      const made = only(201, { calls: 3, hmac: 2, sha256: 5, parses: 1, cookies: 2 });
      expect(await cost(() => browser.post('/login/ada'))).toEqual(made);
      expect(storage.count('sessions.get', 'logins.insert', 'sessions.destroy')).toBe(3);
      expect(blobs - inner.sessions.size).toBe(1);
    });

    it('over a login: two trips, the old record deleted beside the second', async () => {
      const browser = await loggedIn();
      const rows = inner.logins.size;
      const made = only(201, { calls: 3, hmac: 2, sha256: 5, parses: 1, cookies: 1 });
      expect(await cost(() => browser.post('/login/bob'))).toEqual(made);
      expect(storage.count('logins.find', 'logins.insert', 'logins.delete')).toBe(3);
      expect(inner.logins.size).toBe(rows);
    });
  });

  describe('a logout', () => {
    it('two calls, one HMAC, hashes of cookie and id, the cookie cleared', async () => {
      const browser = await loggedIn();
      const ended = only(201, { calls: 2, hmac: 1, sha256: 2, cookies: 1 });
      expect(await cost(() => browser.post('/logout'))).toEqual(ended);
      expect(storage.count('logins.find', 'logins.delete')).toBe(2);
    });

    it('of a remembered login: one HMAC and one cleared cookie more', async () => {
      const browser = await loggedIn('/login/ada?remember=1');
      const ended = await cost(() => browser.post('/logout'));
      expect(ended).toMatchObject({ status: 201, calls: 2, hmac: 2, parses: 0, cookies: 2 });
    });

    it('that somebody listens to: one address parse more', async () => {
      const heard = await start({ providers: [Listener] });
      const browser = await loggedIn();
      const ended = only(201, { calls: 2, hmac: 1, sha256: 2, parses: 1, cookies: 1 });
      expect(await cost(() => browser.at(heard.origin).post('/logout'), heard)).toEqual(ended);
    });

    it('of a stranger: nothing', async () => {
      expect(await cost(() => app.browser(VISITOR).post('/logout'))).toEqual(only(201));
    });
  });
});
