/** Which session belongs to whom: ids that change and die, values that stay or go, answers that no cache keeps, logins that no other site makes. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { jest } from '@jest/globals';
import { Controller, Get, NotFoundException, Post, Query, Req, Session } from '@nestjs/common';
import type { Request } from 'express';
import type { Session as ExpressSession } from 'express-session';
import { LoginManagerService, memoryStorage } from 'nestjs-login';
import { NAVIGATION } from '../support/browser-client.js';
import type { Answer, Browser } from '../support/browser-client.js';
import { CountingStorage, fails, hangs } from '../support/counting-storage.js';
import { SECRET, startTestApp } from '../support/test-app.js';
import type { TestApp, TestAppSettings } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

jest.setTimeout(60_000);

/** Where a test keeps requests waiting. */
class Gate {
  #open: () => void = () => undefined;
  readonly passed = new Promise<void>((resolve) => (this.#open = resolve));
  #arrive: () => void = () => undefined;
  readonly arrived = new Promise<void>((resolve) => (this.#arrive = resolve));

  async pass(): Promise<void> {
    this.#arrive();
    await this.passed;
  }

  open(): void {
    this.#open();
  }
}

@Controller()
class IdentityController {
  static gate = new Gate();

  constructor(
    readonly login: LoginManagerService,
    readonly users: TestUsers,
  ) {}

  /** What an application may do by itself; who is logged in right afterwards. */
  @Post('own/:what')
  async own(
    @Req() req: Request & { session: ExpressSession },
    @Query('what') what: 'regenerate' | 'destroy',
    @Query('first') first?: 'ask' | 'logout',
    @Query('write') write?: string,
  ): Promise<{ id: string | null }> {
    if (first === 'ask') await this.login.currentUser(req);
    if (first === 'logout') await this.login.logoutUser(req);
    await new Promise<void>((resolve, reject) =>
      req.session[what]((error: unknown) => (error ? reject(error as Error) : resolve())),
    );
    if (write !== undefined) Object.assign(req.session, { written: write });
    return { id: ((await this.login.currentUser(req)) as { id: string } | null)?.id ?? null };
  }

  @Get('slow')
  async slow(@Session() session: Record<string, unknown>, @Query() query: Record<string, string>): Promise<object> {
    await IdentityController.gate.pass();
    Object.assign(session, query);
    return { ok: true };
  }

  /** A login by GET: a link in a mail. */
  @Get('link-login')
  async linkLogin(@Req() req: Request): Promise<{ ok: boolean }> {
    const user = this.users.table.get('ada');
    if (!user) throw new NotFoundException();
    return { ok: await this.login.loginUser(req, user) };
  }

  @Get('both')
  async both(
    @Req() req: Request,
    @Session() session: { owner?: string },
    @Query('owner') owner?: string,
  ): Promise<{ id: string | null; owner: string | null }> {
    if (owner) session.owner = owner;
    const user = (await this.login.currentUser(req)) as { id: string } | null;
    return { id: user?.id ?? null, owner: session.owner ?? null };
  }
}

const idIn = (cookie: string): string =>
  decodeURIComponent(cookie)
    .slice(2)
    .replace(/\.[^.]*$/, '');
const loginIdIn = (cookie: string): string => idIn(cookie).split('.')[0] as string;
const hashOf = (id: string): string => createHash('sha256').update(id).digest('base64url');

describe('the session', () => {
  const running: TestApp[] = [];
  afterEach(async () => {
    for (const app of running.splice(0)) await app.close();
  });

  async function start(settings: TestAppSettings = {}) {
    const clock = { now: Date.now() };
    const memory = memoryStorage({ clock: () => clock.now });
    memory.close();
    const storage = new CountingStorage(memory);
    IdentityController.gate = new Gate();
    const app = await startTestApp({ ...settings, storage, controllers: [IdentityController] });
    running.push(app);
    return { app, clock, memory, storage, browser: app.browser() };
  }

  const cookieOf = (browser: Browser): string => browser.jar.get('session') as string;
  const anonymousOf = (browser: Browser): string => browser.jar.get('session-anonymous') as string;
  /** The cookie of whichever session a browser is in, sent back under both names. */
  const replayed = (cookie: string): string => `session=${cookie}; session-anonymous=${cookie}`;
  const whoIs = async (browser: Browser): Promise<string | null> =>
    ((await browser.get('/whoami')).json as { id: string | null }).id;
  const valuesOf = async (browser: Browser): Promise<unknown> => (await browser.get('/values')).json;

  describe('gets another id, and the former one is dead,', () => {
    type Started = Awaited<ReturnType<typeof start>>;

    /** Replays a cookie everywhere: it names nobody, shows nothing and opens no door. */
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

    it('A1 at a login over the session of a stranger', async () => {
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
      ['A1 at a login again as the same user', 'ada'],
      ['A1 at a login as another user', 'bob'],
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

    it('A1 C1 at a logout: login and session are gone, and the browser keeps no cookie of ours', async () => {
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

    it('C1 at a logout without a handler that reads the session, with one login per device', async () => {
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

    it('C1 at a logout of a visitor who is not logged in', async () => {
      const started = await start();
      const { app } = started;
      const stranger = app.browser();
      await stranger.get('/set?colour=red');
      const former = anonymousOf(stranger);
      await stranger.post('/logout');
      expect((await app.browser().get('/values', { cookie: replayed(former) })).json).toEqual({});
      expect(await isStored(started, former)).toBe(false);
    });

    it('D5 at a confirmation by somebody else: a login as another user holds nothing of the first', async () => {
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
      ['by a stranger', async (stranger: Browser) => stranger.get('/set?colour=red'), ''],
      ['by who is logged in', async (browser: Browser) => browser.post('/login/ada'), ''],
      [
        'by who is logged in, and asks who that is',
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

    it('are stored nowhere by a request that is let in beside the one that restores, also after session.regenerate()', async () => {
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

    it('go when another user logs in, but for keepOnLogin', async () => {
      const { browser } = await start({ login });
      await browser.post('/login/ada');
      await browser.get('/set?colour=red&cart=7');
      await browser.post('/login/bob');
      expect(await valuesOf(browser)).toEqual({ cart: '7' });
    });

    it('go when a stranger logs in, but for keepOnLogin', async () => {
      const { browser } = await start({ login });
      await browser.get('/set?colour=red&cart=7');
      await browser.post('/login/ada');
      expect(await valuesOf(browser)).toEqual({ cart: '7' });
    });

    it('go at a logout, all of them; what is written afterwards is a new session', async () => {
      const { browser } = await start({ login });
      await browser.post('/login/ada');
      await browser.get('/set?colour=red&cart=7');
      await browser.post('/logout');
      expect(await valuesOf(browser)).toEqual({});
      await browser.get('/set?colour=blue');
      await browser.post('/login/ada');
      expect(await valuesOf(browser)).toEqual({});
    });

    it.each(['ada', 'bob'])('a thief under strong protection does not get by a login as %s', async (id) => {
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

  describe('after a logout', () => {
    const sessionLines = (answer: Answer): string[] => answer.cookies.filter((line) => line.startsWith('session='));

    it('C2 is not brought back by a request that was under way, which sets no cookie and stores nothing', async () => {
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
      ['a page that notes the use', 'GET', '/protected', 'logins.touch'],
      ['a page that asks who it is', 'GET', '/whoami', 'logins.find'],
    ] as const)('C2 is not brought back by %s whose store call comes after it', async (_case, method, path, call) => {
      const { browser, memory, clock, storage } = await start();
      await browser.post('/login/ada');
      clock.now += 120_000;
      const tab = browser.clone();
      const gate = new Gate();
      // The find of the logout itself is not to wait.
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
    });

    it('C2 gets no new cookie from the same answer that logs out', async () => {
      const { browser } = await start();
      await browser.post('/login/ada');
      const lines = sessionLines(await browser.post('/logout'));
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/Expires=Thu, 01 Jan 1970/);
    });

    it('C11 stays ended by 10,000 logouts of nobody: no new key, no 5xx', async () => {
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
    ])(
      'C12 is not claimed to be ended when a store that %s cannot store it: 503, cookies cleared',
      async (_c, fault) => {
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
      },
    );

    it('C12 is ended although the answer said 503, where the store did it and its answer got lost', async () => {
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
    ])('C12 is 503 with the cookies kept where the session cannot even be opened: the store %s', async (_c, fault) => {
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

    it('A8 has no row of a login that was answered with 503, also where the store wrote it after all', async () => {
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
      'C12 answers also the stranger whose session store never answers a %s',
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
        // So that a request which still waits does not keep the application from closing.
        gate.open();
        expect(answered).toBe(method === 'sessions.get' ? 503 : 200);
      },
    );
  });

  describe('keeps out of caches', () => {
    const isPrivate = ({ headers }: Answer): boolean =>
      headers['cache-control'] === 'no-store' && /(^|, )Cookie(,|$)/.test(headers.vary ?? '');

    it('I1 every answer that asked who it is, used an existing session, wrote, logged in or out, or refused', async () => {
      const { app, browser, clock } = await start({ login: { loginView: '/login-page', refreshView: '/again' } });
      const json = { accept: 'application/json', 'sec-fetch-mode': 'cors' };
      const seen: [string, boolean][] = [];
      const ask = async (what: string, asked: Promise<Answer>): Promise<void> => {
        seen.push([what, isPrivate(await asked)]);
      };
      await ask('refused with a redirect', browser.get('/protected'));
      await ask('refused with a 401', browser.get('/protected', { headers: json }));
      await ask('messages read', browser.get('/flashes'));
      await ask('asked who it is, nobody', app.browser().get('/whoami'));
      await ask('anonymous session written', browser.get('/set?colour=red'));
      await ask('anonymous session read', browser.get('/values'));
      await ask('logged in', browser.post('/login/ada'));
      await ask('guarded page', browser.get('/protected'));
      await ask('asked who it is', browser.get('/whoami'));
      await ask('session of a login read', browser.get('/values'));
      await ask('session of a login written', browser.get('/set?colour=red'));
      await ask('confirmed', browser.post('/confirm'));
      await browser.post('/login/ada?fresh=0');
      await ask('not fresh, redirected', browser.get('/fresh'));
      await ask('not fresh, 401', browser.get('/fresh', { headers: json }));
      await ask('inactive user refused', app.browser().post('/login/eve'));
      await ask(
        'cross-site login refused',
        app.browser().post('/login/ada', { headers: { 'sec-fetch-site': 'cross-site' } }),
      );
      const other = browser.clone({ ...NAVIGATION, 'user-agent': 'another' });
      await ask('another browser', other.get('/protected'));
      await ask('logged out', browser.post('/logout'));
      await ask('logged out again', browser.post('/logout'));
      await browser.post('/login/ada');
      clock.now += 40 * 86_400_000;
      await ask('expired', browser.get('/protected'));
      expect(seen.filter(([, isKept]) => !isKept).map(([what]) => what)).toEqual([]);
    });

    it('I1 also when the store is down', async () => {
      const { browser, storage } = await start();
      await browser.post('/login/ada');
      storage.disturb(fails, 'logins.find');
      const answer = await browser.get('/protected');
      expect([answer.status, isPrivate(answer)]).toEqual([503, true]);
    });

    it('I1 also where strong protection hides or ends a login', async () => {
      const { browser } = await start({ login: { sessionProtection: 'strong' } });
      await browser.post('/login/ada');
      const thief = browser.clone({ ...NAVIGATION, 'user-agent': 'thief' });
      expect(isPrivate(await thief.get('/values'))).toBe(true);
      expect(isPrivate(await thief.get('/protected'))).toBe(true);
    });

    it('I1 but leaves public pages to caches, also for a visitor with a session that nobody touches', async () => {
      const { app, browser } = await start({ setup: (nest) => nest.enableCors({ origin: ['https://a.example'] }) });
      const stranger = app.browser();
      await stranger.get('/set?colour=red');
      await browser.post('/login/ada');
      for (const visitor of [app.browser(), stranger, browser]) {
        const open = await visitor.get('/public');
        expect([open.headers['cache-control'], open.headers.vary]).toEqual([undefined, 'Origin']);
      }
    });

    it('I1 and leaves what the application says about Vary in place', async () => {
      const { browser } = await start({ setup: (nest) => nest.enableCors({ origin: ['https://a.example'] }) });
      await browser.post('/login/ada');
      const guarded = await browser.get('/protected');
      expect(guarded.headers.vary?.split(', ').toSorted()).toEqual(['Cookie', 'Origin']);
    });
  });

  describe('of a login that another site sent', () => {
    const ORIGIN = 'https://app.example';
    const POST = { ...NAVIGATION, 'sec-fetch-site': null, origin: null } as Record<string, string | null>;

    const REFUSED: [string, Record<string, string>][] = [
      ['Sec-Fetch-Site: cross-site', { 'sec-fetch-site': 'cross-site' }],
      ['cross-site with its Origin', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
      ['cross-site with Origin null', { 'sec-fetch-site': 'cross-site', origin: 'null' }],
      ['Sec-Fetch-Site: same-site', { 'sec-fetch-site': 'same-site' }],
      ['same-site from a sub-domain', { 'sec-fetch-site': 'same-site', origin: 'https://blog.app.example' }],
      ['Origin of elsewhere', { origin: 'https://evil.example' }],
      ['Origin null', { origin: 'null' }],
      ['Origin of our name in plain http', { origin: 'http://app.example' }],
      ['Origin of our name on another port', { origin: 'https://app.example:8443' }],
      ['Origin that begins like ours', { origin: 'https://app.example.evil.example' }],
      ['Origin of elsewhere, with a Host to match', { origin: 'https://evil.example', host: 'evil.example' }],
      ['a Sec-Fetch-Site that does not exist', { 'sec-fetch-site': 'unheard-of' }],
    ];
    const ALLOWED: [string, Record<string, string>][] = [
      ['Sec-Fetch-Site: same-origin', { 'sec-fetch-site': 'same-origin' }],
      ['same-origin with our Origin', { 'sec-fetch-site': 'same-origin', origin: ORIGIN }],
      ['Sec-Fetch-Site: none', { 'sec-fetch-site': 'none' }],
      ['neither header', {}],
      ['our Origin', { origin: ORIGIN }],
      ['same-site with our Origin', { 'sec-fetch-site': 'same-site', origin: ORIGIN }],
    ];

    it.each(REFUSED)('I2 is refused with 403 and a code, without session or row: %s', async (_case, headers) => {
      const { app, browser, storage } = await start({ login: { origin: ORIGIN } });
      const answer = await browser.post('/login/ada', { headers: { ...POST, ...headers } });
      expect([answer.status, answer.cookies]).toEqual([403, []]);
      expect(answer.json).toMatchObject({ statusCode: 403, code: 'ERR_LOGIN_CROSS_SITE' });
      expect(storage.writes).toBe(0);
      expect(app.events).toMatchObject([{ name: 'loginRefused', event: { userId: 'ada', reason: 'cross-site' } }]);
    });

    it.each(REFUSED)('I2 is allowed by name, for this call: %s', async (_case, headers) => {
      const { browser } = await start({ login: { origin: ORIGIN } });
      expect((await browser.post('/login/ada?crossSite=1', { headers: { ...POST, ...headers } })).status).toBe(201);
      expect(await whoIs(browser)).toBe('ada');
    });

    it.each(ALLOWED)('I2 is not what this is: %s', async (_case, headers) => {
      const { browser } = await start({ login: { origin: ORIGIN } });
      expect((await browser.post('/login/ada', { headers: { ...POST, ...headers } })).status).toBe(201);
      expect(await whoIs(browser)).toBe('ada');
    });

    it('I2 is told from our own by the Host header where no origin is configured', async () => {
      const { app, browser } = await start();
      const post = (headers: Record<string, string>): Promise<Answer> =>
        browser.post('/login/ada', { headers: { ...POST, ...headers } });
      expect((await post({ origin: app.origin })).status).toBe(201);
      expect((await post({ origin: 'https://evil.example' })).status).toBe(403);
      expect((await post({ origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' })).status).toBe(403);
    });

    it('I2 leaves a login that is there as it was', async () => {
      const { browser } = await start({ login: { origin: ORIGIN } });
      await browser.post('/login/ada');
      await browser.get('/set?colour=red');
      const answer = await browser.post('/login/bob', { headers: { 'sec-fetch-site': 'cross-site' } });
      expect([answer.status, answer.cookies]).toEqual([403, []]);
      expect([await whoIs(browser), await valuesOf(browser)]).toEqual(['ada', { colour: 'red' }]);
    });

    it('I2 judges no GET: a link in a mail is one', async () => {
      const { browser } = await start({ login: { origin: ORIGIN } });
      const answer = await browser.get('/link-login', { headers: { 'sec-fetch-site': 'cross-site' } });
      expect([answer.status, answer.json]).toEqual([200, { ok: true }]);
      expect(await whoIs(browser)).toBe('ada');
    });
  });

  it('I6 is never that of another: 100 users, 10,000 requests in each other’s way', async () => {
    const { app } = await start();
    const ids = Array.from({ length: 100 }, (_, at) => `user-${at}`);
    for (const id of ids) app.users.table.set(id, { id, name: id, isActive: true });
    // A loader that takes its time: as many turns of the event loop as chance will have it.
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
