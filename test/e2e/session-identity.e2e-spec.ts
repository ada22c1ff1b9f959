/** The session id changes at each login, and is rejected after a logout. */
import { createHash } from 'node:crypto';
import { NAVIGATION } from '../support/browser-client.js';
import type { Answer, Browser } from '../support/browser-client.js';
import type { TestApp } from '../support/test-app.js';
import { start, cookieOf, whoIs, valuesOf } from '../support/identity-app.js';

const idIn = (cookie: string): string =>
  decodeURIComponent(cookie)
    .slice(2)
    .replace(/\.[^.]*$/, '');

const loginIdIn = (cookie: string): string => idIn(cookie).split('.')[0] as string;

const hashOf = (id: string): string => createHash('sha256').update(id).digest('base64url');

describe('the session', () => {
  const anonymousOf = (browser: Browser): string => browser.jar.get('session-anonymous') as string;

  /** Returns a Cookie header with one value under both names of a session cookie. */
  const replayed = (cookie: string): string => `session=${cookie}; session-anonymous=${cookie}`;

  describe('gets a new id, and the former id is rejected,', () => {
    type Started = Awaited<ReturnType<typeof start>>;

    /** Replays a cookie on several pages. It names no user, shows no values and opens no page. */
    async function expectDead(app: TestApp, cookie: string): Promise<void> {
      const replay = (path: string, method = 'GET'): Promise<Answer> =>
        app.browser().request(method, path, {
          cookie: replayed(cookie),
          headers: { accept: 'application/json', 'sec-fetch-mode': 'cors' },
        });
      expect((await replay('/whoami')).json).toEqual({
        id: null,
        authenticated: false,
        fresh: false,
        remembered: false,
      });
      expect((await replay('/protected')).status).toBe(401);
      expect((await replay('/values')).json).toEqual({});
      expect((await replay('/confirm', 'POST')).json).toEqual({ ok: false });
    }

    async function isStored({ memory }: Started, cookie: string): Promise<boolean> {
      const id = idIn(cookie);
      const asSession = await new Promise((resolve) =>
        memory.sessions.get(hashOf(id), (_error, found) => resolve(found)),
      );
      const { record } = await memory.logins.find(loginIdIn(cookie), { values: false });
      return asSession !== null || record?.session.idHash === hashOf(id);
    }

    it('A1 at a login over an anonymous session', async () => {
      const started = await start();
      const { app, browser, memory } = started;
      await browser.get('/set?colour=red');
      const former = anonymousOf(browser);
      expect(await isStored(started, former)).toBe(true);
      await browser.post('/login/ada');
      expect([...browser.jar.keys()]).toEqual(['session']);
      await expectDead(app, former);
      expect(await isStored(started, former)).toBe(false);
      expect(memory.sessions.size).toBe(0);
      expect(await whoIs(browser)).toBe('ada');
    });

    it.each([
      ['A1 at a repeated login of the same user', 'ada'],
      ['A1 at a login of another user', 'bob'],
    ])('%s', async (_case, id) => {
      const started = await start();
      const { app, browser, memory } = started;
      await browser.post('/login/ada');
      await browser.get('/set?colour=red');
      const former = cookieOf(browser);
      expect(await isStored(started, former)).toBe(true);
      await browser.post(`/login/${id}`);
      expect(loginIdIn(cookieOf(browser))).not.toBe(loginIdIn(former));
      await expectDead(app, former);
      expect(await isStored(started, former)).toBe(false);
      expect(memory.logins.size).toBe(1);
      expect(await whoIs(browser)).toBe(id);
    });

    it('A1 at a confirmation', async () => {
      const started = await start();
      const { app, browser, memory } = started;
      await browser.post('/login/ada');
      await browser.get('/set?colour=red');
      const former = cookieOf(browser);
      await browser.post('/confirm');
      expect(cookieOf(browser)).not.toBe(former);
      await expectDead(app, former);
      expect(await isStored(started, former)).toBe(false);
      expect(memory.logins.size).toBe(1);
      expect([await whoIs(browser), await valuesOf(browser)]).toEqual(['ada', { colour: 'red' }]);
    });

    it('A1 C1 at a logout, which deletes login and session and clears all login cookies', async () => {
      const started = await start({ login: { loginView: '/login-page' } });
      const { app, browser, memory } = started;
      await browser.get('/protected');
      await browser.post('/login/ada');
      await browser.get('/set?colour=red');
      expect([...browser.jar.keys()]).toEqual(['session']);
      const former = cookieOf(browser);
      await browser.post('/logout');
      expect([...browser.jar]).toEqual([]);
      await expectDead(app, former);
      expect(await isStored(started, former)).toBe(false);
      expect([memory.logins.size, memory.sessions.size]).toEqual([0, 0]);
    });

    it('C1 at a logout although no handler reads the session, and other devices stay logged in', async () => {
      const { app, browser } = await start();
      const phone = app.browser();
      await browser.post('/login/ada');
      await phone.post('/login/ada');
      await browser.post('/logout');
      expect([await whoIs(browser), await whoIs(phone)]).toEqual([null, 'ada']);
    });

    it.each(['regenerate', 'destroy'])('A1 at session.%s() by the application', async (what) => {
      const started = await start();
      const { app, browser, memory } = started;
      await browser.post('/login/ada');
      await browser.get('/set?colour=red');
      const former = cookieOf(browser);
      expect((await browser.post(`/own/it?what=${what}`)).json).toEqual({ id: null });
      await expectDead(app, former);
      expect(await isStored(started, former)).toBe(false);
      expect(memory.logins.size).toBe(0);

      const stranger = app.browser();
      await stranger.get('/set?colour=red');
      const anonymous = anonymousOf(stranger);
      await stranger.post(`/own/it?what=${what}`);
      expect((await app.browser().get('/values', { cookie: replayed(anonymous) })).json).toEqual({});
      expect(await isStored(started, anonymous)).toBe(false);
    });

    it('C1 at a logout of a visitor without a login', async () => {
      const started = await start();
      const { app } = started;
      const stranger = app.browser();
      await stranger.get('/set?colour=red');
      const former = anonymousOf(stranger);
      await stranger.post('/logout');
      expect((await app.browser().get('/values', { cookie: replayed(former) })).json).toEqual({});
      expect(await isStored(started, former)).toBe(false);
    });

    it('D5 at a login of another user, who finds no session value of the first user', async () => {
      const started = await start();
      const { app, browser, memory } = started;
      await browser.post('/login/ada');
      await browser.get('/set?iban=DE00&colour=red');
      const former = cookieOf(browser);
      await browser.post('/login/bob');
      expect([await whoIs(browser), await valuesOf(browser)]).toEqual(['bob', {}]);
      await expectDead(app, former);
      expect(await isStored(started, former)).toBe(false);
      const { record, values } = await memory.logins.find(loginIdIn(cookieOf(browser)), { values: true });
      expect(record?.userId).toBe('bob');
      expect(values ?? '').not.toContain('DE00');
    });
  });

  describe('has values that', () => {
    const login = { session: { keepOnLogin: ['cart'] } };

    it.each([
      ['by a visitor', async (stranger: Browser) => stranger.get('/set?colour=red'), ''],
      ['by a logged-in user', async (browser: Browser) => browser.post('/login/ada'), ''],
      [
        'by a logged-in user, if the handler has asked for the user',
        async (browser: Browser) => browser.post('/login/ada'),
        '&first=ask',
      ],
      ['after a logout', async (browser: Browser) => browser.post('/login/ada'), '&first=logout'],
    ])('are stored when they are written after session.regenerate(), %s', async (_who, begin, first) => {
      const { app } = await start({ login });
      const browser = app.browser();
      await begin(browser);
      await browser.get('/set?colour=red');
      const former = cookieOf(browser) ?? anonymousOf(browser);
      await browser.post(`/own/it?what=regenerate&write=new${first}`);
      expect([...browser.jar.keys()]).toEqual(['session-anonymous']);
      expect(anonymousOf(browser)).not.toBe(former);
      expect(await valuesOf(browser)).toEqual({ written: 'new' });
      expect(await whoIs(browser)).toBe(null);
      expect((await app.browser().get('/values', { cookie: replayed(former) })).json).toEqual({});
    });

    it('are not stored by a parallel request to the one that restores, even after regenerate()', async () => {
      const { app, memory } = await start({ login });
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      browser.close();
      const late = browser.clone();
      expect(await whoIs(browser)).toBe('ada');
      const answer = await late.post('/own/it?what=regenerate&first=ask&write=new');
      expect([answer.json, answer.cookies]).toEqual([{ id: 'ada' }, []]);
      expect(memory.sessions.size).toBe(0);
      expect(await whoIs(browser)).toBe('ada');
    });

    it('stay when the same user logs in again', async () => {
      const { browser } = await start({ login });
      await browser.post('/login/ada');
      await browser.get('/set?colour=red&cart=7');
      await browser.post('/login/ada');
      expect(await valuesOf(browser)).toEqual({ colour: 'red', cart: '7' });
    });

    it('are dropped when another user logs in, except the keys of keepOnLogin', async () => {
      const { browser } = await start({ login });
      await browser.post('/login/ada');
      await browser.get('/set?colour=red&cart=7');
      await browser.post('/login/bob');
      expect(await valuesOf(browser)).toEqual({ cart: '7' });
    });

    it('are dropped when a visitor logs in, except the keys of keepOnLogin', async () => {
      const { browser } = await start({ login });
      await browser.get('/set?colour=red&cart=7');
      await browser.post('/login/ada');
      expect(await valuesOf(browser)).toEqual({ cart: '7' });
    });

    it('are all dropped at a logout, and later values belong to a new session', async () => {
      const { browser } = await start({ login });
      await browser.post('/login/ada');
      await browser.get('/set?colour=red&cart=7');
      await browser.post('/logout');
      expect(await valuesOf(browser)).toEqual({});
      await browser.get('/set?colour=blue');
      await browser.post('/login/ada');
      expect(await valuesOf(browser)).toEqual({});
    });

    it.each(['ada', 'bob'])('a thief does not get by a login as %s, under strong protection', async (id) => {
      const { browser, memory } = await start({ login: { ...login, sessionProtection: 'strong' } });
      await browser.post('/login/ada');
      await browser.get('/set?colour=red&cart=7');
      const thief = browser.clone({ ...NAVIGATION, 'user-agent': 'thief' });
      await thief.post(`/login/${id}`);
      expect([await whoIs(thief), await valuesOf(thief)]).toEqual([id, {}]);
      expect([await whoIs(browser), await valuesOf(browser)]).toEqual([null, {}]);
      expect(memory.logins.size).toBe(1);
    });
  });

  it('I6 is never the session of another user: 100 users send 10,000 interleaved requests', async () => {
    const { app } = await start();
    const ids = Array.from({ length: 100 }, (_, at) => `user-${at}`);
    for (const id of ids) app.users.table.set(id, { id, name: id, isActive: true });
    // The loader waits for a random number of turns of the event loop.
    const load = app.users.findById.bind(app.users);
    app.users.findById = async (id) => {
      for (let turns = Math.floor(Math.random() * 8); turns > 0; turns -= 1)
        await new Promise<void>((resolve) => setImmediate(resolve));
      return load(id);
    };
    const browsers = await Promise.all(
      ids.map(async (id) => {
        const browser = app.browser();
        await browser.post(`/login/${id}`);
        await browser.get(`/both?owner=${id}`);
        return { id, browser };
      }),
    );
    const crossings: unknown[] = [];
    let asked = 0;
    await Promise.all(
      browsers.map(async ({ id, browser }) => {
        for (let round = 0; round < 50; round += 1) {
          const [both, guarded] = await Promise.all([browser.get('/both'), browser.get('/protected')]);
          asked += 2;
          const { id: shown, owner } = both.json as { id: string; owner: string };
          const { id: letIn } = guarded.json as { id: string };
          if (shown !== id || owner !== id || letIn !== id) crossings.push({ id, shown, owner, letIn });
        }
      }),
    );
    expect(crossings).toEqual([]);
    expect(asked).toBe(10_000);
    expect(new Set(app.users.loads).size).toBe(100);
  });
});
