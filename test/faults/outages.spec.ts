/** A store that fails, hangs, comes back, or comes back empty. */
import { CountingStorage, fails, hangs } from '../support/counting-storage.js';
import type { StorageMethod } from '../support/counting-storage.js';
import { count } from '../support/counts.js';
import { inject } from '../support/inject.js';
import { describeOn } from '../support/servers.js';
import { STORAGES } from '../support/storages.js';
import type { TestStorage } from '../support/storages.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

const ALL_REFUSED = 'A8: %s: 1,000 logins, 1,000 times 503 without a cookie, and no login';

describe.each(STORAGES)('on $name', ({ name, servers, make }) => {
  const many = name === 'memory' ? 1_000 : count(1_000, 100);
  describeOn(servers, 'a store that is in trouble', () => {
    let inner: TestStorage;
    let storage: CountingStorage;
    let app: TestApp;
    beforeEach(async () => {
      inner = await make();
      storage = new CountingStorage(inner.storage);
      app = await startTestApp({ storage, login: { storeTimeout: '500ms' } });
    });
    afterEach(async () => {
      await app.close();
      await inner.close();
    });

    it.each<[string, typeof fails, StorageMethod]>([
      ['fails when the login is written', fails, 'logins.insert'],
      ['fails when its clock is asked', fails, 'logins.now'],
      ['hangs when the login is written', hangs, 'logins.insert'],
    ])(
      ALL_REFUSED.replaceAll('1,000', many.toLocaleString('en')),
      async (_, trouble, method) => {
        storage.disturb(trouble, method);
        const logins = Array.from({ length: many }, () => inject(app.app, 'POST', '/login/ada', {}));
        const answers = await Promise.all(logins);
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
        expect(answers.flatMap(({ cookies }) => cookies)).toEqual([]);
        expect(await inner.records()).toBe(0);
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
      Object.defineProperty(storage.logins, 'replace', { value: () => Promise.resolve(false) });
      const browser = app.browser();
      await browser.post('/login/ada');
      const answer = await browser.post('/confirm');
      expect([answer.status, answer.cookies]).toEqual([503, []]);
    });

    it('J3: comes back empty: everybody is logged out, nobody is somebody else, and a login works', async () => {
      const browsers = await Promise.all(
        ['ada', 'bob'].map(async (id) => {
          const browser = app.browser();
          await browser.post(`/login/${id}`);
          return browser;
        }),
      );
      const empty = await make();
      const restarted = await startTestApp({ storage: empty.storage });
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
      expect(await empty.records()).toBe(2);
      await restarted.close();
      await empty.close();
    });
  });
});
