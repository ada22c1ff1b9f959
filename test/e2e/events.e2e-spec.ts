/** What applications are told: every event with its payload, in order, to every listener, and never a secret. */
import { createHash } from 'node:crypto';
import { Controller, Get, Injectable, Param, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import Database from 'libsql';
import { CurrentUser, Fresh, LoginManagerService, LoginRequired, OnLogin, RequestLoader } from 'nestjs-login';
import type { LoginDevice, LoginEventName, LoginEvents } from 'nestjs-login';
import { migrateLoginTables, sqlStorage } from 'nestjs-login/sql';
import type { Answer, Browser } from '../support/browser-client.js';
import { CountingStorage, fails } from '../support/counting-storage.js';
import { LogBook } from '../support/log-book.js';
import { SECRET, startTestApp } from '../support/test-app.js';
import type { TestApp, TestAppSettings } from '../support/test-app.js';

const VIEWS = { loginView: '/login', refreshView: '/reauthenticate' };
const CLIENT = { ip: '127.0.0.1', userAgent: 'Mozilla/5.0 (test browser)' };
const OTHER_AGENT = { 'user-agent': 'Mozilla/5.0 (another browser)' };
const DAY = 86_400_000;

let running: TestApp | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

async function start(settings: TestAppSettings = {}): Promise<TestApp> {
  running = await startTestApp({ ...settings, login: { ...VIEWS, ...settings.login } });
  return running;
}

/** The payloads of the events of one name. */
const told = <Name extends LoginEventName>(app: TestApp, name: Name): unknown[] =>
  app.events.filter((entry) => entry.name === name).map(({ event }) => event);

const names = (app: TestApp): string[] => app.events.map(({ name }) => name);

/** The name of ada's only login, as every event about it tells it. */
const loginIdOf = (app: TestApp): string => (told(app, 'loggedIn')[0] as LoginEvents['loggedIn']).loginId;

@Injectable()
class ByKey {
  @RequestLoader()
  load(request: Request): unknown {
    return request.headers['x-key'] === 'ada-key' ? { id: 'ada' } : null;
  }
}

describe('the event', () => {
  it('loggedIn tells user, login, client, and whether it is fresh and remembered', async () => {
    const app = await start();
    await app.browser().post('/login/ada');
    await app.browser().post('/login/bob?fresh=0&remember=1');
    const loginId = expect.stringMatching(/^[\w-]{38}$/);
    expect(told(app, 'loggedIn')).toEqual([
      { ...CLIENT, userId: 'ada', loginId, fresh: true, remembered: false, theftSeenAt: null },
      { ...CLIENT, userId: 'bob', loginId, fresh: false, remembered: true, theftSeenAt: null },
    ]);
  });

  it('loggedOut tells whose login ended, and loads nobody', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.post('/login/ada');
    await browser.post('/logout');
    await browser.post('/logout');
    expect(told(app, 'loggedOut')).toEqual([{ ...CLIENT, userId: 'ada', loginId: loginIdOf(app) }]);
    expect(app.users.loads).toEqual([]);
  });

  it('loginConfirmed tells which login became fresh', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.post('/login/ada?fresh=0');
    await browser.post('/confirm');
    await app.browser().post('/confirm');
    expect(told(app, 'loginConfirmed')).toEqual([{ ...CLIENT, userId: 'ada', loginId: loginIdOf(app) }]);
  });

  it('unauthorized tells method and path, without the query', async () => {
    const app = await start();
    await app.browser().post('/protected?token=hidden');
    await app.browser().get('/protected', { headers: { 'sec-fetch-mode': 'cors' } });
    expect(told(app, 'unauthorized')).toEqual([
      { ...CLIENT, method: 'POST', path: '/protected' },
      { ...CLIENT, method: 'GET', path: '/protected' },
    ]);
  });

  it('needsRefresh tells method and path, without the query', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.post('/login/ada?fresh=0');
    await browser.get('/fresh?token=hidden');
    expect(told(app, 'needsRefresh')).toEqual([{ ...CLIENT, method: 'GET', path: '/fresh' }]);
    expect(told(app, 'unauthorized')).toEqual([]);
  });

  it('loadedFromRequest tells whom the request loader named', async () => {
    const app = await start({ providers: [ByKey] });
    expect((await app.browser().get('/protected', { headers: { 'x-key': 'ada-key' } })).status).toBe(200);
    await app.browser().get('/protected', { headers: { 'x-key': 'wrong' } });
    expect(told(app, 'loadedFromRequest')).toEqual([{ ...CLIENT, userId: 'ada' }]);
  });

  it('accessed tells once a request that somebody asks who is there', async () => {
    const app = await start();
    await app.browser().get('/public');
    expect(told(app, 'accessed')).toEqual([]);
    await app.browser().get('/whoami');
    expect(told(app, 'accessed')).toEqual([CLIENT]);
  });

  it.each<['basic' | 'strong']>([['basic'], ['strong']])('sessionProtected tells the mode: %s', async (mode) => {
    const app = await start({ login: { sessionProtection: mode } });
    const browser = app.browser();
    await browser.post('/login/ada');
    await browser.get('/protected', { headers: OTHER_AGENT });
    expect(told(app, 'sessionProtected')).toEqual([
      { ip: CLIENT.ip, userAgent: OTHER_AGENT['user-agent'], userId: 'ada', loginId: loginIdOf(app), mode },
    ]);
  });

  it.each<['idle' | 'absolute', string, string]>([
    ['idle', '1d', '30d'],
    ['absolute', '90d', '1d'],
  ])('loginExpired tells once which limit ended the login: %s', async (limit, idle, absolute) => {
    const app = await start({ login: { login: { idle: idle as '1d', absolute: absolute as '1d' } } });
    const browser = app.browser();
    await browser.post('/login/ada');
    const cookie = browser.cookieHeader();
    app.clock.now += DAY + 1;
    await browser.get('/protected', { cookie });
    await browser.get('/protected', { cookie });
    expect(told(app, 'loginExpired')).toEqual([{ ...CLIENT, userId: 'ada', loginId: loginIdOf(app), limit }]);
  });

  it('loginRefused tells the reason', async () => {
    const app = await start();
    await app.browser().post('/login/eve');
    await app.browser().post('/login/ada', { headers: { 'sec-fetch-site': 'cross-site' } });
    expect(told(app, 'loginRefused')).toEqual([
      { ...CLIENT, userId: 'eve', reason: 'inactive' },
      { ...CLIENT, userId: 'ada', reason: 'cross-site' },
    ]);
    expect(names(app)).toEqual(['loginRefused', 'loginRefused']);
  });

  it('comes in the order in which things happen in a visit', async () => {
    const app = await start();
    const browser = app.browser();
    const during = async (step: () => Promise<Answer>): Promise<string[]> => {
      app.events.length = 0;
      await step();
      return names(app);
    };
    expect(await during(() => browser.get('/public'))).toEqual([]);
    expect(await during(() => browser.get('/protected'))).toEqual(['accessed', 'unauthorized']);
    expect(await during(() => browser.post('/login/ada?fresh=0'))).toEqual(['loggedIn']);
    expect(await during(() => browser.get('/protected'))).toEqual(['accessed']);
    expect(await during(() => browser.get('/fresh'))).toEqual(['accessed', 'needsRefresh']);
    expect(await during(() => browser.post('/confirm'))).toEqual(['accessed', 'loginConfirmed']);
    expect(await during(() => browser.get('/fresh'))).toEqual(['accessed']);
    expect(await during(() => browser.get('/fresh', { headers: OTHER_AGENT }))).toEqual([
      'accessed',
      'sessionProtected',
      'needsRefresh',
    ]);
    expect(await during(() => browser.post('/logout'))).toEqual(['loggedOut']);
    expect(await during(() => browser.get('/whoami'))).toEqual(['accessed']);
  });

  it('is told after the state has changed: a listener already finds the login ended', async () => {
    const app = await start();
    const alive: (number | undefined)[] = [];
    app.login.events.on('loggedOut', async ({ loginId }) => {
      alive.push((await app.storage.logins.find(loginId, { values: false })).record ? 1 : 0);
    });
    app.login.events.on('loggedIn', async ({ loginId }) => {
      alive.push((await app.storage.logins.find(loginId, { values: false })).record ? 1 : 0);
    });
    const browser = app.browser();
    await browser.post('/login/ada');
    await browser.post('/logout');
    expect(alive).toEqual([1, 0]);
  });
});

