/**
 * Connections to a real database that freeze or break, or end with it. The tests look at logins, guarded pages and
 * logouts meanwhile and afterwards.
 */
import { Agent } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Controller, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import Database from 'libsql';
import { LoginManagerService } from 'nestjs-login';
import { migrateLoginTables, sqlStorage } from 'nestjs-login/sql';
import type { Browser } from '../support/browser-client.js';
import { count, times } from '../support/counts.js';
import { CountingStorage } from '../support/counting-storage.js';
import { startOwnRedis } from '../support/redis-topologies.js';
import { addressOf, describeOn } from '../support/servers.js';
import type { Server } from '../support/servers.js';
import { STORAGES } from '../support/storages.js';
import type { TestStorage } from '../support/storages.js';
import { startTcpProxy } from '../support/tcp-proxy.js';
import type { TcpProxy } from '../support/tcp-proxy.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp, Whoami } from '../support/test-app.js';

const LOGINS = count(1_000, 100);
/** Half of the logins are remembered, and the others are not. */
const USERS = count(1_000, 25);
const SIDE_BY_SIDE = 50;
const PATIENCE = 120_000;

/** Asks until it is so, though not for ever: a client connects again in its own time. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isSo().catch(() => false)); tries += 1) {
    if (tries === 500) throw new Error(`It never came to it that ${what}.`);
    await setTimeout(20);
  }
}

/** Returns users that no other test has. */
function moreUsers({ users }: TestApp, many: number): string[] {
  const ids = Array.from({ length: many }, (_, at) => `user-${at}`);
  for (const id of ids) users.table.set(id, { id, name: '', isActive: true });
  return ids;
}

/** Returns the user of this browser. After a 503 it asks again. */
async function idOf(browser: Browser): Promise<string | null> {
  let who: Whoami | undefined;
  await until('it can be said who this is', async () => {
    const { status, json } = await browser.get('/whoami');
    who = json;
    return status === 200;
  });
  return who?.id ?? null;
}

async function logIn(browser: Browser, id: string, query = ''): Promise<Browser> {
  await until('a login works', async () => (await browser.post(`/login/${id}${query}`)).status === 201);
  return browser;
}

const running: (() => unknown)[] = [];
/** Ends it after the test, last come first, also where the test fails. */
const ending = (end: () => unknown): number => running.push(end);
afterEach(async () => {
  for (const end of running.splice(0).toReversed()) await end();
});

const print = (line: string): boolean => process.stdout.write(`cut connections: ${line}\n`);

/** A client may notice late that its connection is lost, and fails its commands until then. */
const untilItAnswers = (made: TestStorage): Promise<void> =>
  until('the database answers', async () => (await made.records().catch(() => -1)) >= 0);

async function takeAway(made: TestStorage, proxy: TcpProxy, address?: string): Promise<void> {
  await proxy.forward(address);
  await untilItAnswers(made);
  await made.close();
  await proxy.cut();
}

/** The fault happens while a logout is in its handler, after its session was opened. */
let meanwhile: () => unknown;

@Controller()
class LogoutController {
  constructor(private readonly login: LoginManagerService) {}

  @Post('logout-meanwhile')
  async logOut(@Req() req: Request): Promise<void> {
    await meanwhile();
    await this.login.logoutUser(req);
  }
}

type Trouble = (proxy: TcpProxy) => unknown;
const frozen: Trouble = ({ freeze }) => freeze();
const cut: Trouble = (proxy) => proxy.cut();
const TROUBLES: [string, Trouble][] = [
  ['frozen', frozen],
  ['cut', cut],
];

