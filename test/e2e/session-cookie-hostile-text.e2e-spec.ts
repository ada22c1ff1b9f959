/** Session cookies and session values with hostile text, and the stored fields of a session. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import type { LoginFault, LoginModuleOptions } from 'nestjs-login';
import type { TestApp } from '../support/test-app.js';
import { start, idIn, counted } from '../support/session-cookies.js';

const HOSTILE_KEYS = ['__proto__', 'constructor', 'prototype'];

describe('the session', () => {
  describe('under hostile input', () => {
    const NAMES = HOSTILE_KEYS.flatMap((key) => [`${key}=1`, `${key}.polluted=1`, `${key}[polluted]=1`]);
    const BODIES = HOSTILE_KEYS.flatMap((key) => [
      `{"${key}":{"polluted":1}}`,
      `{"next":{"${key}":{"polluted":1}}}`,
      `{"next":"/a","nested":{"${key}":{"${key}":{"polluted":1}}}}`,
      `{"next":["${key}"]}`,
    ]);
    const QUERIES = HOSTILE_KEYS.flatMap((key) => [
      `next[${key}][polluted]=1`,
      `${key}[polluted]=1`,
      `${key}.polluted=1`,
    ]);

    it('B8 pollutes no prototype: 30 payloads in cookie names, next and session values', async () => {
      expect(NAMES.length + BODIES.length + QUERIES.length).toBe(30);
      const { app } = await counted({
        login: { session: { keepOnLogin: ['kept', ...HOSTILE_KEYS] }, loginView: '/login-page', nextIn: 'cookie' },
      });
      const snapshot = (): string =>
        JSON.stringify(
          [Object.prototype, Array.prototype, Function.prototype, Object].map((object) =>
            Reflect.ownKeys(object).map(String),
          ),
        );
      const before = snapshot();
      const statuses = new Set<number>();
      const ask = async (answer: Promise<{ status: number }>): Promise<void> => {
        statuses.add((await answer).status);
      };
      for (const name of NAMES) {
        await ask(app.browser().get('/whoami', { cookie: `${name}; login-notice=${name}; session=${name}` }));
        await ask(app.browser().get('/set?colour=red', { cookie: name }));
      }
      for (const query of QUERIES) {
        await ask(app.browser().get(`/next?${query}`));
        await ask(app.browser().get(`/protected?${query}`));
        await ask(app.browser().get(`/set?${query}`));
      }
      for (const json of BODIES) {
        const browser = app.browser();
        const body = JSON.parse(`{"kept":${json}}`) as object;
        await ask(browser.post('/keep', { body }));
        await ask(browser.post('/keep', { body: JSON.parse(json) as object }));
        await ask(browser.post('/login/ada'));
        await ask(browser.get('/values'));
        await ask(browser.post('/keep', { body: JSON.parse(json) as object }));
        await ask(browser.get('/values'));
        await ask(browser.post('/confirm'));
        expect((await browser.get('/values')).json).toMatchObject({ kept: {} });
        await ask(browser.post('/next', { body: JSON.parse(json) as object }));
      }
      expect([...statuses].filter((status) => status >= 500)).toEqual([]);
      expect(snapshot()).toBe(before);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });

    it('B8 has no next page if next is no string, or is sent more than once', async () => {
      const { app } = await counted();
      const browser = app.browser();
      const nexts: unknown[] = [
        ['/protected'],
        [['/protected']],
        { toString: '/protected' },
        { 0: '/protected', length: 1 },
        1,
        0,
        true,
        null,
        {},
        [],
        '',
      ];
      for (const next of nexts)
        expect([next, (await browser.post('/next', { body: { next } })).json]).toEqual([next, { next: null }]);
      for (const query of ['next=/a&next=/b', 'next[]=/a', 'next[0]=/a', 'next[a]=/a', 'next', 'next=', 'NEXT=/a'])
        expect([query, (await browser.get(`/next?${query}`)).json]).toEqual([query, { next: null }]);
      for (const body of [['/a'], [{ next: '/a' }], {}])
        expect((await browser.post('/next', { body })).json).toEqual({ next: null });
      expect((await browser.post('/next', { body: { next: '/protected' } })).json).toEqual({ next: '/protected' });
    });

    it('B8 logs nobody in by 1,000 random bodies, queries and cookies, and there is no 5xx', async () => {
      const { app, storage } = await counted();
      const browser = app.browser();
      const key = fc.oneof(fc.constantFrom('next', 'id', 'password', 'remember', ...HOSTILE_KEYS), fc.string());
      const value = fc.oneof(fc.constantFrom<unknown>('ada', '/a', '//evil.example', null, true), fc.jsonValue());
      const body = fc.oneof(fc.dictionary(key, value), fc.array(value), fc.jsonValue());
      const text = fc.oneof(fc.constantFrom('session', 'login-notice', 's%3A', ...HOSTILE_KEYS), fc.string());
      const pairs = fc.array(fc.tuple(text, text), { maxLength: 5 });
      const path = fc.constantFrom('/sign-in', '/next', '/confirm', '/logout', '/protected', '/keep');
      await fc.assert(
        fc.asyncProperty(path, body, pairs, pairs, async (page, form, query, cookies) => {
          const search = new URLSearchParams(query).toString();
          const cookie = cookies.map(([name, content]) => `${name}=${content}`).join('; ');
          const inHeader = cookie.replace(/[^\x20-\xff]/g, '');
          const answer = await browser.post(`${page}?${search}`, { body: form, cookie: inHeader });
          expect(answer.status).toBeLessThan(500);
        }),
        { numRuns: 1000, seed: 20_000 },
      );
      expect(storage.count('logins.insert')).toBe(0);
      expect(app.events.filter(({ name }) => name === 'loggedIn')).toEqual([]);
      await browser.post('/sign-in', { body: { id: 'ada', password: 'the real one' } });
      expect(storage.count('logins.insert')).toBe(1);
    });

    const CONTROLS = ['\r\nSet-Cookie: planted=1', '\nX-Planted: 1', '\rX-Planted: 1', '\0', '\r\n\r\n<script>'];
    const NEXTS = CONTROLS.flatMap((control) => [
      `/a${control}`,
      `/a?b=${control}`,
      `/a#${control}`,
      `${control}/a`,
      `/${control}/evil.example`,
    ]);

    it('B9 gets no header line from a next with CR, LF or NUL, to the login view and back', async () => {
      const { app } = await counted({ login: { loginView: '/login-page' } });
      const browser = app.browser();
      const clean = (answer: { headers: Record<string, unknown>; cookies: readonly string[] }): void => {
        expect(answer.headers).not.toHaveProperty('x-planted');
        expect(answer.cookies.filter((line) => line.startsWith('planted'))).toEqual([]);
        expect(answer.headers.location).toMatch(/^[\x21-\x7e]+$/);
      };
      for (const next of NEXTS) {
        const escaped = encodeURIComponent(next);
        const back = await browser.get(`/go?next=${escaped}`);
        expect([next, back.status, back.headers.location]).toEqual([next, 302, '/home']);
        clean(back);
        for (const page of [`/protected?q=${escaped}`, `/protected?next=${escaped}`]) {
          const refused = await browser.get(page);
          expect(refused.status).toBe(302);
          clean(refused);
          const forth = new URL(String(refused.headers.location), app.origin).searchParams.get('next');
          expect(forth).toBe(page);
        }
      }
    });

    it('B9 is refused at the start with CR, LF, NUL or ; in name, path or domain of its cookie', async () => {
      const code = (cookie: LoginModuleOptions['session']): Promise<string> =>
        start({ login: { session: cookie ?? {} } }).then(
          async (app) => app.close().then(() => 'started'),
          (error: LoginFault) => error.code,
        );
      const bad = ['\r', '\n', '\0', ';', '\r\nSet-Cookie: a=b', '; Domain=evil.example', ' ', ',', '\t', '"'];
      for (const text of bad) {
        expect([text, await code({ name: `session${text}` })]).toEqual([text, 'ERR_LOGIN_COOKIE']);
        expect([text, await code({ cookie: { domain: `app.example${text}` } })]).toEqual([
          text,
          'ERR_LOGIN_INVALID_OPTION',
        ]);
      }
      for (const text of bad.filter((one) => one !== ',' && one !== '"'))
        expect([text, await code({ cookie: { path: `/${text}` } })]).toEqual([text, 'ERR_LOGIN_INVALID_OPTION']);
    });
  });

  describe('in the store', () => {
    const firstLoginOf = (app: TestApp): string =>
      (app.events.find(({ name }) => name === 'loggedIn') as { event: { loginId: string } }).event.loginId;
    const PLANTED = 'role=admin&userId=bob&isAdmin=1&_user_id=bob&_fresh=1&passport=x&login=bob&loginId=x';

    it('A2 takes no value of an anonymous session into a login', async () => {
      const { app, memory } = await counted();
      const browser = app.browser();
      await browser.get(`/set?${PLANTED}`);
      expect(Object.keys((await browser.get('/values')).json)).toHaveLength(8);
      await browser.post('/login/ada');
      expect((await browser.get('/values')).json).toEqual({});
      expect((await browser.get('/whoami')).json).toEqual({
        id: 'ada',
        authenticated: true,
        fresh: true,
        remembered: false,
      });
      expect(memory.sessions.size).toBe(0);
    });

    it('A2 takes only the anonymous values that keepOnLogin names into a login', async () => {
      const { app } = await counted({ login: { session: { keepOnLogin: ['cart', 'language', 'never set'] } } });
      const browser = app.browser();
      await browser.get(`/set?${PLANTED}&cart=7&language=de`);
      await browser.post('/login/ada');
      expect((await browser.get('/values')).json).toEqual({ cart: '7', language: 'de' });
    });

    it('A9 of a login has exactly these fields within 600 bytes, and no field among its values', async () => {
      const { app, memory } = await counted();
      const browser = app.browser();
      await browser.post('/login/ada');
      await browser.get('/set?colour=red');
      await browser.get('/protected');
      const loginId = firstLoginOf(app);
      const { record, values } = await memory.logins.find(loginId, { values: true });
      expect(record && Object.keys(record).toSorted()).toEqual(
        [
          'authenticatedAt',
          'createdAt',
          'endsAt',
          'freshAt',
          'id',
          'identifier',
          'ip',
          'lastSeenAt',
          'remember',
          'session',
          'stampHash',
          'submissionHash',
          'userAgent',
          'userId',
          'version',
        ].toSorted(),
      );
      expect(Object.keys(record?.session ?? {}).toSorted()).toEqual(['endsAt', 'idHash', 'startedAt', 'tokenHash']);
      expect(values).toBe('{"colour":"red"}');
      const json = JSON.stringify(record);
      expect(Buffer.byteLength(json)).toBeLessThanOrEqual(600);
      const secret = idIn(browser.jar.get('session') as string).slice(loginId.length + 1);
      expect(secret).toHaveLength(22);
      for (const text of [secret, 'ADA', 'isActive']) expect(json).not.toContain(text);
    });

    it('A9 of a visitor holds its cookie and the values of the application', async () => {
      const { app, memory } = await counted();
      const browser = app.browser();
      await browser.get('/set?colour=red');
      const id = idIn(browser.jar.get('session-anonymous') as string);
      expect(memory.sessions.size).toBe(1);
      const key = createHash('sha256').update(id).digest('base64url');
      const session = await new Promise<unknown>((resolve) =>
        memory.sessions.get(key, (_error, found) => resolve(found)),
      );
      expect(session).toEqual({ cookie: expect.any(Object) as object, colour: 'red' });
      expect(JSON.stringify(session)).not.toContain(id);
    });
  });
});
