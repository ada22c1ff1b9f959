/** A store that fails, hangs, comes back, or comes back empty. */
import { memoryStorage } from 'nestjs-login';
import type { MemoryStorage } from 'nestjs-login';
import { CountingStorage, fails, hangs } from '../support/counting-storage.js';
import type { StorageMethod } from '../support/counting-storage.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

describe('a store that is in trouble', () => {
  let inner: MemoryStorage;
  let storage: CountingStorage;
  let app: TestApp;
  beforeEach(async () => {
    inner = memoryStorage();
    storage = new CountingStorage(inner);
    app = await startTestApp({ storage, login: { storeTimeout: '50ms' } });
  });
  afterEach(async () => {
    await app.close();
    inner.close();
  });

  it.each<[string, typeof fails, StorageMethod]>([
    ['fails when the login is written', fails, 'logins.insert'],
    ['fails when its clock is asked', fails, 'logins.now'],
    ['hangs when the login is written', hangs, 'logins.insert'],
  ])(
    'A8: %s: 1,000 logins, 1,000 times 503 without a cookie, and no login',
    async (_, trouble, method) => {
      storage.disturb(trouble, method);
      const answers = await Promise.all(Array.from({ length: 1_000 }, () => app.browser().post('/login/ada')));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
      expect(answers.flatMap(({ cookies }) => cookies)).toEqual([]);
      expect(inner.logins.size).toBe(0);
      storage.recover();
      const browser = app.browser();
      expect((await browser.post('/login/ada')).status).toBe(201);
      expect((await browser.get('/protected')).status).toBe(200);
    },
    30_000,
  );

  it('A8: leaves no login and no cookie where the former login cannot be ended', async () => {
    const browser = app.browser();
    await browser.post('/login/ada');
    storage.disturb(fails, 'logins.delete');
    const answer = await browser.post('/login/bob');
    expect([answer.status, answer.cookies]).toEqual([503, []]);
    storage.recover();
    expect((await browser.get('/protected')).json).toEqual({ id: 'ada' });
  });

  it.each([
    ['fails', fails],
    ['hangs', hangs],
  ])(
    'J1: %s: guarded routes are 503 with Retry-After and never anonymous, public ones without a session go on',
    async (_, trouble) => {
      const browser = app.browser();
      await browser.post('/login/ada');
      storage.disturb(trouble, 'logins.find');
      const answer = await browser.get('/protected');
      expect(answer.status).toBe(503);
      expect(answer.headers['retry-after']).toBe('1');
      expect(answer.json).toMatchObject({ code: 'ERR_LOGIN_UNAVAILABLE', statusCode: 503 });
      expect(answer.cookies).toEqual([]);
      expect((await app.browser().get('/public')).status).toBe(200);
      expect((await app.browser().get('/protected')).status).toBe(401);
      storage.recover();
      expect((await browser.get('/protected')).json).toEqual({ id: 'ada' });
    },
  );

  it('A8: takes no change of a record, ever: a confirmation is 503 and not a request without an end', async () => {
    const stubborn = Object.assign(Object.create(inner.logins) as typeof inner.logins, {
      replace: () => Promise.resolve(false),
      find: inner.logins.find.bind(inner.logins),
      insert: inner.logins.insert.bind(inner.logins),
      delete: inner.logins.delete.bind(inner.logins),
      now: inner.logins.now.bind(inner.logins),
      touch: inner.logins.touch.bind(inner.logins),
      saveValues: inner.logins.saveValues.bind(inner.logins),
      deleteExpired: inner.logins.deleteExpired.bind(inner.logins),
    });
    const other = await startTestApp({ storage: { sessions: inner.sessions, logins: stubborn } });
    const browser = other.browser();
    await browser.post('/login/ada');
    const answer = await browser.post('/confirm');
    expect([answer.status, answer.cookies]).toEqual([503, []]);
    await other.close();
  });

  it('J3: comes back empty: everybody is logged out, nobody is somebody else, and a login works', async () => {
    const browsers = await Promise.all(
      ['ada', 'bob'].map(async (id) => {
        const browser = app.browser();
        await browser.post(`/login/${id}`);
        return browser;
      }),
    );
    await app.close();
    const empty = memoryStorage();
    const restarted = await startTestApp({ storage: empty });
    for (const browser of browsers) {
      const again = restarted.browser();
      for (const [name, value] of browser.jar) again.jar.set(name, value);
      expect((await again.get('/protected')).status).toBe(401);
      expect((await again.get('/whoami')).json).toEqual({
        id: null,
        authenticated: false,
        fresh: false,
        remembered: false,
      });
      expect((await again.post('/login/bob')).status).toBe(201);
      expect((await again.get('/protected')).json).toEqual({ id: 'bob' });
    }
    expect(empty.logins.size).toBe(2);
    await restarted.close();
    empty.close();
  });
});
