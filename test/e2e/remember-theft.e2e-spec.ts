/** A remember token that was forged, or is held by two parties. */
import { createHash } from 'node:crypto';
import { memoryStorage } from 'nestjs-login';
import type { Browser } from '../support/browser-client.js';
import { NAVIGATION } from '../support/browser-client.js';
import { SECRET, startTestApp } from '../support/test-app.js';
import type { TestApp, Whoami } from '../support/test-app.js';
import { HOUR, GRACE_OVER, running, start, remembered, isIn, told } from '../support/remembered-login.js';

describe('a remembered login', () => {
  describe('against forgeries', () => {
    it('B5 E10 is not opened by 10,000 forged or damaged cookies, which cost no store call', async () => {
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

    it('B4 is valid under each listed secret, gets the first at a rotation, and ends without its own', async () => {
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

    it('E6 takes its user from the record: parts of two cookies log nobody in', async () => {
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

    it('B6 counts beside the cookie of a deleted login, and not among four cookies', async () => {
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

    it('B6 does not count beside the cookie of another login, and counts if its cookie is sent twice', async () => {
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

  describe('whose token two browsers present', () => {
    it('E5 X13 ends with all its sessions at a superseded token, and other devices stay logged in', async () => {
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
      'E5 ends also if the superseded token comes by %s',
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

    it('E5 I5 is reported at a login from a browser that still holds the superseded token', async () => {
      const { app, browser, clock } = await remembered();
      const thief = browser.clone();
      await thief.get('/protected');
      await thief.get('/protected');
      clock.now += GRACE_OVER;
      await browser.post('/login/ada');
      expect(told(app, 'loggedIn').at(-1)).toMatchObject({ userId: 'ada', theftSeenAt: clock.now });
    });

    it('E5 ends also if the thief has used only the session that the token restored', async () => {
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

    it('E5 ends also if the two take turns, at the second use of the first', async () => {
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

    it('E5 ends also if the superseded token comes beside the current session', async () => {
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

    it("I5 is reported once at the user's next real login, and not at a restore", async () => {
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
});
