/** Races of one process: logout against slow requests, logins that are used at once, users side by side. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import session from 'express-session';
import { CountingStorage, delayed } from '../support/counting-storage.js';
import { count, times } from '../support/counts.js';
import { Browser } from '../support/browser-client.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { memoryStorage } from 'nestjs-login';
import { gates, SlowController } from '../support/slow-writer.js';

const PARALLEL = 50;
const [RACES, LOGINS] = [count(3_400, 700), count(10_000, 1_000)];

/** One race: a request is held in its handler while `meanwhile` runs, and goes on afterwards. */
async function race(browser: Browser, kind: string, gate: string, meanwhile: () => Promise<unknown>): Promise<void> {
  const { reached, open } = gates.make(gate);
  const tab = browser.clone();
  const slow = tab.get(`/slow/${kind}/${gate}`);
  await reached;
  await meanwhile();
  open();
  const answer = await slow;
  expect(answer.status).toBe(200);
  // C2: whatever it set was decided after the logout was acknowledged.
  expect(answer.cookies).toEqual([]);
}

describe('a logout', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({ controllers: [SlowController] });
  });
  afterAll(() => app.close());

  it.each(['read', 'write', 'save'])(
    'C2 X1: is final against slow requests that %s the session: no login comes back, no values stay',
    async (kind) => {
      let alive = 0;
      await times(RACES, PARALLEL, async (round) => {
        const browser = app.browser();
        await browser.post('/login/ada');
        await browser.get('/set?colour=red');
        const copy = browser.clone();
        await race(browser, kind, `${kind}${round}`, () => browser.post('/logout'));
        if ((await copy.get('/protected')).status !== 401) alive += 1;
      });
      expect({ alive, records: app.storage.logins.size, blobs: app.storage.sessions.size }).toEqual({
        alive: 0,
        records: 0,
        blobs: 0,
      });
    },
    120_000,
  );

  it('C2: the same races without a logout leave everybody in, with what was written', async () => {
    let alive = 0;
    await times(300, PARALLEL, async (round) => {
      const browser = app.browser();
      await browser.post('/login/ada');
      await race(browser, 'write', `stay${round}`, () => Promise.resolve());
      if ((await browser.get('/protected')).status === 200) alive += 1;
      expect((await browser.get('/values')).json).toEqual({ late: true });
      await browser.post('/logout');
    });
    expect(alive).toBe(300);
  }, 60_000);

  it('C2: the same races bring more than 900 of 1,000 logins back on express-session as it comes', async () => {
    const stock = session({ secret: 'x'.repeat(32), resave: false, saveUninitialized: false });
    const waiting = new Map<string, () => void>();
    const arrived = new Map<string, () => void>();
    const server = createServer((request, response) =>
      stock(request as never, response as never, () => {
        const current = (
          request as unknown as { session: Record<string, unknown> & { destroy(done: () => void): void } }
        ).session;
        const [, action = '', gate = ''] = (request.url ?? '').split('/');
        if (action === 'login') response.end(JSON.stringify((current.user = 'ada')));
        else if (action === 'logout') {
          delete current.user;
          response.end();
        } else if (action === 'who') response.end(current.user === 'ada' ? 'ada' : 'nobody');
        else {
          waiting.set(gate, () => {
            current.late = true;
            response.end();
          });
          arrived.get(gate)?.();
        }
      }),
    ).listen(0, '127.0.0.1');
    server.keepAliveTimeout = 0;
    await new Promise((resolve) => server.once('listening', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    let alive = 0;
    await times(1_000, PARALLEL, async (round) => {
      const browser = new Browser(origin);
      await browser.get('/login');
      const reached = new Promise<void>((resolve) => arrived.set(String(round), resolve));
      const slow = browser.clone().get(`/slow/${round}`);
      await reached;
      await browser.get('/logout');
      waiting.get(String(round))?.();
      await slow;
      if ((await browser.get('/who')).text === 'ada') alive += 1;
    });
    server.closeAllConnections();
    server.close();
    expect(alive).toBeGreaterThan(900);
  }, 60_000);
});

describe('a login', () => {
  it('A7: is there for the very next request, on a store that takes its time, and nobody is anonymous', async () => {
    const inner = memoryStorage();
    const storage = new CountingStorage(inner);
    storage.disturb(delayed(5), 'logins.insert');
    const app = await startTestApp({ storage });
    let anonymous = 0;
    await times(LOGINS, PARALLEL, async () => {
      const browser = app.browser();
      await browser.post('/login/ada');
      if ((await browser.get('/protected')).status !== 200) anonymous += 1;
    });
    expect(anonymous).toBe(0);
    await app.close();
    inner.close();
  }, 120_000);

  it('A1: of 100 confirmations of one login at once, each browser that was answered is in, or was told no', async () => {
    const app = await startTestApp();
    const browser = app.browser();
    await browser.post('/login/ada?fresh=0');
    const before = browser.clone();
    const tabs = Array.from({ length: 100 }, () => browser.clone());
    const confirmed = await Promise.all(tabs.map(async (tab) => (await tab.post('/confirm')).json as { ok: boolean }));
    const alive = await Promise.all(tabs.map(async (tab) => (await tab.get('/protected')).status === 200));
    // Each confirmation makes a new id, and only the last id lives: exactly one tab goes on.
    expect(confirmed.filter(({ ok }) => ok).length).toBeGreaterThanOrEqual(1);
    expect(alive.filter(Boolean).length).toBe(1);
    expect((await before.get('/protected')).status).toBe(401);
    expect(app.storage.logins.size).toBe(1);
    await app.close();
  });
});
