/** Visitors without a login cost no stored row, however many come. */
import { memoryStorage } from 'nestjs-login';
import { CountingStorage } from '../support/counting-storage.js';
import { startTestApp } from '../support/test-app.js';

const METHODS = ['GET', 'POST', 'HEAD'];
const COOKIES = [
  null,
  'session=garbage',
  'session=s%3Aforged.AAAA; login-notice=nonsense',
  `session=${'x'.repeat(3_000)}`,
];

it.each(['url', 'cookie'] as const)(
  '10,000 refused requests write nothing, and the message and the page are shown once afterwards (nextIn: %s)',
  async (nextIn) => {
    const inner = memoryStorage();
    const storage = new CountingStorage(inner);
    const app = await startTestApp({ storage, login: { loginView: '/next', nextIn } });
    const statuses = new Set<number>();
    for (let sent = 0; sent < 5_000; sent += 100)
      await Promise.all(
        Array.from({ length: 100 }, async (_, at) => {
          const cookie = COOKIES[at % COOKIES.length] ?? null;
          const answer = await app.browser().request(METHODS[at % METHODS.length] ?? 'GET', '/protected', { cookie });
          statuses.add(answer.status);
        }),
      );
    // The other half comes from one browser, which keeps its cookies.
    const browser = app.browser();
    for (let sent = 0; sent < 5_000; sent += 1) await browser.get(`/protected?visit=${sent}`);
    expect(statuses).toEqual(new Set([302, 303]));
    expect({ writes: storage.writes, reads: storage.reads }).toEqual({ writes: 0, reads: 0 });
    expect((await browser.get('/flashes')).json).toHaveLength(20);
    expect((await browser.get('/flashes')).json).toEqual([]);
    if (nextIn === 'cookie') {
      expect((await browser.get('/next')).json).toEqual({ next: '/protected?visit=4999' });
      expect((await browser.get('/next')).json).toEqual({ next: null });
    }
    expect(storage.writes).toBe(0);
    await app.close();
    inner.close();
  },
  60_000,
);
