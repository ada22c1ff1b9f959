/** The session after a logout, in every order of parallel requests. */
import { createHmac, randomBytes } from 'node:crypto';
import type { Answer } from '../support/browser-client.js';
import { fails, hangs } from '../support/counting-storage.js';
import { SECRET } from '../support/test-app.js';
import { Gate, IdentityController, start, cookieOf, whoIs, valuesOf } from '../support/identity-app.js';

describe('the session', () => {
  describe('after a logout or a failed login', () => {
    const sessionLines = (answer: Answer): string[] => answer.cookies.filter((line) => line.startsWith('session='));

    it('C2 is not brought back by requests in flight, which set no cookie and store nothing', async () => {
      const { app, browser, memory } = await start();
      await browser.post('/login/ada');
      const tab = browser.clone();
      const slow = Array.from({ length: 50 }, (_, at) => tab.get(`/slow?colour=${at}`));
      await IdentityController.gate.arrived;
      const former = cookieOf(browser);
      expect((await browser.post('/logout')).status).toBe(201);
      IdentityController.gate.open();
      for (const answer of await Promise.all(slow)) expect([answer.status, sessionLines(answer)]).toEqual([200, []]);
      expect([memory.logins.size, memory.sessions.size]).toEqual([0, 0]);
      const replay = app.browser();
      replay.jar.set('session', former);
      expect([await whoIs(replay), await valuesOf(replay)]).toEqual([null, {}]);
    });

    it.each([
      ['a confirmation', 'POST', '/confirm', 'logins.replace'],
      ['a write to the session', 'GET', '/set?colour=red', 'logins.saveValues'],
      ['a page that records the use', 'GET', '/protected', 'logins.touch'],
      ['a page that asks for the user', 'GET', '/whoami', 'logins.find'],
    ] as const)(
      'C2 is not brought back by %s whose store call comes after the logout',
      async (_case, method, path, call) => {
        const { browser, memory, clock, storage } = await start();
        await browser.post('/login/ada');
        clock.now += 120_000;
        const tab = browser.clone();
        const gate = new Gate();
        // The read of the logout itself must not wait.
        let waits = true;
        storage.disturb({ before: () => (waits ? ((waits = false), gate.pass()) : undefined) }, call);
        const late = tab.request(method, path);
        await gate.arrived;
        expect((await browser.post('/logout')).status).toBe(201);
        expect(memory.logins.size).toBe(0);
        gate.open();
        const answer = await late;
        expect(sessionLines(answer).filter((line) => !/Expires=Thu, 01 Jan 1970/.test(line))).toEqual([]);
        expect([memory.logins.size, memory.sessions.size]).toEqual([0, 0]);
        expect([await whoIs(tab), await valuesOf(tab)]).toEqual([null, {}]);
      },
    );

    it('C2 gets no new cookie with the response to the logout', async () => {
      const { browser } = await start();
      await browser.post('/login/ada');
      const lines = sessionLines(await browser.post('/logout'));
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/Expires=Thu, 01 Jan 1970/);
    });

    it('C11 stays deleted after 10,000 logouts without a login: no new record, no 5xx', async () => {
      const { app, browser, memory, storage } = await start();
      await browser.post('/login/ada');
      const former = cookieOf(browser);
      await browser.post('/logout');
      const own = app.browser();
      await own.post('/login/bob');
      const wellSigned = (id: string): string =>
        encodeURIComponent(`s:${id}.${createHmac('sha256', SECRET).update(id).digest('base64').replace(/=+$/, '')}`);
      const random = (): string => randomBytes(16).toString('base64url');
      const cookies: ((at: number) => string | null)[] = [
        () => null,
        () => `session=${former}`,
        () => 'session=rubbish; login-notice=rubbish',
        () => `session=${wellSigned(random())}`,
        () => `session=${wellSigned(`${random().slice(0, 16)}${random()}.${random()}`)}`,
      ];
      storage.reset();
      const statuses = new Map<number, number>();
      let kept = 0;
      await Promise.all(
        Array.from({ length: 50 }, async (_, lane) => {
          for (let at = lane; at < 10_000; at += 50) {
            const { status, cookies: lines } = await app
              .browser()
              .post('/logout', { cookie: cookies[at % cookies.length]?.(at) ?? null });
            statuses.set(status, (statuses.get(status) ?? 0) + 1);
            kept += lines.filter((line) => !/Expires=Thu, 01 Jan 1970/.test(line)).length;
          }
        }),
      );
      expect([...statuses]).toEqual([[201, 10_000]]);
      expect(kept).toBe(0);
      expect(storage.count('sessions.set', 'logins.insert', 'logins.saveValues', 'logins.replace')).toBe(0);
      expect([memory.logins.size, memory.sessions.size]).toEqual([1, 0]);
      expect(app.events.filter(({ name }) => name === 'loggedOut')).toHaveLength(1);
      expect(await whoIs(own)).toBe('bob');
    });

    it.each([
      ['fails', fails],
      ['never answers', hangs],
    ])('C12 is not reported as deleted if the store %s: a 503 that clears the cookies', async (_c, fault) => {
      const { app, browser, storage } = await start({ login: { storeTimeout: 50 } });
      await browser.post('/login/ada');
      const former = browser.clone();
      storage.disturb(fault, 'logins.delete');
      const answer = await browser.post('/logout');
      expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
      expect(answer.json).toMatchObject({ code: 'ERR_LOGIN_UNAVAILABLE' });
      expect(browser.jar.size).toBe(0);
      expect(app.events.filter(({ name }) => name === 'loggedOut')).toEqual([]);
      storage.recover();
      expect((await former.post('/logout')).status).toBe(201);
      expect(await whoIs(former)).toBe(null);
    });

    it('C12 is deleted despite a 503 if the store did its work and only its answer was lost', async () => {
      const { browser, storage, memory } = await start();
      await browser.post('/login/ada');
      const former = browser.clone();
      storage.disturb({ after: fails.before as () => void }, 'logins.delete');
      expect((await browser.post('/logout')).status).toBe(503);
      storage.recover();
      expect([await whoIs(former), memory.logins.size]).toEqual([null, 0]);
    });

    it.each([
      ['fails', fails],
      ['never answers', hangs],
    ])('C12 stays with its cookies, after a 503, if it cannot be read: the store %s', async (_c, fault) => {
      const { browser, storage } = await start({ login: { storeTimeout: 50 } });
      await browser.post('/login/ada');
      storage.disturb(fault, 'logins.find');
      const answer = await browser.post('/logout');
      expect([answer.status, answer.headers['retry-after'], answer.cookies]).toEqual([503, '1', []]);
      expect(browser.jar.size).toBe(1);
      storage.recover();
      expect(await whoIs(browser)).toBe('ada');
      expect((await browser.post('/logout')).status).toBe(201);
      expect(await whoIs(browser)).toBe(null);
    });

    it('A8 has no record of a login that was answered with 503, even if the store writes it late', async () => {
      const { browser, memory, storage } = await start({ login: { storeTimeout: 50 } });
      const gate = new Gate();
      storage.disturb({ before: () => gate.pass() }, 'logins.insert');
      const answer = await browser.post('/login/ada');
      expect([answer.status, answer.cookies]).toEqual([503, []]);
      gate.open();
      for (let turn = 0; turn < 20; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
      expect(storage.count('logins.insert')).toBe(1);
      expect(memory.logins.size).toBe(0);
    });

    it.each(['sessions.get', 'sessions.touch'] as const)(
      'C12 of a visitor gets a response in time although the store never answers %s',
      async (method) => {
        const { browser, storage } = await start({ login: { storeTimeout: 50 } });
        await browser.get('/set?colour=red');
        const gate = new Gate();
        storage.disturb({ before: () => gate.pass() }, method);
        const late = Symbol('no answer');
        const answered = await Promise.race([
          browser.get('/values').then(({ status }) => status),
          new Promise<symbol>((resolve) => setTimeout(resolve, 3000, late)),
        ]);
        // A request that still waits would keep the application from closing.
        gate.open();
        expect(answered).toBe(method === 'sessions.get' ? 503 : 200);
      },
    );
  });
});