const heard: string[] = [];

class BaseListener {
  @OnLogin('loggedIn')
  inherited(event: LoginEvents['loggedIn']): void {
    heard.push(`inherited ${event.userId} by ${this.constructor.name}`);
  }

  @OnLogin('loggedOut')
  overridden(): void {
    heard.push('not overridden');
  }
}

@Injectable()
class Listener extends BaseListener {
  @OnLogin('loggedIn')
  @OnLogin('loggedOut')
  both(event: LoginEvents['loggedIn'] | LoginEvents['loggedOut']): void {
    heard.push(`both ${event.userId}`);
  }

  @OnLogin('loggedOut')
  async second(event: LoginEvents['loggedOut']): Promise<void> {
    heard.push(`second ${event.userId}`);
  }

  override overridden(): void {
    heard.push('overridden');
  }
}

@Controller()
class ListeningController {
  @OnLogin('loggedIn')
  greet(): void {
    heard.push('controller');
  }
}

describe('@OnLogin()', () => {
  it('makes listeners of methods: several events on one, several methods on one event, inherited ones, of controllers', async () => {
    heard.length = 0;
    const app = await start({
      providers: [Listener, { provide: 'alias', useExisting: Listener }],
      controllers: [ListeningController],
    });
    const browser = app.browser();
    await browser.post('/login/ada');
    expect([...heard].sort()).toEqual(['both ada', 'controller', 'inherited ada by Listener']);
    heard.length = 0;
    await browser.post('/logout');
    expect([...heard].sort()).toEqual(['both ada', 'overridden', 'second ada']);
  });

  it('two applications in a process hear their own logins alone', async () => {
    const other = await startTestApp();
    const app = await start();
    await app.browser().post('/login/ada');
    expect([told(app, 'loggedIn').length, told(other, 'loggedIn').length]).toEqual([1, 0]);
    await other.close();
  });
});

