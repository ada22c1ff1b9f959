/** Remembered logins as a browser sees them: the cookie, what it restores, how long, and what ends it. */
import { createHash } from 'node:crypto';
import { Controller, Get, Post, Req, Res, Session as SessionOf } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Session } from 'express-session';
import { CurrentUser, LoginManagerService, memoryStorage } from 'nestjs-login';
import type { LoginModuleOptions, LoginRecord } from 'nestjs-login';
import type { Answer, Browser } from '../support/browser-client.js';
import { NAVIGATION } from '../support/browser-client.js';
import { gates, SlowController } from '../support/slow-writer.js';
import { CountingStorage, fails, hangs } from '../support/counting-storage.js';
import { SECRET, startTestApp } from '../support/test-app.js';
import type { TestApp, Whoami } from '../support/test-app.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A minute and a second: longer than a token that is being replaced is accepted. */
const GRACE_OVER = MINUTE + SECOND;

/** Routes that ask late, write early, or ask who is there in a session that they use. */
@Controller()
class CornersController {
  constructor(private readonly login: LoginManagerService) {}

  @Get('asks-after-the-headers')
  async late(@Req() req: Request & { user?: { id: string } }, @Res() res: Response): Promise<void> {
    res.flushHeaders();
    const user = await this.whoIs(req);
    res.end(user ?? 'nobody');
  }

  @Get('asks-and-writes')
  async asksAndWrites(@Req() req: Request & { session: object }): Promise<{ isTheSame: boolean }> {
    const before = req.session;
    Object.assign(req.session, { before: true });
    await this.whoIs(req);
    Object.assign(req.session, { after: true });
    return { isTheSame: before === req.session };
  }

  @Get('takes-half-a-second')
  async slow(@CurrentUser('id') id: string): Promise<{ id: string }> {
    await new Promise((resolve) => setTimeout(resolve, 500));
    return { id };
  }

  @Post('logs-in-and-asks')
  async logsInAndAsks(@Req() req: Request): Promise<{ id: string | undefined }> {
    const [, user] = await Promise.all([this.login.loginUser(req, { id: 'bob' }), this.login.currentUser(req)]);
    return { id: (user as { id: string } | null)?.id };
  }

  @Get('saves-what-it-held')
  async savesWhatItHeld(@Req() req: Request & { session: Session }): Promise<{ ok: boolean }> {
    const held = req.session;
    await this.whoIs(req);
    Object.assign(held, { secret: 'of ada' });
    await new Promise((resolve) => held.save(resolve));
    return { ok: true };
  }

  @Get('reloads')
  async reloads(@CurrentUser() _user: object, @Req() req: Request & { session: Session }): Promise<{ error: string }> {
    const error = await new Promise<Error>((resolve) => req.session.reload(resolve as never));
    return { error: error?.message };
  }

  @Get('writes')
  async writes(@CurrentUser('id') id: string, @SessionOf() session: Record<string, unknown>): Promise<{ id: string }> {
    session.mine = true;
    return { id };
  }

  whoIs: (req: Request) => Promise<string | undefined> = () => Promise.resolve(undefined);
}