describe.each(STORAGES.filter(({ servers }) => servers.length === 1))('on $name', ({ name, servers, make }) => {
  describeOn(servers, 'a connection that is', () => {
    const agent = new Agent({ maxSockets: LOGINS });
    let proxy: TcpProxy;
    let made: TestStorage;
    let storage: CountingStorage;
    let app: TestApp;
    beforeAll(async () => {
      proxy = await startTcpProxy(addressOf(servers[0] as Server));
      made = await make(undefined, proxy.address);
      storage = new CountingStorage(made.storage);
      app = await startTestApp({ storage, login: { storeTimeout: '500ms' }, controllers: [LogoutController] });
    });
    afterEach(() => proxy.forward());
    afterAll(async () => {
      agent.destroy();
      await app.close();
      await takeAway(made, proxy);
    });
    const loggedIn = (id: string, query?: string): Promise<Browser> => logIn(app.browser(), id, query);

    it.each<[string, Trouble, Trouble]>([
      ['frozen', frozen, () => undefined],
      ['frozen, and then cut', frozen, cut],
      ['cut', cut, () => undefined],
      ['cut, with the answers to what was done', ({ holdAnswers }) => holdAnswers(), cut],
    ])(
      'A8 X4: %s: logins are 503 without a cookie, none of them is there afterwards, and others work again',
      async (trouble, begin, end) => {
        const ada = await loggedIn('ada');
        const before = await made.records();
        await begin(proxy);
        const logins = moreUsers(app, LOGINS).map((id) => app.browser().post(`/login/${id}?remember=1`, { agent }));
        const answers = await Promise.all(logins);
        expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
        expect(answers.flatMap(({ cookies }) => cookies)).toEqual([]);
        await end(proxy);
        await proxy.forward();
        const bob = await loggedIn('bob');
        expect([await idOf(ada), await idOf(bob)]).toEqual(['ada', 'bob']);
        // A late write, or one without a response, is undone. From now on no such write arrives.
        await until('every call has its outcome', async () => storage.underWay === 0);
        await untilItAnswers(made);
        const late = (await made.records()) - before - 1;
        await until('none of these logins is there', async () => (await made.records()) === before + 1);
        print(`${LOGINS} logins on ${name}, ${trouble}: 0 let in, 0 left of ${late} that were there at first`);
      },
      PATIENCE,
    );

    it.each(TROUBLES)(
      'J1 E11: %s: who is logged in or remembered gets 503 with Retry-After, keeps the cookies, and is logged in afterwards',
      async (_, begin) => {
        const browsers = [
          await loggedIn('ada'),
          await loggedIn('bob', '?remember=1'),
          await loggedIn('eve', '?force=1'),
        ];
        const [ada, bob, eve] = browsers as [Browser, Browser, Browser];
        await begin(proxy);
        const [page, remembered, logout, open, stranger] = await Promise.all([
          ada.get('/protected'),
          bob.close().get('/protected'),
          eve.post('/logout'),
          app.browser().get('/public'),
          app.browser().get('/protected'),
        ]);
        for (const { status, headers, cookies } of [page, remembered, logout])
          expect([status, headers['retry-after'], cookies]).toEqual([503, '1', []]);
        expect([open.status, stranger.status]).toEqual([200, 401]);
        await proxy.forward();
        expect(await Promise.all(browsers.map(idOf))).toEqual(['ada', 'bob', 'eve']);
        expect(app.events.some(({ name: event }) => event === 'rememberTokenTheft')).toBe(false);
      },
      PATIENCE,
    );

    it.each(TROUBLES)(
      'C12: %s while a logout is under way: it is 503, and the cookies are cleared',
      async (_, begin) => {
        const browser = await loggedIn('ada', '?remember=1');
        meanwhile = () => begin(proxy);
        expect((await browser.post('/logout-meanwhile')).status).toBe(503);
        expect([...browser.jar.keys()]).toEqual([]);
      },
      PATIENCE,
    );
  });
});