describe('events.on()', () => {
  it('calls listeners in the order they came, until each is taken away', async () => {
    const app = await start();
    const calls: string[] = [];
    const off = app.login.events.on('loggedIn', () => calls.push('first'));
    const same = (): unknown => calls.push('same');
    const offSame = app.login.events.on('loggedIn', same);
    app.login.events.on('loggedIn', same);
    await app.browser().post('/login/ada');
    expect(calls).toEqual(['first', 'same', 'same']);
    off();
    off();
    offSame();
    calls.length = 0;
    await app.browser().post('/login/ada');
    expect(calls).toEqual(['same']);
  });

  it('may be taken away by a listener while it is called', async () => {
    const app = await start();
    const calls: string[] = [];
    const off = app.login.events.on('loggedIn', () => {
      calls.push('once');
      off();
    });
    app.login.events.on('loggedIn', () => calls.push('always'));
    await app.browser().post('/login/ada');
    await app.browser().post('/login/ada');
    expect(calls).toEqual(['once', 'always', 'always']);
  });
});

@Controller()
class Traps {
  @Get('fails')
  fails(): never {
    throw new Error('the handler failed');
  }

  @Get('fails-guarded')
  @LoginRequired()
  failsGuarded(): never {
    throw new Error('the guarded handler failed');
  }

  @Get('never-fresh')
  @Fresh({ maxAge: 1 })
  neverFresh(): string {
    return 'page';
  }
}

