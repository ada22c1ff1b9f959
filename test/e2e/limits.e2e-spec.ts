/** How long a login lives, and how long it is fresh: by the clock of the store, whatever a client does. */
import { memoryStorage } from 'nestjs-login';
import type { Duration, LoginLifetimeOptions, LoginRecord } from 'nestjs-login';
import type { Browser } from '../support/browser-client.js';
import { CountingStorage } from '../support/counting-storage.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('a login', () => {
  const running: TestApp[] = [];
  afterEach(async () => {
    for (const app of running.splice(0)) await app.close();
  });

  /** An application with these limits, with somebody logged in. */
  async function loggedIn(login?: LoginLifetimeOptions) {
    const clock = { now: 1_900_000_000_000 };
    const memory = memoryStorage({ clock: () => clock.now });
    memory.close();
    const storage = new CountingStorage(memory);
    const app = await startTestApp({ storage, ...(login && { login: { login } }) });
    running.push(app);
    const browser = app.browser();
    await browser.post('/login/ada');
    const [first] = app.events.filter(({ name }) => name === 'loggedIn');
    const { loginId } = (first as { event: { loginId: string } }).event;
    return {
      app,
      browser,
      clock,
      storage,
      memory,
      record: async (): Promise<LoginRecord | null> => (await memory.logins.find(loginId, { values: false })).record,
    };
  }

  const isIn = async (browser: Browser, path = '/protected'): Promise<boolean> =>
    (await browser.get(path)).status === 200;

  describe('that is not used', () => {
    it.each<[string, LoginLifetimeOptions | undefined, number]>([
      ['an hour as text', { idle: '1h' }, HOUR],
      ['90 seconds as text', { idle: '90s' }, 90 * SECOND],
      ['15 minutes in milliseconds', { idle: 900_000 }, 15 * MINUTE],
      ['90,000 ms as text', { idle: '90000ms' }, 90 * SECOND],
      ['three days as text', { idle: '3d' }, 3 * DAY],
      ['the default of 24 hours', undefined, 24 * HOUR],
    ])('D1 is there a second before the idle limit, and gone a second after it: %s', async (_what, login, limit) => {
      const before = await loggedIn(login);
      before.clock.now += limit - SECOND;
      expect(await isIn(before.browser)).toBe(true);

      const after = await loggedIn(login);
      after.clock.now += limit + SECOND;
      expect(await isIn(after.browser)).toBe(false);
      expect((await after.browser.get('/values')).json).toEqual({});
    });

    it('D1 gets the idle time anew by every use, also by that of a public page', async () => {
      const { browser, clock } = await loggedIn({ idle: '1h' });
      for (let use = 0; use < 6; use += 1) {
        clock.now += HOUR - SECOND;
        expect(await isIn(browser, use % 2 ? '/values' : '/protected')).toBe(true);
      }
      clock.now += HOUR + SECOND;
      expect(await isIn(browser)).toBe(false);
    });

    it('D1 shows nothing of its session on a public page after the idle limit, and takes nothing more', async () => {
      const { browser, clock } = await loggedIn({ idle: '1h' });
      await browser.get('/set?colour=red');
      const cookie = browser.cookieHeader();
      clock.now += HOUR + SECOND;
      expect((await browser.get('/values', { cookie })).json).toEqual({});
      await browser.get('/set?colour=blue', { cookie });
      clock.now -= HOUR;
      expect((await browser.get('/values', { cookie })).json).toEqual({ colour: 'red' });
    });

    it('D1 cannot be confirmed after the limit', async () => {
      const { browser, clock } = await loggedIn({ idle: '1h' });
      clock.now += HOUR + SECOND;
      expect((await browser.post('/confirm')).json).toEqual({ ok: false });
      expect(await isIn(browser)).toBe(false);
    });

    it('D1 counts by the clock of the store: the clock of the process has no part in it', async () => {
      const { browser, clock, record } = await loggedIn({ idle: '1h' });
      expect((await record())?.createdAt).toBe(1_900_000_000_000);
      expect(Math.abs(clock.now - Date.now())).toBeGreaterThan(DAY);
      expect(await isIn(browser)).toBe(true);
    });
  });

  describe('that is used all the time', () => {
    it.each<[string, LoginLifetimeOptions | undefined, number, number]>([
      ['12 hours, idle 30 minutes', { idle: '30m', absolute: '12h' }, 30 * MINUTE, 12 * HOUR],
      ['5 minutes, idle 90 seconds', { idle: 90_000, absolute: 300_000 }, 90 * SECOND, 5 * MINUTE],
      ['the default of 30 days, idle 24 hours', undefined, DAY, 30 * DAY],
    ])('D2 ends at the absolute limit of %s', async (_what, login, idle, absolute) => {
      const { browser, clock } = await loggedIn(login);
      const end = clock.now + absolute;
      const pages = ['/protected', '/set?colour=red', '/values', '/whoami', '/set?colour=blue'];
      for (let use = 0; clock.now + idle / 2 < end - SECOND; use += 1) {
        clock.now += idle / 2;
        expect(await isIn(browser, pages[use % pages.length])).toBe(true);
        expect((await browser.get('/whoami')).json).toMatchObject({ id: 'ada' });
      }
      clock.now = end - SECOND;
      expect(await isIn(browser)).toBe(true);
      clock.now = end + SECOND;
      expect(await isIn(browser)).toBe(false);
    });

    it('D2 begins anew at a confirmation, both limits', async () => {
      const { browser, clock, record } = await loggedIn({ idle: '1h', absolute: '3h' });
      const use = async (count: number): Promise<void> => {
        for (let done = 0; done < count; done += 1) {
          clock.now += HOUR / 2;
          expect(await isIn(browser)).toBe(true);
        }
      };
      await use(5);
      expect((await browser.post('/confirm')).json).toEqual({ ok: true });
      expect((await record())?.session.endsAt).toBe(clock.now + 3 * HOUR);
      await use(5);
      clock.now += HOUR / 2 - SECOND;
      expect(await isIn(browser)).toBe(true);
      clock.now += 2 * SECOND;
      expect(await isIn(browser)).toBe(false);
    });

    it('D2 begins anew at a login of the same user', async () => {
      const { browser, clock } = await loggedIn({ idle: '2h', absolute: '2h' });
      clock.now += HOUR;
      await browser.post('/login/ada');
      clock.now += 2 * HOUR - SECOND;
      expect(await isIn(browser)).toBe(true);
      clock.now += 2 * SECOND;
      expect(await isIn(browser)).toBe(false);
    });

    it('D2 ends at the absolute limit also where the idle limit is longer', async () => {
      const { app, browser, clock } = await loggedIn({ idle: '10h', absolute: '2h' });
      clock.now += 2 * HOUR - SECOND;
      expect(await isIn(browser)).toBe(true);
      clock.now += 2 * SECOND;
      expect(await isIn(browser)).toBe(false);
      expect(app.events.filter(({ name }) => name === 'loginExpired').map(({ event }) => event)).toMatchObject([
        { limit: 'absolute' },
      ]);
    });
  });

  describe('and its freshness', () => {
    it('D4 lasts for @Fresh({ maxAge }) so long and not a second longer; without an age, for the whole login', async () => {
      const { browser, clock } = await loggedIn();
      clock.now += 10 * MINUTE;
      expect(await isIn(browser, '/fresh-10m')).toBe(true);
      clock.now += SECOND;
      const refused = await browser.get('/fresh-10m');
      expect([refused.status, (refused.json as { code: string }).code]).toEqual([401, 'ERR_FRESH_LOGIN_REQUIRED']);
      expect(await isIn(browser, '/fresh')).toBe(true);
      expect(await isIn(browser)).toBe(true);
    });

    it('D4 begins anew at a confirmation, and is not moved by use', async () => {
      const { browser, clock } = await loggedIn();
      for (let minute = 0; minute < 10; minute += 1) {
        clock.now += MINUTE;
        expect(await isIn(browser, '/fresh-10m')).toBe(true);
      }
      clock.now += SECOND;
      expect(await isIn(browser, '/fresh-10m')).toBe(false);
      await browser.post('/confirm');
      clock.now += 10 * MINUTE;
      expect(await isIn(browser, '/fresh-10m')).toBe(true);
      clock.now += SECOND;
      expect(await isIn(browser, '/fresh-10m')).toBe(false);
    });

    it('D4 is none where the time of the login lies in the future', async () => {
      const { browser, clock, memory, record } = await loggedIn();
      const kept = (await record()) as LoginRecord;
      const later = { ...kept, freshAt: clock.now + HOUR, version: kept.version + 1 };
      expect(await memory.logins.replace(later, kept.version)).toBe(true);
      for (const page of ['/fresh', '/fresh-10m']) expect(await isIn(browser, page)).toBe(false);
      expect((await browser.get('/whoami')).json).toEqual({
        id: 'ada',
        authenticated: true,
        fresh: false,
        remembered: false,
      });
      clock.now += HOUR;
      expect(await isIn(browser, '/fresh-10m')).toBe(true);
    });

    it('D4 is none after a login with fresh: false, until a confirmation', async () => {
      const { browser } = await loggedIn();
      await browser.post('/login/ada?fresh=0');
      for (const page of ['/fresh', '/fresh-10m']) expect(await isIn(browser, page)).toBe(false);
      expect(await isIn(browser)).toBe(true);
      await browser.post('/confirm');
      for (const page of ['/fresh', '/fresh-10m']) expect(await isIn(browser, page)).toBe(true);
    });
  });

  describe('and the store', () => {
    it.each<[string, LoginLifetimeOptions, number]>([
      ['once a minute', { idle: '24h' }, MINUTE],
      ['ten times an idle time where that is shorter', { idle: '5m' }, 30 * SECOND],
    ])('hears of its use %s, however much it is used', async (_what, login, interval) => {
      const { browser, clock, storage, record } = await loggedIn(login);
      storage.reset();
      for (let second = 0; second < 10 * (interval / SECOND); second += 2) {
        clock.now += 2 * SECOND;
        expect(await isIn(browser, second % 4 ? '/protected' : '/values')).toBe(true);
      }
      expect(storage.count('logins.touch')).toBe(10);
      expect(storage.writes).toBe(10);
      expect((await record())?.lastSeenAt).toBe(clock.now);
    });

    it('hears nothing within the interval, and of the use at its end with both times', async () => {
      const { browser, clock, storage, record } = await loggedIn({ idle: '1h', absolute: '61m' });
      storage.reset();
      const seen = clock.now;
      clock.now += MINUTE - 1;
      await isIn(browser);
      expect(storage.writes).toBe(0);
      expect((await record())?.lastSeenAt).toBe(seen);
      clock.now += 1;
      await isIn(browser);
      expect(await record()).toMatchObject({ lastSeenAt: seen + MINUTE, endsAt: seen + 61 * MINUTE });
      clock.now += MINUTE;
      await isIn(browser);
      expect(await record()).toMatchObject({
        lastSeenAt: seen + 2 * MINUTE,
        // never past the absolute end
        endsAt: seen + 61 * MINUTE,
      });
    });

    it('loses the login and its values when a limit is met, and it is told once, whoever else asks at the same time', async () => {
      const { app, browser, clock, memory } = await loggedIn({ idle: '1h' });
      await browser.get('/set?colour=red');
      const told = (): unknown[] => app.events.filter(({ name }) => name === 'loginExpired').map(({ event }) => event);
      clock.now += HOUR + SECOND;
      expect(memory.logins.size).toBe(1);
      const cookie = browser.cookieHeader();
      const answers = await Promise.all(Array.from({ length: 50 }, () => browser.get('/protected', { cookie })));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
      expect(memory.logins.size).toBe(0);
      await browser.get('/protected', { cookie });
      await browser.get('/whoami', { cookie });
      expect(told()).toMatchObject([{ userId: 'ada', limit: 'idle' }]);
    });

    it('sweeps what has ended and was never asked for again', async () => {
      const { clock, memory } = await loggedIn({ idle: '1h' });
      clock.now += HOUR - 1;
      expect([await memory.logins.deleteExpired(), memory.logins.size]).toEqual([0, 1]);
      clock.now += 1;
      expect([await memory.logins.deleteExpired(), memory.logins.size]).toEqual([1, 0]);
    });
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '', '1', '1 h', '1w', 'h', '-1h', '1.5h', {}, '9999d'])(
    'does not start with %p as a limit, and says which',
    async (duration) => {
      for (const name of ['idle', 'absolute'] as const)
        await expect(startTestApp({ login: { login: { [name]: duration as Duration } } })).rejects.toMatchObject({
          code: 'ERR_LOGIN_INVALID_DURATION',
          message: expect.stringContaining(`login.${name}`) as string,
        });
    },
  );
});