describe('a remembered login', () => {
  const running: TestApp[] = [];
  afterEach(async () => {
    for (const app of running.splice(0)) await app.close();
  });

  async function start(login: Partial<LoginModuleOptions> = {}) {
    const clock = { now: 1_900_000_000_000 };
    const memory = memoryStorage({ clock: () => clock.now });
    memory.close();
    const storage = new CountingStorage(memory);
    const app = await startTestApp({ storage, login, controllers: [CornersController, SlowController] });
    running.push(app);
    app.app.get(CornersController).whoIs = async (req) =>
      ((await app.login.currentUser(req)) as { id: string } | null)?.id;
    return { app, clock, memory, storage };
  }

  /** Somebody logged in, to be remembered, and closed the browser. */
  async function remembered(login: Partial<LoginModuleOptions> = {}, query = '') {
    const started = await start(login);
    const browser = started.app.browser();
    const answer = await browser.post(`/login/ada?remember=1${query}`);
    const loginId = idOf(browser);
    browser.close();
    const record = async (): Promise<LoginRecord | null> =>
      (await started.memory.logins.find(loginId, { values: false })).record;
    return { ...started, browser, answer, loginId, record };
  }

  /** The id of the login that a browser's remember cookie names. */
  const idOf = (browser: Browser): string => (browser.jar.get('remember') ?? '').split('.')[1] ?? '';
  const whoami = async (browser: Browser): Promise<Whoami> => (await browser.get('/whoami')).json;
  const isIn = async (browser: Browser): Promise<boolean> => (await browser.get('/protected')).status === 200;
  const setBy = ({ cookies }: Answer): string[] => cookies.map((line) => line.slice(0, line.indexOf('=')));
  const told = (app: TestApp, wanted: string): unknown[] =>
    app.events.filter(({ name }) => name === wanted).map(({ event }) => event);

  describe('has a cookie that', () => {
    it('E12 is set on an explicit yes alone', async () => {
      const { app } = await start();
      for (const path of ['/login/ada', '/login/ada?remember=0', '/login/ada?duration=30d', '/login/eve?remember=1']) {
        const browser = app.browser();
        await browser.post(path);
        expect([path, browser.jar.has('remember')]).toEqual([path, false]);
      }
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      expect(browser.jar.has('remember')).toBe(true);
    });

    it.each(['on', 'true', 1, {}, [], null])(
      'E12 B8 is not set for a remember that is no boolean: %p',
      async (value) => {
        const { app } = await start();
        const user = app.users.table.get('ada') as object;
        const login = app.login.loginUser({ headers: {}, res: response() } as never, user, {
          remember: value as never,
        });
        await expect(login).rejects.toThrow(
          /ERR_LOGIN_INVALID_OPTION: The option "loginUser\(\{ remember \}\)" cannot be .* true or false/,
        );
      },
    );

    it('lasts for the time that the login is remembered, and names neither the user nor a secret of the server', async () => {
      const { answer, browser, record } = await remembered();
      const [line = ''] = answer.cookies.filter((cookie) => cookie.startsWith('remember='));
      expect(line).toMatch(
        /^remember=v1\.[\w-]{38}\.[\w-]{43}\.[\w-]{43}; Max-Age=2592000; Path=\/; Expires=[^;]*; HttpOnly; SameSite=Lax$/,
      );
      const [, , verifier = ''] = (browser.jar.get('remember') as string).split('.');
      const kept = JSON.stringify(await record());
      expect(kept).not.toContain(verifier);
      expect(kept).toContain(createHash('sha256').update(verifier).digest('base64url'));
      expect(line).not.toContain('ada');
    });

    it.each<[Partial<LoginModuleOptions>, string, number]>([
      [{ remember: { absolute: '2d' } }, '', 2 * DAY],
      [{ remember: { absolute: '2d' } }, '&duration=7h', 7 * HOUR],
      [{ remember: { idle: '1h' } }, '', 30 * DAY],
    ])('lives until the absolute end of the login: %p %s', async (login, query, lifetime) => {
      const { answer } = await remembered(login, query);
      expect(answer.cookies.join()).toContain(`Max-Age=${lifetime / SECOND};`);
    });

    it('B1 is in production a __Host- cookie, Secure, HttpOnly and SameSite=Lax, without a domain', async () => {
      const storage = memoryStorage();
      const app = await startTestApp({
        storage,
        login: { production: true },
        setup: (nest) => nest.set('trust proxy', 'loopback'),
      });
      running.push(app);
      const browser = app.browser({ ...NAVIGATION, 'x-forwarded-proto': 'https' });
      const { cookies } = await browser.post('/login/ada?remember=1');
      expect(cookies.find((line) => line.startsWith('__Host-remember='))).toMatch(
        /^__Host-remember=[^;]*; Max-Age=2592000; Path=\/; Expires=[^;]*; HttpOnly; Secure; SameSite=Lax$/,
      );
      browser.jar.delete('__Host-session');
      expect(await whoami(browser)).toMatchObject({ id: 'ada', remembered: true });
      storage.close();
    });

    it('B7 has a name and a value of at most 256 bytes under the longest name, and none of a long one is worth a hash', async () => {
      const cookieName = 'r'.repeat(64);
      const { app, storage } = await start({ remember: { cookieName } });
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      const value = browser.jar.get(cookieName) as string;
      expect(`${cookieName}=${value}`.length).toBeLessThanOrEqual(256);
      storage.reset();
      const long = await app.browser().get('/protected', { cookie: `${cookieName}=${'v1.'.padEnd(10_000, 'a')}` });
      const many = Array.from({ length: 200 }, (_, at) => `${cookieName}=v1.${at}`).join('; ');
      expect([long.status, (await app.browser().get('/protected', { cookie: many })).status]).toEqual([401, 401]);
      expect(storage.reads).toBe(0);
    });

    it('keeps to its own path and name', async () => {
      const { app } = await start({
        remember: { cookieName: 'keep', path: '/area', sameSite: 'strict', httpOnly: false },
      });
      const { cookies } = await app.browser().post('/login/ada?remember=1');
      expect(cookies.find((line) => line.startsWith('keep='))).toMatch(
        /; Path=\/area; Expires=[^;]*; SameSite=Strict$/,
      );
    });
  });

  describe('comes back after the browser was closed', () => {
    it('as the user, remembered and not fresh, under a new session id and with the next token', async () => {
      const { app, browser } = await remembered();
      const before = browser.jar.get('remember');
      const answer = await browser.get('/whoami');
      expect(answer.json).toEqual({ id: 'ada', authenticated: true, fresh: false, remembered: true });
      expect(setBy(answer).toSorted()).toEqual(['remember', 'session']);
      expect(browser.jar.get('remember')).not.toBe(before);
      expect((await browser.get('/fresh')).status).toBe(401);
      expect(app.users.loads).toEqual(['ada', 'ada']);
    });

    it('I5 and tells so once, with the rotation, and never a secret', async () => {
      const { app, browser, loginId } = await remembered();
      await browser.get('/protected');
      await browser.get('/protected');
      const facts = { ip: '127.0.0.1', userAgent: NAVIGATION['user-agent'], userId: 'ada', loginId };
      expect(told(app, 'loadedFromCookie')).toEqual([facts]);
      expect(told(app, 'rememberTokenRotated')).toEqual([facts]);
      const [, , verifier = ''] = (browser.jar.get('remember') as string).split('.');
      expect(JSON.stringify(app.events)).not.toContain(verifier);
    });

    it('again and again', async () => {
      const { app, browser, clock } = await remembered();
      for (let visit = 0; visit < 10; visit += 1) {
        clock.now += DAY;
        expect(await isIn(browser.close())).toBe(true);
        expect(await isIn(browser)).toBe(true);
      }
      expect(told(app, 'rememberTokenRotated')).toHaveLength(10);
      expect(told(app, 'rememberTokenTheft')).toEqual([]);
    });

    it('A1 under an id that was not there before, and the session id of before the restore is dead', async () => {
      const { app } = await start();
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      const before = browser.clone();
      before.jar.delete('remember');
      expect(await isIn(before)).toBe(true);
      await browser.close().get('/protected');
      expect(browser.jar.get('session')).not.toBe(before.jar.get('session'));
      expect(await isIn(before)).toBe(false);
    });

    it('to nobody where no page asks who is there', async () => {
      const { browser, storage } = await remembered();
      storage.reset();
      expect((await browser.get('/public')).cookies).toEqual([]);
      expect(storage.reads + storage.writes).toBe(0);
    });

    it('without the values of the session that is over, and with those of the stranger that keepOnLogin names', async () => {
      const { app } = await start({ session: { keepOnLogin: ['basket'] } });
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      await browser.get('/set?twoFactor=passed');
      browser.close();
      await browser.get('/set?basket=3&theme=dark');
      await browser.get('/whoami');
      expect((await browser.get('/values')).json).toEqual({ basket: '3' });
    });

    it('with another req.session than the handler has taken before it asked for the user', async () => {
      const { browser } = await remembered();
      const { json } = await browser.get('/asks-and-writes');
      expect(json).toEqual({ isTheSame: false });
      expect((await browser.get('/values')).json).toEqual({ after: true });
    });

    it('with the stored session of the stranger taken away', async () => {
      const { browser, memory } = await remembered();
      await browser.get('/set?theme=dark');
      expect(memory.sessions.size).toBe(1);
      await browser.get('/whoami');
      expect(memory.sessions.size).toBe(0);
      expect((await browser.get('/values')).json).toEqual({});
    });

    it('and a late writer of the session that is over reaches nothing of it', async () => {
      const { app } = await start();
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      const { reached, open } = gates.make('late');
      const slow = browser.clone().get('/slow/write/late');
      await reached;
      await browser.close().get('/whoami');
      open();
      expect((await slow).status).toBe(200);
      expect((await browser.get('/values')).json).toEqual({});
    });

    it('C1 not after a logout, also as a copy; and no cookie of ours stays in the browser', async () => {
      const { app } = await start();
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      const copy = browser.clone().close();
      await browser.post('/logout');
      expect([...browser.jar.keys()]).toEqual([]);
      expect(await whoami(copy)).toMatchObject({ id: null, remembered: false });
      expect([...copy.jar.keys()]).toEqual([]);
    });

    it('C1 not after a logout by who had only the remember cookie, which tells whose login it was', async () => {
      const { app, browser, loginId } = await remembered();
      const copy = browser.clone();
      await browser.post('/logout');
      expect(told(app, 'loggedOut')).toEqual([expect.objectContaining({ userId: 'ada', loginId })]);
      expect(app.users.loads).toEqual([]);
      expect(browser.jar.has('remember')).toBe(false);
      expect(await isIn(copy)).toBe(false);
    });

    it('C1 not after a logout on a path that the cookie is not sent to, which clears it all the same', async () => {
      const { app } = await start({ remember: { path: '/area' } });
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      const copy = browser.clone().close();
      browser.jar.delete('remember');
      const { cookies } = await browser.post('/logout');
      expect(cookies.find((line) => line.startsWith('remember='))).toMatch(/^remember=; Max-Age=0; Path=\/area;/);
      expect(await isIn(copy)).toBe(false);
    });

    it('not after a login as somebody else, or again without remember', async () => {
      const { app } = await start();
      for (const id of ['bob', 'ada']) {
        const browser = app.browser();
        await browser.post('/login/ada?remember=1');
        const copy = browser.clone().close();
        await browser.post(`/login/${id}`);
        expect(browser.jar.has('remember')).toBe(false);
        expect(await isIn(copy)).toBe(false);
        expect(await whoami(browser)).toMatchObject({ id, remembered: false });
      }
    });

    it('E9 on one device as on another: a logout leaves the others', async () => {
      const { app } = await start();
      const devices = [app.browser(), app.browser(), app.browser()];
      for (const device of devices) await device.post('/login/ada?remember=1');
      await devices[1]?.post('/logout');
      expect(await Promise.all(devices.map((device) => isIn(device.close())))).toEqual([true, false, true]);
    });

    it('D4 for a page that asks for a fresh login only after a confirmation', async () => {
      const { browser } = await remembered();
      expect((await browser.get('/fresh-10m')).status).toBe(401);
      expect((await browser.post('/confirm')).json).toEqual({ ok: true });
      expect((await browser.get('/fresh-10m')).status).toBe(200);
      expect((await browser.close().get('/fresh')).status).toBe(401);
    });

    it('not for a user who is gone, whose login ends', async () => {
      const { app, browser, memory } = await remembered();
      const [copy, user] = [browser.clone(), app.users.table.get('ada')];
      app.users.table.delete('ada');
      expect(await whoami(browser)).toEqual({ id: null, authenticated: false, fresh: false, remembered: false });
      expect(browser.jar.has('remember')).toBe(false);
      expect(memory.logins.size).toBe(0);
      app.users.table.set('ada', user as never);
      expect(await isIn(copy)).toBe(false);
    });

    it('A2 D4 not fresh for an inactive user who confirms, with nothing of the session of a stranger', async () => {
      const { app, browser, memory } = await remembered();
      const user = app.users.table.get('ada') as { isActive: boolean };
      user.isActive = false;
      await browser.get('/set?role=admin');
      expect((await browser.post('/confirm')).json).toEqual({ ok: false });
      user.isActive = true;
      expect((await browser.get('/fresh')).status).toBe(401);
      expect((await browser.get('/values')).json).toEqual({});
      expect(memory.sessions.size).toBe(0);
    });

    it('for an inactive user once they are active again, and nothing is spent until then', async () => {
      const { app, browser, storage } = await remembered();
      const user = app.users.table.get('ada') as { isActive: boolean };
      user.isActive = false;
      storage.reset();
      expect(await whoami(browser)).toEqual({ id: 'ada', authenticated: false, fresh: false, remembered: true });
      expect((await browser.get('/protected')).cookies.filter((line) => line.startsWith('remember='))).toEqual([]);
      expect(storage.writes).toBe(0);
      user.isActive = true;
      expect(await isIn(browser)).toBe(true);
    });
  });

  describe('ends', () => {
    it.each<[string, Partial<LoginModuleOptions>, number]>([
      ['14 days without a use', {}, 14 * DAY],
      ['the idle time of the option', { login: { idle: '1h' }, remember: { idle: '3h' } }, 3 * HOUR],
      ['the absolute time of the option', { login: { idle: '1h' }, remember: { absolute: '5h' } }, 5 * HOUR],
    ])('E8 D1 D2 after %s, by the clock of the store and not by the cookie', async (_what, login, limit) => {
      const before = await remembered(login);
      before.clock.now += limit - SECOND;
      expect(await isIn(before.browser)).toBe(true);

      const after = await remembered(login);
      after.clock.now += limit + SECOND;
      expect(await isIn(after.browser)).toBe(false);
      expect(after.browser.jar.has('remember')).toBe(false);
      expect(after.memory.logins.size).toBe(0);
      expect(told(after.app, 'loginExpired')).toHaveLength(1);
    });

    it('E8 D2 at its absolute end, however often it was restored', async () => {
      const { browser, clock } = await remembered();
      for (let day = 1; day < 30; day += 1) {
        clock.now += DAY;
        expect([day, await isIn(browser.close())]).toEqual([day, true]);
      }
      clock.now += DAY + SECOND;
      expect(await isIn(browser.close())).toBe(false);
    });

    it('E8 D3 later after a confirmation alone, which counts both times anew', async () => {
      const { browser, clock } = await remembered({}, '&duration=10d');
      clock.now += 8 * DAY;
      const { cookies } = await browser.post('/confirm');
      expect(cookies.join()).toContain(`Max-Age=${(10 * DAY) / SECOND};`);
      clock.now += 8 * DAY;
      expect((await browser.close().get('/protected')).cookies.join()).toContain(`Max-Age=${(2 * DAY) / SECOND};`);
      clock.now += 2 * DAY + SECOND;
      expect(await isIn(browser.close())).toBe(false);
    });

    it('E8 not while its session is in use: a use of the session counts as well', async () => {
      const { app, clock } = await start({ login: { idle: '20d' } });
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      for (let day = 0; day < 20; day += 10) {
        clock.now += 10 * DAY;
        expect(await isIn(browser)).toBe(true);
      }
      clock.now += 5 * DAY;
      expect(await isIn(browser.close())).toBe(true);
    });

    it('outlives the end of its session, which loses its login without', async () => {
      const { app, clock, memory } = await start({ login: { idle: '1h' } });
      const [remembering, plain] = [app.browser(), app.browser()];
      await remembering.post('/login/ada?remember=1');
      await plain.post('/login/ada');
      clock.now += HOUR + SECOND;
      expect([await isIn(remembering), await isIn(plain)]).toEqual([true, false]);
      expect(memory.logins.size).toBe(1);
      expect(told(app, 'loginExpired')).toHaveLength(1);
    });

    it('D2 D3 as a session at the absolute end of sessions, counted from the restore, and never past its own', async () => {
      const { browser, clock, record } = await remembered({ login: { absolute: '12h' } }, '&duration=20h');
      const made = clock.now;
      await browser.get('/protected');
      expect((await record())?.session.endsAt).toBe(made + 12 * HOUR);
      clock.now += 12 * HOUR;
      expect(await isIn(browser)).toBe(true);
      expect((await record())?.session.endsAt).toBe(made + 20 * HOUR);
      clock.now += 8 * HOUR;
      expect(await isIn(browser)).toBe(false);
    });
  });

  describe('and session protection', () => {
    const elsewhere = { ...NAVIGATION, 'user-agent': 'another browser' };

    it('G2 strong: comes back in whatever browser brings the cookie, and belongs to that one from then on', async () => {
      const { app, browser } = await remembered({ sessionProtection: 'strong' });
      const other = browser.clone(elsewhere);
      expect(await isIn(other)).toBe(true);
      expect(await isIn(other)).toBe(true);
      expect(told(app, 'sessionProtected')).toEqual([]);
      const stolen = other.clone(NAVIGATION);
      const answer = await stolen.get('/protected');
      expect(answer.status).toBe(401);
      expect([...stolen.jar.keys()]).toEqual([]);
      expect(await isIn(other)).toBe(false);
    });

    it('G2 basic: a session from another browser keeps its login and is not fresh', async () => {
      const { app } = await start({ sessionProtection: 'basic' });
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      expect(await whoami(browser.clone(elsewhere))).toMatchObject({ id: 'ada', fresh: false, remembered: true });
    });
  });

  describe('against forgeries', () => {
    it('B5 E10 asks no store for 10,000 made-up and spoiled cookies, and lets nobody in', async () => {
      const { browser, app, storage } = await remembered();
      const good = browser.jar.get('remember') as string;
      const [version, id = '', verifier = '', mac = ''] = good.split('.');
      const flip = (text: string, at: number): string =>
        text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
      const spoiled = [
        ...Array.from({ length: good.length - 3 }, (_, at) => flip(good, at + 3)).filter((text) => text !== good),
        ...Array.from({ length: good.length }, (_, at) => good.slice(0, at)),
        [version, id, verifier].join('.'),
        [version, id, verifier, ''].join('.'),
        [version, id, verifier, mac, mac].join('.'),
        `${good}=`,
        `${good}A`,
        `"${good}"`,
        `v2.${id}.${verifier}.${mac}`,
        `s:${good}`,
        good.toUpperCase(),
        good.replaceAll('.', '%2E%00'),
        'v1...',
        '{}',
      ];
      const taken: string[] = [];
      storage.reset();
      for (let made = 0; made < 10_000 && taken.length < 3; made += 1) {
        const value =
          spoiled[made] ?? `v1.${id}.${createHash('sha256').update(String(made)).digest('base64url')}.${mac}`;
        const { status, cookies } = await app.browser().get('/protected', { cookie: `remember=${value}` });
        if (status !== 401 || cookies.length) taken.push(value);
      }
      expect(taken).toEqual([]);
      expect(storage.reads + storage.writes).toBe(0);
      expect(told(app, 'rememberTokenTheft')).toEqual([]);
      expect(await isIn(browser)).toBe(true);
    }, 60_000);

    it('B4 verifies under every secret of the list, gets the newest at the next rotation, and ends with the removal of its own', async () => {
      const older = 'k3Ht8vQm2Zp9Xc5Wb1Nf7Jd4Rs6Gy0Lx';
      const memory = memoryStorage();
      const on = async (secret: string | string[]): Promise<TestApp> => {
        const app = await startTestApp({ storage: memory, login: { secret } });
        running.push(app);
        return app;
      };
      const cookie = (browser: Browser): string => `remember=${browser.jar.get('remember')}`;
      const browser = (await on(older)).browser();
      await browser.post('/login/ada?remember=1');
      const rotating = (await on([SECRET, older])).browser();
      const without = (await on(SECRET)).browser();
      expect((await without.get('/protected', { cookie: cookie(browser) })).status).toBe(401);
      expect((await rotating.get('/protected', { cookie: cookie(browser) })).status).toBe(200);
      expect((await without.get('/protected', { cookie: cookie(rotating) })).status).toBe(200);
      memory.close();
    });

    it('E6 takes the user from the login: parts of two cookies make none', async () => {
      const { app } = await start();
      const [ada, bob] = [app.browser(), app.browser()];
      await ada.post('/login/ada?remember=1');
      await bob.post('/login/bob?remember=1');
      const [a, b] = [ada, bob].map((browser) => (browser.jar.get('remember') as string).split('.')) as [
        string[],
        string[],
      ];
      for (let mask = 1; mask < 15; mask += 1) {
        const mixed = a.map((part, at) => (mask & (1 << at) ? b[at] : part)).join('.');
        const isWhole = [a, b].some((whole) => whole.join('.') === mixed);
        const { status } = await app.browser().get('/protected', { cookie: `remember=${mixed}` });
        expect([mask, status]).toEqual([mask, isWhole ? 200 : 401]);
      }
    });

    it('B6 counts the one of two cookies whose login is there: the other is left from another path or domain', async () => {
      const { app, storage } = await start();
      const browser = app.browser();
      await browser.post('/login/bob?remember=1');
      const [old, session] = [browser.jar.get('remember'), browser.jar.get('session')];
      await browser.post('/login/ada?remember=1');
      const both = `remember=${old}; remember=${browser.jar.get('remember')}`;
      expect(old && session).toBeTruthy();
      expect((await app.browser().get('/whoami', { cookie: both })).json).toMatchObject({
        id: 'ada',
        remembered: true,
      });
      storage.reset();
      const many = Array.from({ length: 4 }, () => app.browser());
      for (const other of many) await other.post('/login/ada?remember=1');
      storage.reset();
      const cookie = many.map((other) => `remember=${other.jar.get('remember')}`).join('; ');
      expect((await app.browser().get('/protected', { cookie })).status).toBe(401);
      expect(storage.reads).toBe(0);
    });

    it('B6 counts none of two cookies of different logins, and one that is there twice', async () => {
      const { app } = await start();
      const [ada, bob] = [app.browser(), app.browser()];
      await ada.post('/login/ada?remember=1');
      await bob.post('/login/bob?remember=1');
      const [a, b] = [ada, bob].map((browser) => `remember=${browser.jar.get('remember')}`) as [string, string];
      const ask = async (cookie: string): Promise<string | null> =>
        ((await app.browser().get('/whoami', { cookie })).json as Whoami).id;
      expect(await ask(`${a}; ${b}`)).toBe(null);
      expect(await ask(`remember=garbage; ${a}; \u00a0${b}`)).toBe('ada');
      expect(await ask(`${b}; ${b}`)).toBe('bob');
    });
  });

  describe('whose token is shown by two', () => {
    it('E5 X13 ends with all its sessions when the superseded one is shown again, and no other device does', async () => {
      const { app, browser, clock, memory, loginId } = await remembered();
      const other = app.browser();
      await other.post('/login/ada?remember=1');
      const thief = browser.clone({ ...NAVIGATION, 'user-agent': 'thief' });
      await thief.get('/protected');
      await thief.get('/protected');
      clock.now += GRACE_OVER;
      const answer = await browser.get('/whoami');
      expect(answer.json).toEqual({ id: null, authenticated: false, fresh: false, remembered: false });
      expect(browser.jar.has('remember')).toBe(false);
      expect(await isIn(thief)).toBe(false);
      expect(await isIn(thief.close())).toBe(false);
      expect(await isIn(other)).toBe(true);
      expect(await isIn(other.close())).toBe(true);
      expect(memory.logins.size).toBe(1);
      expect(told(app, 'rememberTokenTheft')).toEqual([
        {
          ip: '127.0.0.1',
          userAgent: NAVIGATION['user-agent'],
          userId: 'ada',
          loginId,
          createdAt: 1_900_000_000_000,
          lastSeenAt: 1_900_000_000_000,
          lastIp: '127.0.0.1',
          lastUserAgent: 'thief',
        },
      ]);
    });

    it.each(['GET /protected', 'POST /logout', 'POST /login/ada', 'POST /login/bob'])(
      'E5 also ends where the second comes by %s',
      async (request) => {
        const [method = '', path = ''] = request.split(' ');
        const { app, browser, clock } = await remembered();
        const second = browser.clone();
        await browser.get('/protected');
        await browser.get('/protected');
        clock.now += GRACE_OVER;
        await second.request(method, path);
        expect(told(app, 'rememberTokenTheft')).toHaveLength(1);
        expect(await isIn(browser)).toBe(false);
      },
    );

    it('E5 I5 is told with the login of who comes back by the login page, the old token still in the browser', async () => {
      const { app, browser, clock } = await remembered();
      const thief = browser.clone();
      await thief.get('/protected');
      await thief.get('/protected');
      clock.now += GRACE_OVER;
      await browser.post('/login/ada');
      expect(told(app, 'loggedIn').at(-1)).toMatchObject({ userId: 'ada', theftSeenAt: clock.now });
    });

    it('E5 ends also where the thief has shown nothing but the session that the token was restored to', async () => {
      const { app, browser, clock } = await remembered();
      const thief = browser.clone();
      await thief.get('/protected');
      thief.jar.delete('remember');
      for (let hour = 0; hour < 5; hour += 1) {
        clock.now += HOUR;
        expect(await isIn(thief)).toBe(true);
      }
      expect(await isIn(browser)).toBe(false);
      expect(await isIn(thief)).toBe(false);
      expect(told(app, 'rememberTokenTheft')).toHaveLength(1);
    });

    it('E5 ends also where the two take turns, at the second use of the first', async () => {
      const { app, browser, clock } = await remembered();
      const thief = browser.clone();
      const seen: boolean[] = [];
      for (const one of [thief, browser, thief]) {
        clock.now += HOUR;
        seen.push(await isIn(one));
      }
      expect(seen).toEqual([true, true, false]);
      expect(told(app, 'rememberTokenTheft')).toHaveLength(1);
      expect(await isIn(browser)).toBe(false);
    });

    it('E5 ends also where the old token comes beside the living session', async () => {
      const { app, browser, clock } = await remembered();
      const old = browser.jar.get('remember') as string;
      await browser.get('/protected');
      await browser.get('/protected');
      clock.now += GRACE_OVER;
      browser.jar.set('remember', old);
      expect((await browser.get('/protected')).status).toBe(401);
      expect([...browser.jar.keys()]).toEqual([]);
      expect(told(app, 'rememberTokenTheft')).toHaveLength(1);
    });

    it("I5 is told with the user's next real login, once, and with no restore", async () => {
      const { app, browser, clock } = await remembered();
      const restoring = app.browser();
      await restoring.post('/login/ada?remember=1');
      const thief = browser.clone();
      await thief.get('/protected');
      await thief.get('/protected');
      clock.now += GRACE_OVER;
      await browser.get('/protected');
      const seenAt = clock.now;
      clock.now += HOUR;
      await restoring.close().get('/protected');
      await app.browser().post('/login/bob');
      await browser.post('/login/ada');
      await browser.post('/login/ada');
      const thefts = told(app, 'loggedIn').map((event) => (event as { theftSeenAt: number | null }).theftSeenAt);
      expect(thefts).toEqual([null, null, null, seenAt, null]);
    });
  });

  describe('while a token is being replaced', () => {
    it('E7 X14 lets in by the former one for the grace and a second no longer, with nothing set and nothing stored', async () => {
      const { app, browser, clock, storage } = await remembered();
      const late = browser.clone();
      await browser.get('/protected');
      await browser.get('/protected');
      storage.reset();
      for (let second = 1; second < 60; second += 1) {
        clock.now += SECOND;
        const { status, cookies } = await late.get('/writes');
        expect([status, cookies]).toEqual([200, []]);
      }
      expect(storage.writes).toBe(0);
      expect(await whoami(late)).toEqual({ id: 'ada', authenticated: true, fresh: false, remembered: true });
      clock.now += 2 * SECOND;
      expect(await isIn(late)).toBe(false);
      expect(told(app, 'rememberTokenTheft')).toHaveLength(1);
    });

    it('is never fresh by the former one, although another tab has confirmed', async () => {
      const { browser } = await remembered();
      const late = browser.clone();
      await browser.get('/protected');
      await browser.post('/confirm');
      expect((await browser.get('/fresh')).status).toBe(200);
      expect((await late.get('/fresh')).status).toBe(401);
    });

    it('accepts a confirmation, whose session takes the place of the one on its way', async () => {
      const { browser } = await remembered();
      const tab = browser.clone();
      await browser.get('/protected');
      expect((await tab.post('/confirm')).json).toEqual({ ok: true });
      expect((await tab.get('/fresh')).status).toBe(200);
      expect((await browser.get('/fresh')).status).toBe(401);
    });

    it('accepts a logout, and nothing of it comes back', async () => {
      const { browser, memory } = await remembered();
      const tab = browser.clone();
      await browser.get('/protected');
      await tab.post('/logout');
      expect([await isIn(browser), await isIn(tab), memory.logins.size]).toEqual([false, false, 0]);
    });

    it('takes a lost answer for what it is: the browser comes back by the token it has', async () => {
      const { app, browser, clock } = await remembered();
      const kept = browser.clone();
      await browser.get('/protected');
      clock.now += GRACE_OVER;
      expect(await isIn(kept)).toBe(true);
      expect(await isIn(kept)).toBe(true);
      expect(told(app, 'rememberTokenTheft')).toEqual([]);
    });

    it('E11 keeps the cookie and accuses nobody while the store is down, and everybody is back afterwards', async () => {
      for (const trouble of [fails, hangs]) {
        const { app, browser, storage, clock } = await remembered({ storeTimeout: '50ms' });
        for (const methods of [['logins.find'], ['logins.replace']] as const) {
          storage.disturb(trouble, ...methods);
          const answer = await browser.get('/protected');
          expect([answer.status, answer.cookies]).toEqual([503, []]);
          storage.recover();
        }
        clock.now += GRACE_OVER;
        expect(await isIn(browser)).toBe(true);
        expect(told(app, 'rememberTokenTheft')).toEqual([]);
      }
    });

    it('E11 counts a rotation whose answer came too late as a lost answer', async () => {
      const { app, browser, storage, clock } = await remembered({ storeTimeout: '50ms' });
      storage.disturb({ after: () => new Promise<void>(() => undefined) }, 'logins.replace');
      expect((await browser.get('/protected')).status).toBe(503);
      storage.recover();
      expect(await isIn(browser)).toBe(true);
      clock.now += GRACE_OVER;
      expect(await isIn(browser)).toBe(true);
      expect(told(app, 'rememberTokenTheft')).toEqual([]);
    });

    it('ends by a logout although the store cannot be read', async () => {
      const { browser, storage, memory } = await remembered();
      storage.disturb(fails, 'logins.find');
      expect((await browser.post('/logout')).status).toBe(201);
      expect([browser.jar.has('remember'), memory.logins.size]).toEqual([false, 0]);
    });

    it('lets in for this one request where the answer has begun, and restores at the next', async () => {
      const { browser, storage } = await remembered();
      storage.reset();
      const { text, cookies } = await browser.get('/asks-after-the-headers');
      expect([text, cookies, storage.writes]).toEqual(['ada', [], 0]);
      expect((await browser.get('/protected')).cookies).toHaveLength(2);
    });
  });

  describe('under a path of its own', () => {
    it('is taken out of the browser by a login as somebody else on another path', async () => {
      const { app } = await start({ remember: { path: '/area' } });
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      browser.jar.clear();
      const { cookies } = await browser.post('/login/bob');
      expect(cookies.find((line) => line.startsWith('remember='))).toMatch(/^remember=; Max-Age=0; Path=\/area;/);
    });
  });

  describe('and what is under way', () => {
    it('keeps a confirmation against a request of before it: fresh, with the values of the session', async () => {
      const { app, clock } = await start();
      const browser = app.browser();
      await browser.post('/login/ada?remember=1&fresh=0');
      await browser.get('/set?basket=3');
      const poll = browser.clone();
      clock.now += SECOND;
      await browser.post('/confirm');
      expect((await poll.get('/protected')).cookies).toEqual([]);
      expect((await browser.get('/fresh')).status).toBe(200);
      expect((await browser.get('/values')).json).toEqual({ basket: '3' });
    });

    it('keeps the cookie of a new login against a late answer to a request of before it', async () => {
      const { app } = await start();
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      const poll = browser.clone();
      await browser.post('/login/ada?remember=1');
      expect((await poll.get('/whoami')).json).toMatchObject({ id: null });
      expect((await poll.get('/whoami')).cookies.filter((line) => line.startsWith('remember='))).toEqual([]);
      expect(await isIn(browser.close())).toBe(true);
    });

    it('brings no session and no token with an answer whose handler takes a good part of the grace', async () => {
      const { app, browser, storage } = await remembered({ remember: { grace: '1s' } });
      const before = browser.jar.get('remember');
      const { cookies, json } = await browser.get('/takes-half-a-second');
      expect([cookies, json]).toEqual([[], { id: 'ada' }]);
      expect(browser.jar.get('remember')).toBe(before);
      expect(storage.count('logins.replace')).toBe(1);
      expect(told(app, 'rememberTokenTheft')).toEqual([]);
    });

    it('E11 keeps the cookie of a thief for the next time where the end of the login cannot be stored', async () => {
      const { app, browser, clock, storage } = await remembered();
      const thief = browser.clone();
      await thief.get('/protected');
      await thief.get('/protected');
      clock.now += GRACE_OVER;
      storage.disturb(fails, 'logins.delete');
      const answer = await browser.get('/protected');
      expect([answer.status, answer.cookies]).toEqual([503, []]);
      storage.recover();
      expect(await isIn(browser)).toBe(false);
      expect(await isIn(thief)).toBe(false);
      expect(told(app, 'rememberTokenTheft')).toHaveLength(1);
    });

    it('makes a question wait for a login of the same request', async () => {
      const { app, browser } = await remembered();
      expect((await browser.post('/logs-in-and-asks')).json).toEqual({ id: 'bob' });
      expect(((await browser.get('/whoami')).json as Whoami).id).toBe('bob');
      expect(told(app, 'loadedFromCookie')).toEqual([]);
    });

    it('writes nothing into the session of a stranger that a handler has held since before it asked', async () => {
      const { app, browser } = await remembered();
      const stranger = app.browser();
      await stranger.get('/set?theme=dark');
      browser.jar.set('session', stranger.jar.get('session') as string);
      const before = stranger.clone();
      expect((await browser.get('/saves-what-it-held')).status).toBe(200);
      expect((await before.get('/values')).json).not.toHaveProperty('secret');
    });

    it('cannot reload a session that is thrown away, and is told so', async () => {
      const { browser } = await remembered();
      const burst = browser.clone();
      await browser.get('/protected');
      expect((await burst.get('/reloads')).json).toEqual({ error: 'failed to load session' });
    });
  });

  describe('with refreshEachRequest', () => {
    it('sends the cookie again with each request that asks, with the time that is left, and to nobody who is not remembered', async () => {
      const { app, clock } = await start({ remember: { refreshEachRequest: true, absolute: '10h' } });
      const [browser, plain] = [app.browser(), app.browser()];
      await browser.post('/login/ada?remember=1');
      await plain.post('/login/ada');
      const value = browser.jar.get('remember');
      clock.now += HOUR;
      const answer = await browser.get('/protected');
      expect(answer.cookies.join()).toContain(`remember=${value}; Max-Age=${(9 * HOUR) / SECOND};`);
      await browser.post('/confirm');
      expect((await browser.get('/protected')).cookies.join()).toContain(`Max-Age=${(10 * HOUR) / SECOND};`);
      expect((await browser.get('/public')).cookies).toEqual([]);
      expect((await plain.get('/protected')).cookies).toEqual([]);
    });

    it('never puts a token that is over back into the browser', async () => {
      const { browser } = await remembered({ remember: { refreshEachRequest: true } });
      const late = browser.clone();
      await browser.get('/protected');
      await browser.get('/protected');
      late.jar.set('session', browser.jar.get('session') as string);
      expect((await late.get('/protected')).cookies).toEqual([]);
    });
  });
});

/** As much of a response as a login without HTTP looks at. */
function response(): object {
  return { headersSent: false, setHeader: () => undefined, getHeader: () => undefined };
}