/** A visit that causes every event, and what is seen of it. */
async function visit(app: TestApp): Promise<unknown[]> {
  const browser = app.browser();
  const seen: unknown[] = [];
  const note = async (answer: Promise<Answer>): Promise<void> => {
    const { status, text, headers } = await answer;
    seen.push([status, text.replaceAll(app.origin, '<origin>'), headers.location ?? null]);
  };
  await note(browser.get('/protected'));
  await note(browser.post('/login/eve'));
  await note(browser.post('/login/ada', { headers: { 'sec-fetch-site': 'cross-site' } }));
  await note(browser.post('/login/ada?fresh=0'));
  await note(browser.get('/protected'));
  await note(browser.get('/fresh'));
  await note(browser.post('/confirm'));
  await note(browser.get('/fresh'));
  await note(browser.get('/fresh', { headers: OTHER_AGENT }));
  await note(browser.get('/protected', { cookie: null, headers: { 'x-key': 'ada-key' } }));
  await note(browser.post('/logout'));
  await note(browser.post('/login/bob'));
  app.clock.now += 40 * DAY;
  await note(browser.get('/whoami'));
  return seen;
}

const EVERY: LoginEventName[] = [
  'loggedIn',
  'loggedOut',
  'loadedFromRequest',
  'loginConfirmed',
  'unauthorized',
  'needsRefresh',
  'accessed',
  'sessionProtected',
  'loginExpired',
  'loginRefused',
];

describe('I5 a listener that', () => {
  const bad: [string, () => unknown, boolean][] = [
    ['throws', () => raise(new Error('a listener failed')), true],
    ['rejects', async () => raise(new Error('a listener failed')), true],
    ['hangs', () => new Promise(() => undefined), false],
    ['throws a text', () => raise('a listener failed'), true],
    ['throws undefined', () => raise(undefined), true],
    ['throws what cannot be printed', () => raise(Object.create(null)), true],
    ['rejects with what cannot be printed', async () => raise(Object.create(null)), true],
    // oxlint-disable-next-line unicorn/no-thenable -- what is tested
    ['answers a thenable that throws', () => ({ then: () => raise(new Error('a listener failed')) }), true],
    [
      'answers an object whose "then" throws',
      // oxlint-disable-next-line unicorn/no-thenable -- what is tested
      () => Object.defineProperty({}, 'then', { get: () => raise(new Error('a listener failed')) }),
      true,
    ],
    [
      'changes the event',
      (event?: unknown) => Object.keys(event as object).every((key) => Reflect.deleteProperty(event as object, key)),
      false,
    ],
  ];
  it.each(bad)('%s changes no answer, is logged, and later listeners still hear', async (_, listener, logged) => {
    const quiet = await start({ providers: [ByKey] });
    const expected = await visit(quiet);
    const wanted = quiet.events.map(({ name, event }) => [name, Object.keys(event).sort()]);
    expect(new Set(names(quiet))).toEqual(new Set(EVERY));
    await quiet.close();

    const book = new LogBook();
    const handlers: Record<string, unknown> = {};
    @Injectable()
    class BadListener {
      fail(event: unknown): unknown {
        handlers.called = true;
        return (listener as (event: unknown) => unknown)(event);
      }
    }
    for (const name of EVERY)
      OnLogin(name)(
        BadListener.prototype,
        'fail',
        Object.getOwnPropertyDescriptor(BadListener.prototype, 'fail') as never,
      );
    const app = await start({ providers: [ByKey, BadListener], setup: (nest) => nest.useLogger(book) });
    expect(await visit(app)).toEqual(expected);
    expect(handlers.called).toBe(true);
    expect(app.events.map(({ name, event }) => [name, Object.keys(event).sort()])).toEqual(wanted);
    await new Promise((resolve) => setImmediate(resolve));
    for (const name of EVERY)
      expect([name, book.lines.some((line) => line.includes(`A listener of "${name}" failed`))]).toEqual([
        name,
        logged,
      ]);
    expect((await app.browser().get('/public')).status).toBe(200);
  });
});

function raise(thrown: unknown): never {
  throw thrown;
}

@Controller('devices')
class Devices {
  constructor(private readonly login: LoginManagerService) {}

