/** Session protection of a login in another browser or place than its own. */
import type { NestExpressApplication } from '@nestjs/platform-express';
import { parseCookie } from 'cookie';
import type { Request, Response } from 'express';
import type { LoginModuleOptions } from 'nestjs-login';
import { Browser, NAVIGATION } from '../support/browser-client.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

const HOME = '203.0.113.9';
const trustLoopback = (app: NestExpressApplication): unknown => app.set('trust proxy', 'loopback');
/** Returns the headers of a browser behind a proxy on this machine. */
const from = (address: string, userAgent = NAVIGATION['user-agent'] as string): Record<string, string> => ({
  ...NAVIGATION,
  'user-agent': userAgent,
  'x-forwarded-for': address,
});

describe('session protection', () => {
  const running: TestApp[] = [];
  afterEach(async () => {
    for (const app of running.splice(0)) await app.close();
  });

  async function start(
    login: Partial<LoginModuleOptions>,
    setup: (app: NestExpressApplication) => unknown = () => undefined,
  ): Promise<TestApp> {
    const app = await startTestApp({ login, setup });
    running.push(app);
    return app;
  }

  const isFresh = async (browser: Browser): Promise<boolean> => (await browser.get('/fresh')).status === 200;
  const isIn = async (browser: Browser): Promise<boolean> => (await browser.get('/protected')).status === 200;
  const alarms = (app: TestApp): unknown[] =>
    app.events.filter(({ name }) => name === 'sessionProtected').map(({ event }) => event);

  describe('without trust proxy', () => {
    const ADDRESSES = ['6.6.6.6', '127.0.0.1', '::1', '2001:db8::1', '6.6.6.6, 127.0.0.1', 'unknown', '', ',,,'];
    const HEADERS = [
      'X-Forwarded-For',
      'x-forwarded-for',
      'X-Real-IP',
      'X-Client-IP',
      'True-Client-IP',
      'CF-Connecting-IP',
      'Fastly-Client-IP',
      'X-Cluster-Client-IP',
      'X-Originating-IP',
      'X-Remote-Addr',
      'Client-IP',
      'Via',
    ];
    const SPOOFS: Record<string, string>[] = [
      ...ADDRESSES.flatMap((address) => [{ 'X-Forwarded-For': address }, { 'X-Real-IP': address }]),
      ...HEADERS.map((name) => ({ [name]: '6.6.6.6' })),
      ...['for=6.6.6.6', 'for="[2001:db8::1]:80"', 'for=6.6.6.6;proto=https;by=127.0.0.1', 'for=_hidden'].map(
        (forwarded) => ({ Forwarded: forwarded }),
      ),
      { 'X-Forwarded-For': Array.from({ length: 500 }, () => '6.6.6.6').join(', ') },
      { 'X-Forwarded-For': '6.6.6.6', 'X-Real-IP': '6.6.6.6', Forwarded: 'for=6.6.6.6' },
      { 'X-Forwarded-Host': '6.6.6.6' },
      { 'X-Forwarded-Proto': 'https' },
      { 'X-Forwarded-Port': '443' },
      { 'X-Forwarded-For': '6.6.6.6', 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https' },
      { Host: '6.6.6.6' },
      { 'X-Forwarded-For': `"6.6.6.6"` },
    ];

    it.each(['basic', 'strong'] as const)(
      'G1 %s takes no address from a header: 40 spoofs are the same browser',
      async (sessionProtection) => {
        expect(SPOOFS).toHaveLength(40);
        const app = await start({ sessionProtection });
        const browser = app.browser();
        await browser.post('/login/ada');
        for (const headers of SPOOFS)
          expect([headers, (await browser.get('/fresh', { headers })).status]).toEqual([headers, 200]);
        expect(alarms(app)).toEqual([]);
        for (const headers of SPOOFS) {
          const spoofed = app.browser();
          await spoofed.post('/login/ada', { headers });
          expect([headers, await isFresh(spoofed)]).toEqual([headers, true]);
        }
        // Another user agent shows that the same request can be refused.
        expect((await browser.get('/fresh', { headers: { 'user-agent': 'another' } })).status).toBe(401);
      },
    );
  });

  describe('behind a trusted proxy', () => {
    /** Logs in from one address and asks from another. */
    async function staysFresh(app: TestApp, login: string, later: string): Promise<boolean> {
      const browser = new Browser(app.origin, from(login));
      await browser.post('/login/ada');
      return isFresh(browser.clone(from(later)));
    }

    it('G1 counts the address that the proxy saw, and none that the client wrote in front of it', async () => {
      const app = await start({}, trustLoopback);
      expect(await staysFresh(app, HOME, HOME)).toBe(true);
      for (const prepended of ['6.6.6.6', '127.0.0.1', '::1', 'unknown', 'rubbish', '6.6.6.6, 7.7.7.7', '" "'])
        expect([prepended, await staysFresh(app, HOME, `${prepended}, ${HOME}`)]).toEqual([prepended, true]);
      for (const appended of ['6.6.6.6', '203.0.113.10', '2001:db8::1'])
        expect([appended, await staysFresh(app, HOME, `${HOME}, ${appended}`)]).toEqual([appended, false]);
      // A thief elsewhere cannot pretend to have the victim's address.
      expect(await staysFresh(app, HOME, `${HOME}, ${HOME}, 6.6.6.6`)).toBe(false);
    });

    it('G1 treats 12 spellings of one IPv6 address, and all addresses of its /64, as one', async () => {
      const app = await start({}, trustLoopback);
      const spellings = [
        '2001:db8:0:1::5',
        '2001:DB8:0:1::5',
        '2001:0db8:0000:0001:0000:0000:0000:0005',
        '2001:db8:0:1:0:0:0:5',
        '2001:db8::1:0:0:0:5',
        '2001:0DB8::0001:0:0:0:0005',
        '2001:db8:0:1::0005',
        '2001:db8:0:1:0::5',
        '2001:db8:0:1::0:5',
        '2001:db8:0:1::0.0.0.5',
        '2001:db8:0:1:0:0:0.0.0.5',
        '2001:db8:0:1::5%eth0',
      ];
      expect(new Set(spellings).size).toBe(12);
      for (const spelling of spellings) {
        expect([spelling, await staysFresh(app, '2001:db8:0:1::5', spelling)]).toEqual([spelling, true]);
        expect([spelling, await staysFresh(app, spelling, '2001:db8:0:1::5')]).toEqual([spelling, true]);
      }
      for (const neighbour of ['2001:db8:0:1::6', '2001:db8:0:1:ffff:ffff:ffff:ffff'])
        expect([neighbour, await staysFresh(app, '2001:db8:0:1::5', neighbour)]).toEqual([neighbour, true]);
      for (const other of ['2001:db8:0:2::5', '2001:db8:1:1::5', '2001:db9:0:1::5', '::5', '2001:db8::5'])
        expect([other, await staysFresh(app, '2001:db8:0:1::5', other)]).toEqual([other, false]);
    });

    it('G1 treats an IPv4 address that is mapped to IPv6 as the IPv4 address', async () => {
      const app = await start({}, trustLoopback);
      for (const mapped of [`::ffff:${HOME}`, `::FFFF:${HOME}`, '::ffff:cb00:7109', `0:0:0:0:0:ffff:${HOME}`])
        expect([mapped, await staysFresh(app, HOME, mapped)]).toEqual([mapped, true]);
      expect(await staysFresh(app, HOME, '::ffff:203.0.113.10')).toBe(false);
      expect(await staysFresh(app, `::ffff:${HOME}`, '::ffff:203.0.113.10')).toBe(false);
    });
  });

  describe('in each mode', () => {
    const CHANGES: [string, Record<string, string>][] = [
      ['another user agent', from(HOME, 'another')],
      ['another address', from('6.6.6.6')],
      ['another user agent and address', from('6.6.6.6', 'another')],
    ];
    const MATRIX = CHANGES.flatMap(([change, headers]) =>
      [true, false].flatMap((fresh) =>
        [false, true].map((persistent): [string, Record<string, string>, boolean, boolean] => [
          `${change}, ${fresh ? 'fresh' : 'not fresh'}, cookie ${persistent ? 'persistent' : 'not persistent'}`,
          headers,
          fresh,
          persistent,
        ]),
      ),
    );

    async function prepared(sessionProtection: 'basic' | 'strong' | false, fresh: boolean, persistent: boolean) {
      const app = await start({ sessionProtection, session: { cookie: { persistent } } }, trustLoopback);
      const browser = new Browser(app.origin, from(HOME));
      await browser.post(`/login/ada?fresh=${fresh ? 1 : 0}`);
      await browser.get('/set?colour=red');
      expect([await isIn(browser), await isFresh(browser)]).toEqual([true, fresh]);
      return { app, browser };
    }

    it.each(MATRIX)(
      'G2 basic keeps the login and makes it stale until a confirmation: %s',
      async (_c, headers, fresh, long) => {
        const { app, browser } = await prepared('basic', fresh, long);
        const elsewhere = browser.clone(headers);
        expect([await isIn(elsewhere), await isFresh(elsewhere)]).toEqual([true, false]);
        expect((await elsewhere.get('/values')).json).toEqual({ colour: 'red' });
        expect((await elsewhere.get('/whoami')).cookies).toEqual([]);
        expect(alarms(app)[0]).toMatchObject({ mode: 'basic', userId: 'ada' });
        // The login is stale in its own browser as well, until it is confirmed.
        expect([await isIn(browser), await isFresh(browser)]).toEqual([true, false]);
        await browser.post('/confirm');
        expect(await isFresh(browser)).toBe(true);
      },
    );

    it.each(MATRIX)(
      'G2 strong deletes the login and clears the cookie with the same response: %s',
      async (_c, headers, fresh, long) => {
        const { app, browser } = await prepared('strong', fresh, long);
        const elsewhere = browser.clone(headers);
        const answer = await elsewhere.get('/protected');
        expect(answer.status).toBe(401);
        expect(answer.cookies).toHaveLength(1);
        expect(answer.cookies[0]).toMatch(/^session=[^;]*;.*Expires=Thu, 01 Jan 1970/);
        expect(elsewhere.jar.size).toBe(0);
        expect(app.storage.logins.size).toBe(0);
        expect(alarms(app)).toMatchObject([{ mode: 'strong', userId: 'ada' }]);
        expect(await isIn(browser)).toBe(false);
        expect((await browser.get('/values')).json).toEqual({});
      },
    );

    it.each(MATRIX)('G2 off does nothing: %s', async (_c, headers, fresh, long) => {
      const { app, browser } = await prepared(false, fresh, long);
      const elsewhere = browser.clone(headers);
      expect([await isIn(elsewhere), await isFresh(elsewhere)]).toEqual([true, fresh]);
      expect((await elsewhere.get('/values')).json).toEqual({ colour: 'red' });
      expect([await isIn(browser), await isFresh(browser)]).toEqual([true, fresh]);
      expect(alarms(app)).toEqual([]);
    });

    it.each(['basic', 'strong', false] as const)(
      'G2 %s does not affect the browser that made the login',
      async (mode) => {
        const { app, browser } = await prepared(mode, true, false);
        for (const page of ['/protected', '/fresh', '/values', '/whoami'])
          expect((await browser.get(page)).status).toBe(200);
        expect([await isFresh(browser), alarms(app)]).toEqual([true, []]);
      },
    );
  });

  describe('strong, on a public page that shows the session', () => {
    /** Parses cookies as cookie-parser does, because express-session would read `req.cookies` as well. */
    const parseCookies = (app: NestExpressApplication): unknown =>
      app.use((req: Request, _res: Response, next: () => void) => {
        req.cookies = parseCookie(req.headers.cookie ?? '');
        next();
      });

    it.each([
      ['alone', undefined],
      ['beside cookie-parser', parseCookies],
    ])(
      'G2 shows a thief no values and stores none, and keeps the login without an event (%s)',
      async (_case, setup) => {
        const app = await start({ sessionProtection: 'strong', session: { keepOnLogin: ['colour'] } }, setup);
        const victim = app.browser();
        await victim.post('/login/ada');
        await victim.get('/set?colour=red');
        const thief = victim.clone({ ...NAVIGATION, 'user-agent': 'thief' });
        for (let attempt = 0; attempt < 3; attempt += 1) {
          const shown = await thief.get('/values');
          expect([shown.json, shown.cookies]).toEqual([{}, []]);
          const written = await thief.get('/set?colour=stolen');
          expect([written.status, written.cookies]).toEqual([200, []]);
        }
        expect(alarms(app)).toEqual([]);
        expect((await victim.get('/values')).json).toEqual({ colour: 'red' });
        expect(await isFresh(victim)).toBe(true);
        expect([app.storage.logins.size, app.storage.sessions.size]).toEqual([1, 0]);
      },
    );

    it('G2 tells a thief that nobody is logged in, and deletes the login once a page asks for the user', async () => {
      const app = await start({ sessionProtection: 'strong' });
      const victim = app.browser();
      await victim.post('/login/ada');
      const thief = victim.clone({ ...NAVIGATION, 'user-agent': 'thief' });
      expect((await thief.get('/whoami')).json).toEqual({
        id: null,
        authenticated: false,
        fresh: false,
        remembered: false,
      });
      expect(alarms(app)).toHaveLength(1);
      expect(await isIn(victim)).toBe(false);
    });
  });
});