describe('on SQLite (libsql)', () => {
  it('A8 X4: a login is 503 without a cookie while another connection holds the database, and works once it lets go', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nestjs-login-held-'));
    ending(() => rmSync(folder, { recursive: true }));
    const [database, other] = [new Database(join(folder, 'login.db')), new Database(join(folder, 'login.db'))];
    for (const each of [database, other]) ending(() => each.close());
    await migrateLoginTables(database);
    const storage = sqlStorage(database);
    ending(() => storage.close());
    // The event loop waits along.
    database.exec('PRAGMA busy_timeout = 20');
    const app = await startTestApp({ storage });
    ending(() => app.close());
    const [ada, bob] = [app.browser(), app.browser()];
    await ada.post('/login/ada?remember=1');
    other.exec('BEGIN EXCLUSIVE');
    const login = await bob.post('/login/bob?remember=1');
    expect([login.status, login.cookies]).toEqual([503, []]);
    // A visitor that only reads is not disturbed.
    expect((await ada.get('/protected')).json).toEqual({ id: 'ada' });
    expect(await app.login.logins('bob')).toEqual([]);
    other.exec('COMMIT');
    expect(database.prepare('SELECT id FROM login_records').all()).toHaveLength(1);
    expect((await bob.post('/login/bob')).status).toBe(201);
    expect((await bob.get('/protected')).json).toEqual({ id: 'bob' });
  });
});

interface User {
  readonly id: string;
  readonly isRemembered: boolean;
  readonly browser: Browser;
}

const [EMPTY, KEPT] = [
  'X6 J3: logs everybody out, accuses nobody, and takes nobody for somebody else',
  'X6: logs nobody out whose login stands in PostgreSQL, and forgets the sessions of visitors',
];

describe.each(STORAGES.filter(({ servers }) => servers.includes('redis')))('on $name', ({ name, servers, make }) => {
  const isKept = servers.includes('postgres');
  describeOn(servers, 'a Redis that is killed and comes back empty', () => {
    it(
      isKept ? KEPT : EMPTY,
      async () => {
        const killed = await startOwnRedis();
        ending(() => killed.stop());
        const proxy = await startTcpProxy(killed.url);
        const empty = await startOwnRedis();
        ending(() => empty.stop());
        const made = await make(undefined, proxy.address);
        ending(() => takeAway(made, proxy, empty.url));
        const app = await startTestApp({ storage: made.storage });
        ending(() => app.close());
        const users: User[] = moreUsers(app, 2 * USERS).map((id, at) => ({
          id,
          isRemembered: at < USERS,
          browser: app.browser(),
        }));
        const each = (work: (user: User) => Promise<void>): Promise<void> =>
          times(users.length, SIDE_BY_SIDE, (at) => work(users[at] as User));
        const comesIn = async ({ id, isRemembered, browser }: User): Promise<void> =>
          expect(await idOf(await logIn(browser, id, isRemembered ? '?remember=1' : ''))).toBe(id);
        await each(comesIn);
        const visitor = app.browser();
        await visitor.get('/set?colour=red');
        expect((await visitor.get('/values')).json).toEqual({ colour: 'red' });

        await killed.stop();
        const [user = visitor] = users.map(({ browser }) => browser);
        const answers = await Promise.all([user.get('/protected'), visitor.get('/values')]);
        expect(answers.map(({ status }) => status)).toEqual([isKept ? 200 : 503, 503]);

        await proxy.forward(empty.url);
        await until('a visitor is served', async () => (await visitor.get('/values')).status === 200);
        expect((await visitor.get('/values')).json).toEqual({});
        const found = { in: 0, out: 0, somebodyElse: 0 };
        await each(async ({ id, isRemembered, browser }) => {
          for (const shown of isRemembered ? [browser, browser.clone().close()] : [browser]) {
            const who = await idOf(shown);
            found[who === null ? 'out' : who === id ? 'in' : 'somebodyElse'] += 1;
          }
        });
        const alarms = app.events.filter((told) => told.name === 'rememberTokenTheft').length;
        print(`${users.length} users on ${name}, Redis emptied: ${JSON.stringify({ ...found, alarms })}`);
        const all = 3 * USERS;
        expect({ ...found, alarms }).toEqual({
          in: isKept ? all : 0,
          out: isKept ? 0 : all,
          somebodyElse: 0,
          alarms: 0,
        });
        await each(comesIn);
      },
      PATIENCE,
    );
  });
});