  @Get()
  @LoginRequired()
  list(@Req() req: Request, @CurrentUser('id') id: string): Promise<LoginDevice[]> {
    return this.login.logins(id, req);
  }

  @Post('revoke/:id')
  @LoginRequired()
  revoke(@Param('id') loginId: string, @CurrentUser('id') id: string): Promise<boolean> {
    return this.login.revoke(id, loginId);
  }

  @Post('others')
  others(@Req() req: Request): Promise<number> {
    return this.login.logoutOthers(req);
  }
}

/** Of every kind, each where it is called by a step of `unstoredVisit`. */
const FAILING = ['find', 'insert', 'replace', 'saveValues', 'listByUser', 'deleteByUser', 'delete'] as const;

describe('A5 no secret', () => {
  const secrets = new Set<string>();
  const book = new LogBook();
  const said: string[] = [];
  const clock = { now: Date.now() };
  const database = new Database(':memory:');
  let storage: CountingStorage;
  let app: TestApp;
  let browser: Browser;
  beforeAll(async () => {
    await migrateLoginTables(database);
    const inner = sqlStorage(database, { clock: () => clock.now });
    inner.close();
    storage = new CountingStorage(inner);
  });
  afterAll(() => database.close());

  /** What a browser's cookies hold: values, as sent and decoded, session ids, tokens, and their parts but the ids of records. */
  function keepSecrets({ jar }: Browser): void {
    for (const [name, value] of jar) {
      const decoded = decodeURIComponent(value);
      const unsigned = decoded.slice(0, decoded.lastIndexOf('.')).replace(/^s:/, '');
      const parts = decoded.replace(/^(s:|v1\.)/, '').split('.');
      const inParts =
        name === 'session' || name === 'remember' ? [unsigned, ...parts.filter(({ length }) => length !== 38)] : [];
      for (const secret of [value, decoded, ...inParts]) secrets.add(secret);
    }
  }

  /** The secrets that stand in a text, as they are or as a hash: 20 characters of one are no accident. */
  const secretsIn = (text: string): string[] =>
    [...secrets].filter((secret) => {
      const hash = createHash('sha256').update(secret).digest();
      const spellings = (['base64', 'base64url', 'hex'] as const).map((notation) =>
        hash.toString(notation).slice(0, 20),
      );
      return [secret, ...spellings].some((spelling) => text.includes(spelling));
    });

  async function step(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    by = browser,
  ): Promise<Answer> {
    const answer = await by.request(method, path, { headers });
    keepSecrets(by);
    const { 'set-cookie': _, ...others } = answer.headers;
    said.push(`${path} ${answer.status} ${answer.text} ${JSON.stringify(others)}`);
    return answer;
  }

  async function ordinaryVisit(): Promise<void> {
    const routes = [
      ['GET', '/public'], ['GET', '/protected'], ['GET', '/set?color=red'], ['GET', '/values'], ['GET', '/whoami'],
      ['POST', '/login/eve'], ['POST', '/login/ada?fresh=0'], ['GET', '/protected'], ['POST', '/protected'],
      ['GET', '/fresh'], ['GET', '/fresh-10m'], ['GET', '/never-fresh'], ['GET', '/set?color=blue'], ['GET', '/values'],
      ['GET', '/fails'], ['GET', '/fails-guarded'], ['GET', '/no-such-page'], ['POST', '/confirm'], ['GET', '/fresh'],
      ['GET', '/next'], ['POST', '/next'], ['GET', '/flashes'], ['POST', '/login/bob'], ['POST', '/login/nobody'],
    ] as const; // prettier-ignore
    for (const [method, path] of routes) await step(method, path);
    await step('POST', '/login/ada', { 'sec-fetch-site': 'cross-site' });
    await step('GET', '/protected', { 'x-key': 'ada-key' }, app.browser());
    app.users.failure = new Error('the database is away');
    await step('GET', '/protected');
    app.users.failure = undefined;
    await step('GET', '/fresh', OTHER_AGENT);
    await step('POST', '/logout');
    await step('POST', '/login/ada');
    clock.now += 40 * DAY;
    await step('GET', '/protected');
  }

  /** Restored, rotated, and stolen; then the devices are looked at, and the others ended. */
  async function rememberedVisit(): Promise<void> {
    await step('POST', '/login/ada?remember=1');
    const thief = browser.close().clone();
    for (let visits = 0; visits < 2; visits += 1) await step('GET', '/protected');
    clock.now += 61_000;
    await step('GET', '/protected', {}, thief);
    await step('POST', '/login/ada?remember=1');
    for (const other of [app.browser(), app.browser()]) await step('POST', '/login/ada?remember=1', {}, other);
    const devices: LoginDevice[] = (await step('GET', '/devices')).json;
    expect(devices).toHaveLength(3);
    await step('POST', `/devices/revoke/${devices.find(({ isCurrent }) => !isCurrent)?.loginId}`);
    await step('POST', '/devices/others');
  }

  /** What stands in the database is cut off in the middle: what is left of it begins with hashes. */
  async function damagedVisit(): Promise<void> {
    for (const damage of ['record = substr(record, 1, 100)', "session_values = '{' || session_values"]) {
      await step('POST', '/login/ada?remember=1');
      await step('GET', '/set?color=grey');
      database.exec(`UPDATE login_records SET ${damage}`);
      for (const path of ['/protected', '/values', '/devices']) await step('GET', path);
      await step('GET', '/protected', {}, browser.close());
    }
  }

  /** Every call to the store fails once. */
  async function unstoredVisit(): Promise<void> {
    for (const method of FAILING) {
      await step('POST', '/login/ada?remember=1');
      storage.reset();
      storage.disturb(fails, `logins.${method}`);
      for (const path of ['/set?color=green', '/devices', '/protected']) await step('GET', path);
      for (const path of ['/confirm', '/devices/others', '/login/bob', '/logout']) await step('POST', path);
      await step('GET', '/protected', {}, browser.close());
      expect([method, storage.count(`logins.${method}`)]).not.toEqual([method, 0]);
      storage.recover();
    }
    await step('POST', '/login/ada?remember=1');
    database.exec('ALTER TABLE login_records RENAME TO elsewhere');
    await step('GET', '/protected');
    await step('POST', '/login/bob', {}, app.browser());
    database.exec('ALTER TABLE elsewhere RENAME TO login_records');
  }

  it('stands in an event, a log line, an error body or an address', async () => {
    app = await start({
      providers: [ByKey],
      controllers: [Traps, Devices],
      storage,
      login: { nextIn: 'cookie' },
      setup: (nest) => nest.useLogger(book),
    });
    app.login.events.on('loggedIn', () => raise(new Error('a listener failed')));
    browser = app.browser();
    for (const visit of [ordinaryVisit, rememberedVisit, damagedVisit, unstoredVisit]) await visit();

    const told = ['loadedFromCookie', 'rememberTokenRotated', 'rememberTokenTheft', 'loginRevoked'];
    expect(new Set(names(app))).toEqual(new Set([...EVERY, ...told]));
    const logged = [
      'the database is away',
      'the guarded handler failed',
      'a listener failed',
      'is damaged: nobody is logged in by it',
      'are damaged: this session logs nobody in',
      'The store is down',
      'no such table: login_records',
    ];
    expect(logged.filter((words) => !book.text().includes(words))).toEqual([]);
    // They are found where they are: the database holds hashes of the living ones.
    expect(secrets.size).toBeGreaterThan(100);
    expect(secretsIn(JSON.stringify(database.prepare('SELECT * FROM login_records').all()))).not.toEqual([]);
    secrets.add(SECRET);
    const everything = { events: JSON.stringify(app.events), log: book.text(), answers: said.join('\n') };
    const leaks = Object.entries(everything).map(([place, text]) => ({ place, leaks: secretsIn(text) }));
    expect(leaks).toEqual(Object.keys(everything).map((place) => ({ place, leaks: [] })));
  });
});
