/** Session cookies that name no session, and floods of cookies. */
import { randomBytes } from 'node:crypto';
import type { LoginModuleOptions } from 'nestjs-login';
import { newAnonymousSessionId, newLoginId, newLoginSessionId } from '../../lib/logins/login-id.js';
import { OTHER_SECRET, DAY, start, signed, idIn, parsed, started, counted } from '../support/session-cookies.js';

/** Works on all items, at most 50 at once. */
async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}

describe('the session cookie', () => {
  describe('among a flood', () => {
    it('B7 counts beside huge and very many cookies, which cost no store call', async () => {
      const { app, storage } = await counted({
        // Node refuses more than 16 KB by itself; here all of it reaches us.
        setup: (nest) => Object.assign(nest.getHttpServer(), { maxHeaderSize: 1 << 20 }),
      });
      const browser = app.browser();
      await browser.post('/login/ada');
      const real = `session=${browser.jar.get('session')}`;
      const many = Array.from({ length: 5000 }, (_, at) => `n${at}=v`).join('; ');
      const same = Array.from({ length: 5000 }, () => 'session=s%3Ax.y').join('; ');
      storage.reset();
      const floods = [
        many,
        same,
        `session=${'x'.repeat(10_240)}`,
        `session=s%3A${'x'.repeat(10_240)}.${'y'.repeat(43)}`,
        `session=${'%'.repeat(10_240)}`,
        `login-notice=${'x'.repeat(10_240)}`,
        `filler=${'x'.repeat(16_384)}`,
        ';'.repeat(16_384),
        '='.repeat(16_384),
        `session=${'%41'.repeat(5_000)}`,
        `session=${'.'.repeat(10_240)}`,
      ];
      for (const cookie of floods) expect((await browser.get('/protected', { cookie })).status).toBe(401);
      expect(storage.reads + storage.writes).toBe(0);
      for (const cookie of floods)
        expect((await browser.get('/protected', { cookie: `${cookie}; ${real}` })).json).toEqual({ id: 'ada' });
    });

    it('B7 gets a 431 in a header over the limit of Node', async () => {
      const { app } = await counted();
      const answer = await app.browser().get('/protected', { cookie: `filler=${'x'.repeat(20_000)}` });
      expect(answer.status).toBe(431);
      expect((await app.browser().get('/public')).status).toBe(200);
    });
  });

  describe('with an unknown or expired id', () => {
    it('B10 is rejected past the limit by the clock of the store, even without its expiry', async () => {
      const app = await started(
        start({ login: { login: { idle: '10d', absolute: '20d' }, session: { cookie: { persistent: true } } } }),
      );
      const browser = app.browser();
      await browser.post('/login/ada');
      const cookie = browser.cookieHeader();
      app.clock.now += 9 * DAY;
      expect((await browser.get('/protected', { cookie })).status).toBe(200);
      app.clock.now += 9 * DAY;
      expect((await browser.get('/protected', { cookie })).status).toBe(200);
      app.clock.now += 2 * DAY + 1000;
      expect((await browser.get('/protected', { cookie })).status).toBe(401);
      app.clock.now -= 3 * DAY;
      expect((await browser.get('/protected', { cookie })).status).toBe(401);
    });

    it('A3 costs no store call and is not adopted or echoed: 10,000 ids without our signature', async () => {
      const { app, storage } = await counted({ login: { loginView: '/login-page' } });
      const ids = Array.from({ length: 10_000 }, (_, at) =>
        at % 2 ? newAnonymousSessionId() : newLoginSessionId(newLoginId(`user ${at}`, '')),
      );
      const cookieOf = (id: string, at: number): string =>
        [id, encodeURIComponent(`s:${id}`), signed(id, OTHER_SECRET), signed(id, randomBytes(32).toString('hex'))][
          at % 4
        ] as string;
      const echoed: string[] = [];
      const statuses = new Set<number>();
      await inParallel([...ids.entries()], async ([at, id]) => {
        const page = ['/protected', '/values', '/public', '/whoami', '/flashes'][at % 5] as string;
        const { status, headers, text } = await app
          .browser()
          .get(page, { cookie: `session=${cookieOf(id, at >> 1)}`, headers: { accept: 'application/json' } });
        statuses.add(status);
        if ((JSON.stringify(headers) + text).includes(id) || headers['set-cookie']?.some(isSession)) echoed.push(id);
      });
      expect(statuses).toEqual(new Set([200, 302]));
      expect(echoed).toEqual([]);
      expect(storage.reads + storage.writes).toBe(0);
    });

    it('A3 is looked up and never stored or adopted: 1,000 unknown ids with our signature', async () => {
      const { app, storage } = await counted();
      const ids = Array.from({ length: 1000 }, (_, at) =>
        at % 2 ? newAnonymousSessionId() : newLoginSessionId(newLoginId('ada', '')),
      );
      const sent = (id: string): string => `session=${signed(id)}; session-anonymous=${signed(id)}`;
      await inParallel([...ids.entries()], async ([at, id]) => {
        const page = ['/protected', '/values', '/public', '/whoami'][(at >> 1) % 4] as string;
        const answer = await app.browser().get(page, { cookie: sent(id) });
        expect(JSON.stringify(answer)).not.toContain(id);
        expect(answer.cookies.filter(isSession)).toEqual([]);
      });
      expect([storage.reads, storage.writes]).toEqual([1000, 0]);
      for (const id of ids.slice(0, 20)) {
        const { cookies } = await app.browser().get('/set?colour=red', { cookie: sent(id) });
        expect(cookies).toHaveLength(1);
        expect(idIn(parsed(String(cookies[0])).value)).not.toBe(id);
        const login = await app.browser().post('/login/ada', { cookie: sent(id) });
        expect(idIn(parsed(String(login.cookies[0])).value)).not.toBe(id);
        expect((await app.browser().get('/whoami', { cookie: sent(id) })).json).toMatchObject({ id: null });
      }
    });

    const isSession = (line: string): boolean => /^session(-anonymous)?=[^;]/.test(line);

    it('A4 has no double: a million ids of two kinds are different and have 128 random bits', () => {
      const ids = new Set<string>();
      const loginId = newLoginId('ada', '');
      for (let count = 0; count < 500_000; count += 1) {
        ids.add(newAnonymousSessionId());
        ids.add(newLoginSessionId(loginId).slice(loginId.length + 1));
      }
      expect(ids.size).toBe(1_000_000);
      for (const id of [newAnonymousSessionId(), newLoginSessionId(loginId).slice(loginId.length + 1)])
        expect(Buffer.from(id, 'base64url')).toHaveLength(16);
      expect(Buffer.from(loginId.slice(16), 'base64url')).toHaveLength(16);
    });

    it('A4 has no id of the application: the option genid is refused', async () => {
      const session = { genid: () => 'mine' } as LoginModuleOptions['session'];
      await expect(start({ login: { session: session ?? {} } })).rejects.toMatchObject({
        code: 'ERR_LOGIN_RESERVED_OPTION',
        message: expect.stringContaining('genid') as string,
      });
    });
  });
});
