/** The remember cookie: its form, its lifetime, and the login that it stands for. */
import { createHash } from 'node:crypto';
import { memoryStorage } from 'nestjs-login';
import type { LoginModuleOptions } from 'nestjs-login';
import { NAVIGATION } from '../support/browser-client.js';
import { startTestApp } from '../support/test-app.js';
import { SECOND, HOUR, DAY, running, start, remembered, whoami, isIn, told } from '../support/remembered-login.js';

/** Returns the part of a response that a login without HTTP uses. */
function response(): object {
  return { headersSent: false, setHeader: () => undefined, getHeader: () => undefined };
}

/** The Set-Cookie line of a remember cookie with the default options. */
const REMEMBER_LINE =
  /^remember=v1\.[\w-]{38}\.[\w-]{43}\.[\w-]{43}; Max-Age=2592000; Path=\/; Expires=[^;]*; HttpOnly; SameSite=Lax$/;

describe('a remembered login', () => {
  describe('has a cookie that', () => {
    it('E12 is set only on an explicit yes', async () => {
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
      'E12 B8 is not set if the option remember is no boolean: %p',
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

    it('lasts 30 days and names no user, and the store holds only a hash of its verifier', async () => {
      const { answer, browser, record } = await remembered();
      const [line = ''] = answer.cookies.filter((cookie) => cookie.startsWith('remember='));
      expect(line).toMatch(REMEMBER_LINE);
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

    it('B7 has at most 256 bytes with the longest name, and costs no store call if it is longer', async () => {
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

    it('has the configured name, path and attributes', async () => {
      const { app } = await start({
        remember: { cookieName: 'keep', path: '/area', sameSite: 'strict', httpOnly: false },
      });
      const { cookies } = await app.browser().post('/login/ada?remember=1');
      expect(cookies.find((line) => line.startsWith('keep='))).toMatch(
        /; Path=\/area; Expires=[^;]*; SameSite=Strict$/,
      );
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

    it('E8 D3 later only after a confirmation, which restarts the idle and the absolute time', async () => {
      const { browser, clock } = await remembered({}, '&duration=10d');
      clock.now += 8 * DAY;
      const { cookies } = await browser.post('/confirm');
      expect(cookies.join()).toContain(`Max-Age=${(10 * DAY) / SECOND};`);
      clock.now += 8 * DAY;
      expect((await browser.close().get('/protected')).cookies.join()).toContain(`Max-Age=${(2 * DAY) / SECOND};`);
      clock.now += 2 * DAY + SECOND;
      expect(await isIn(browser.close())).toBe(false);
    });

    it('E8 not while its session is in use, because a use of the session counts as well', async () => {
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

    it('after its session, while a login without a remember cookie ends with its session', async () => {
      const { app, clock, memory } = await start({ login: { idle: '1h' } });
      const [remembering, plain] = [app.browser(), app.browser()];
      await remembering.post('/login/ada?remember=1');
      await plain.post('/login/ada');
      clock.now += HOUR + SECOND;
      expect([await isIn(remembering), await isIn(plain)]).toEqual([true, false]);
      expect(memory.logins.size).toBe(1);
      expect(told(app, 'loginExpired')).toHaveLength(1);
    });

    it('D2 D3 its session at the absolute limit of sessions after a restore, and no later than itself', async () => {
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

  describe('under session protection', () => {
    const elsewhere = { ...NAVIGATION, 'user-agent': 'another browser' };

    it('G2 strong: comes back in any browser with the cookie, and is bound to that browser from then on', async () => {
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

    it('G2 basic: stays logged in from another browser, and is not fresh there', async () => {
      const { app } = await start({ sessionProtection: 'basic' });
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      expect(await whoami(browser.clone(elsewhere))).toMatchObject({ id: 'ada', fresh: false, remembered: true });
    });
  });

  describe('with a cookie path of its own', () => {
    it('is removed from the browser by a login of another user on another path', async () => {
      const { app } = await start({ remember: { path: '/area' } });
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      browser.jar.clear();
      const { cookies } = await browser.post('/login/bob');
      expect(cookies.find((line) => line.startsWith('remember='))).toMatch(/^remember=; Max-Age=0; Path=\/area;/);
    });
  });
});
