/** What a storage refuses at start, and what becomes of values that are damaged, foreign or gone; on the real servers. */
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import Database from 'libsql';
import pg from 'pg';
import { createClient } from 'redis';
import { LoginFault, memoryStorage } from 'nestjs-login';
import type { LoginStorage } from 'nestjs-login';
import { redisStorage } from 'nestjs-login/redis';
import { loginSchema, migrateLoginTables, sqlStorage } from 'nestjs-login/sql';
import type { SqlDriver } from 'nestjs-login/sql';
import { inject } from '../support/inject.js';
import { freePort } from '../support/free-port.js';
import type { Browser } from '../support/browser-client.js';
import { addressOf, describeOn } from '../support/servers.js';
import { STORAGES } from '../support/storages.js';
import type { TestStorage } from '../support/storages.js';
import { SECRET, startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

const silent = <Client extends { on(event: 'error', listener: () => void): unknown }>(client: Client): Client => {
  client.on('error', () => undefined);
  return client;
};

/** The application has to be refused. */
async function refusal(storage: LoginStorage): Promise<string> {
  let app: TestApp;
  try {
    app = await startTestApp({ storage });
  } catch (error) {
    if (error instanceof LoginFault && error.code === 'ERR_LOGIN_STORAGE') return error.message;
    throw error;
  }
  await app.close();
  throw new Error('The application started, and should have been refused.');
}

describeOn(['redis'], 'redisStorage()', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['an address', 'redis://127.0.0.1'],
    ['an object without commands', {}],
    ['a pool of PostgreSQL', new pg.Pool()],
  ])('refuses %s in place of a client', (_what, client) => {
    expect(() => redisStorage(client as never)).toThrow(
      /ERR_LOGIN_STORAGE: .* It is no Redis client\. Give a connected client/,
    );
  });

  it('refuses a client of node-redis 3 by its age', () => {
    const old = { send_command: () => undefined, sendCommand: () => undefined };
    expect(() => redisStorage(old as never)).toThrow(
      /node-redis 3, which is too old\. Give a connected client of node-redis 4/,
    );
  });

  it.each(['', 7, null])('refuses a prefix that is no text: %p', (prefix) => {
    const client = createClient();
    expect(() => redisStorage(client, { prefix: prefix as never })).toThrow(
      /prefix .* Write a text that no other application/,
    );
  });

  it('is refused at start with a client that was not connected, or is closed', async () => {
    const url = addressOf('redis');
    const client = silent(createClient({ url }));
    expect(await refusal(redisStorage(client))).toMatch(/not connected: await client\.connect\(\)/);
    await client.connect();
    await client.close();
    expect(await refusal(redisStorage(client))).toMatch(/not connected/);
    const other = silent(new Redis(url));
    await other.ping();
    other.disconnect();
    await new Promise((resolve) => other.once('end', resolve));
    expect(await refusal(redisStorage(other))).toMatch(/It is closed: create the client anew/);
  });

  it('is refused at start where nobody answers', async () => {
    const client = silent(new Redis('redis://127.0.0.1:9', { enableOfflineQueue: false, retryStrategy: () => null }));
    await new Promise((resolve) => client.once('close', resolve));
    expect(await refusal(redisStorage(client))).toMatch(/It is closed|does not answer/);
  });

  it('is refused at start with a Redis that is too old, and with a replica', async () => {
    const answering = (info: string) => ({ isOpen: true, sendCommand: async () => info });
    expect(await refusal(redisStorage(answering('redis_version:6.0.16\r\nrole:master')))).toMatch(
      /Redis 6\.0\.16, which is too old/,
    );
    expect(await refusal(redisStorage(answering('redis_version:7.2.4\r\nrole:slave')))).toMatch(/replica/);
  });

  it('is refused at start with a Cluster client that reads from replicas', async () => {
    const cluster = new Redis.Cluster([addressOf('redis')], { lazyConnect: true, scaleReads: 'slave' });
    expect(await refusal(redisStorage(cluster))).toMatch(/reads from replicas.*take the option scaleReads out/);
    cluster.disconnect();
  });

  it('serves by a client that answers numbers as texts', async () => {
    const client = new Redis(addressOf('redis'), { stringNumbers: true });
    const app = await startTestApp({ storage: redisStorage(client, { prefix: 'texts:' }) });
    const browser = app.browser();
    expect((await browser.post('/login/ada?remember=1')).json).toEqual({ ok: true });
    await browser.post('/confirm');
    await browser.get('/set?colour=red');
    expect((await browser.get('/values')).json).toEqual({ colour: 'red' });
    await browser.post('/logout');
    expect(await app.login.logins('ada')).toEqual([]);
    await app.close();
    await client.quit();
  });

  it('of two applications on one Redis share nothing where their prefixes differ', async () => {
    const client = await createClient({ url: addressOf('redis') }).connect();
    const [one, other] = await Promise.all(
      ['one:', 'other:'].map((prefix) =>
        startTestApp({ storage: redisStorage(client, { prefix: `apart-${prefix}` }) }),
      ),
    );
    const browser = (one as TestApp).browser();
    await browser.post('/login/ada');
    expect(await (other as TestApp).login.logins('ada')).toEqual([]);
    expect(await (other as TestApp).login.logoutEverywhere('ada')).toBe(0);
    expect((await browser.get('/protected')).status).toBe(200);
    for (const app of [one, other]) await app?.close();
    for (const key of await client.keys('apart-*')) await client.del(key);
    await client.close();
  });

  describe('with values that are damaged or not ours', () => {
    let client: Redis;
    let app: TestApp;
    beforeAll(async () => {
      client = new Redis(addressOf('redis'));
      app = await startTestApp({ storage: redisStorage(client, { prefix: 'damaged:' }) });
    });
    afterAll(async () => {
      await app.close();
      for (const key of await client.keys('damaged:*')) await client.del(key);
      client.disconnect();
    });

    it.each<[string, (key: string, field: string) => Promise<unknown>]>([
      ['text', (key, field) => client.hset(key, field, 'garbage')],
      ['a head without a record', (key, field) => client.hset(key, field, '1:1:1:9999999999999:')],
      ['JSON of another form', (key, field) => client.hset(key, field, '1:1:1:9999999999999:[2,"ada"]')],
      [
        'a record with wrong types',
        (key, field) => client.hset(key, field, '1:1:1:9999999999999:[1,{},[],0,0,0,0,0,0,0,0]'),
      ],
      ['a list in place of the hash', async (key) => [await client.del(key), await client.rpush(key, 'x')]],
      ['a text in place of the hash', (key) => client.set(key, 'x')],
    ])('logs out, and lets in again by a new login: %s', async (_what, damage) => {
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      const [key = ''] = (await client.keys('damaged:login:*')) as string[];
      const [device] = await app.login.logins('ada');
      await damage(key, device?.loginId.slice(16) ?? '');
      for (const path of ['/protected', '/values', '/protected']) {
        const { status } = await browser.get(path);
        expect([path, status]).toEqual([path, path === '/protected' ? 401 : 200]);
      }
      expect((await browser.close().get('/protected')).status).toBe(401);
      expect(await app.login.logins('ada')).toEqual([]);
      expect((await browser.post('/login/ada')).status).toBe(201);
      expect((await browser.get('/protected')).status).toBe(200);
      expect(await app.login.logoutEverywhere('ada')).toBeGreaterThan(0);
      await client.del(key);
    });

    it('begins a new session in place of an anonymous one that is damaged', async () => {
      const browser = app.browser();
      await browser.get('/set?colour=red');
      const [key = ''] = await client.keys('damaged:session:*');
      for (const damaged of ['garbage', '{"cookie":null}', '{"cookie":{"maxAge":"x"}}', '{"cookie":{"expires":"x"}}']) {
        await client.set(key, damaged);
        const { status, json } = await browser.get('/values');
        expect([damaged, status, json]).toEqual([damaged, 200, {}]);
      }
    });

    it('J3 logs everybody out where it was flushed, and nobody in as somebody else', async () => {
      const browsers = await Promise.all(
        ['ada', 'bob'].map(async (id) => {
          const browser = app.browser();
          await browser.post(`/login/${id}?remember=1`);
          return browser;
        }),
      );
      for (const key of await client.keys('damaged:*')) await client.del(key);
      for (const browser of browsers) expect((await browser.get('/protected')).status).toBe(401);
      for (const browser of browsers) expect((await browser.close().get('/protected')).status).toBe(401);
      expect(app.events.some(({ name }) => name === 'rememberTokenTheft')).toBe(false);
    });
  });
});

describe.each(STORAGES)('on $name', ({ servers, make }) => {
  describeOn(servers, 'session values of a login that are damaged', () => {
    it('log out who they belong to, and no request fails: a new login and a logout are possible', async () => {
      const { storage, close } = await make();
      const app = await startTestApp({ storage });
      const damaged = async (): Promise<Browser> => {
        const browser = app.browser();
        await browser.post('/login/ada');
        await browser.get('/set?colour=red');
        const [device] = await app.login.logins('ada');
        const { record } = await storage.logins.find(device?.loginId ?? '', { values: false });
        await storage.logins.saveValues(record?.id ?? '', record?.session.startedAt ?? 0, '{"colour":');
        return browser;
      };
      const browser = await damaged();
      expect([(await browser.get('/protected')).status, (await browser.get('/values')).json]).toEqual([401, {}]);
      expect((await browser.post('/login/ada')).json).toEqual({ ok: true });
      expect((await browser.get('/protected')).status).toBe(200);
      await browser.post('/logout');
      expect((await (await damaged()).post('/logout')).status).toBe(201);
      expect(await app.login.logins('ada')).toEqual([]);
      await app.close();
      await close();
    });
  });
});

describe('sqlStorage()', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nestjs-login-sql-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  let made = 0;
  const database = (): Database.Database => new Database(join(folder, `${(made += 1)}.db`));

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['an address', 'postgres://127.0.0.1'],
    ['a Client of pg', new pg.Client()],
    ['a client of Redis', createClient()],
  ])('refuses %s in place of a database', (_what, given) => {
    expect(() => sqlStorage(given as never)).toThrow(
      /ERR_LOGIN_STORAGE: .* does not know this database\. Give a Pool of pg/,
    );
  });

  it.each(['', 'Login_', 'a-b', 'x; DROP TABLE users; --', '1st', 'a'.repeat(32), 7])(
    'refuses the table prefix %p',
    (tablePrefix) => {
      expect(() => sqlStorage(database(), { tablePrefix: tablePrefix as never })).toThrow(
        /no beginning of a table name/,
      );
    },
  );

  it('is refused at start without its tables, with the command that makes them, and makes none itself', async () => {
    const empty = database();
    const storage = sqlStorage(empty);
    expect(await refusal(storage)).toMatch(
      /tables "login_\.\.\." .* missing\. Run `npx nestjs-login-migrate DATABASE_URL`/,
    );
    expect(empty.prepare('SELECT name FROM sqlite_master').all()).toEqual([]);
    storage.close();
  });

  it('is refused at start where the tables of the sessions alone are missing', async () => {
    const [own, foreign] = [memoryStorage(), sqlStorage(database())];
    expect(await refusal({ logins: own.logins, sessions: foreign.sessions })).toMatch(
      /tables "login_\.\.\." .* missing/,
    );
    own.close();
    foreign.close();
  });

  it('is refused at start with a database that is closed, or away', async () => {
    const closed = database();
    closed.close();
    expect(() => sqlStorage(closed)).toThrow(/ERR_LOGIN_STORAGE: .* does not answer: .* Give an open database/);
    const open = database();
    const later = sqlStorage(open);
    open.close();
    const away = sqlStorage(new pg.Pool({ host: '127.0.0.1', port: await freePort() }));
    for (const storage of [later, away]) {
      expect(await refusal(storage)).toMatch(/database .* does not answer: .* Give an open database or pool/);
      storage.close();
    }
  });

  it('ends no login inside a transaction of the application, which could undo it: the logout is 503', async () => {
    const shared = database();
    await migrateLoginTables(shared);
    const storage = sqlStorage(shared);
    const app = await startTestApp({ storage });
    const browser = app.browser();
    await browser.post('/login/ada');
    shared.exec('BEGIN');
    expect((await browser.clone().post('/logout')).status).toBe(503);
    shared.exec('ROLLBACK');
    expect((await browser.get('/protected')).status).toBe(200);
    expect((await browser.clone().post('/logout')).status).toBe(201);
    expect((await browser.get('/protected')).status).toBe(401);
    await app.close();
    storage.close();
  });

  it('is refused at start with tables of another version', async () => {
    const later = database();
    await migrateLoginTables(later);
    later.exec('UPDATE login_schema SET version = 99');
    const storage = sqlStorage(later);
    expect(await refusal(storage)).toMatch(/of version 99, and this package works with version 1\. Update the package/);
    await expect(migrateLoginTables(later)).rejects.toThrow(/of version 99/);
    storage.close();
  });

  it('has tables that are made once, however often they are asked for and by however many at once', async () => {
    const one = database();
    expect(await migrateLoginTables(one)).toEqual({ from: 0, to: 1 });
    expect(await migrateLoginTables(one)).toEqual({ from: 1, to: 1 });
    await Promise.all([1, 2, 3].map(() => migrateLoginTables(one, { tablePrefix: 'shop_' })));
    expect(one.prepare('SELECT version FROM shop_schema').all()).toEqual([{ version: 1 }]);
  });

  it('has a schema as text that makes the same tables', async () => {
    const [byCall, byText] = [database(), database()];
    await migrateLoginTables(byCall);
    byText.exec(loginSchema('sqlite'));
    const tables = (of: Database.Database): unknown =>
      of.prepare("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name").all();
    expect(tables(byText)).toEqual(tables(byCall));
    expect(() => loginSchema('postgres', 'x; --')).toThrow(/no beginning of a table name/);
  });

  it('runs on any object with the one method of the port', async () => {
    const inner = database();
    const statements: string[] = [];
    const driver: SqlDriver = {
      dialect: 'sqlite',
      run: async (given) =>
        given.map(({ text, values }) => {
          statements.push(text);
          const order = [...text.matchAll(/\$(\d+)/g)].map(([, number]) => values[Number(number) - 1]);
          const statement = inner.prepare(text.replaceAll(/\$\d+/g, '?'));
          return (statement.reader ? statement.all(...order) : (statement.run(...order), [])) as never[];
        }),
    };
    await migrateLoginTables(driver);
    const storage = sqlStorage(driver);
    const app = await startTestApp({ storage });
    const browser = app.browser();
    await browser.post('/login/ada');
    expect((await browser.get('/protected')).status).toBe(200);
    expect(statements.some((text) => text.includes('login_records'))).toBe(true);
    await app.close();
    storage.close();
  });

  it('logs out by a row that is damaged, and lets in again by a new login', async () => {
    const inner = database();
    await migrateLoginTables(inner);
    const storage = sqlStorage(inner);
    const app = await startTestApp({ storage });
    for (const damaged of ['garbage', '[2]', '[1,{},[],0,0,0,0,0,0,0,0]', '']) {
      const browser = app.browser();
      await browser.post('/login/ada');
      inner.prepare('UPDATE login_records SET record = ?').run(damaged);
      expect((await browser.get('/protected')).status).toBe(401);
      expect(await app.login.logins('ada')).toEqual([]);
      await browser.post('/login/ada');
      expect((await browser.get('/protected')).status).toBe(200);
    }
    await app.close();
    storage.close();
  });

  it('sweeps logins and sessions that have ended, and not for ever one user alone', async () => {
    const inner = database();
    await migrateLoginTables(inner);
    const clock = { now: Date.now() };
    const storage = sqlStorage(inner, { clock: () => clock.now });
    const app = await startTestApp({ storage, login: { login: { idle: '1h' } } });
    const count = (table: string): number =>
      (inner.prepare(`SELECT count(*) AS n FROM login_${table}`).get() as { n: number }).n;
    await app.browser().post('/login/ada');
    await app.browser().post('/login/bob?remember=1');
    await app.browser().get('/set?colour=red');
    clock.now += 2 * 3_600_000;
    await storage.logins.deleteExpired();
    await storage.sessions.deleteExpired();
    expect([count('records'), count('sessions')]).toEqual([1, 1]);
    clock.now += 30 * 86_400_000;
    await storage.logins.deleteExpired();
    await storage.sessions.deleteExpired();
    expect([count('records'), count('sessions')]).toEqual([0, 0]);
    await app.close();
    storage.close();
  });
});

/** Every secret that this browser's cookies hold, whole and in parts: all but the ids of records, which open nothing. */
function secretsOf({ jar }: Browser): string[] {
  return [...jar.values()].flatMap((value) => {
    const decoded = decodeURIComponent(value);
    const parts = decoded.replace(/^s:/, '').split('.');
    return [value, decoded, ...parts.filter((part) => part !== 'v1' && part.length !== 38)];
  });
}

/** A text as a store might keep it: as it is, or its bytes in another notation. */
const spellings = (text: string): string[] =>
  [Buffer.from(text), Buffer.from(text, 'base64')].flatMap((bytes) => [
    text,
    ...(['base64', 'base64url', 'hex'] as const).map((notation) => bytes.toString(notation).replace(/=+$/, '')),
  ]);

/** The beginnings of these texts that stand in a long text: 20 characters are no accident. */
function beginningsIn(text: string, wanted: readonly string[]): string[] {
  const beginnings = new Set(wanted.map((each) => each.slice(0, 20)));
  return Array.from(text, (_, at) => text.slice(at, at + 20)).filter((part) => beginnings.has(part));
}

/** How somebody who has a value of the database might send it: as it is, in the shape of a cookie, and signed by a stolen secret. */
const attempts = (value: string): string[] => [
  `session=${value}`,
  `session=s%3A${value}`,
  `session=s%3A${value}.`,
  `session=s%3A${value}.${value}`,
  `session=s%3A${value}.${createHmac('sha256', SECRET).update(value).digest('base64url')}`,
  `remember=${value}`,
  `remember=v1.${value}`,
  `remember=v1.${value}.${value}`,
  `remember=v1.${value}.${value}.${value}`,
];

describe.each(STORAGES.slice(1))('on $name', ({ servers, make }) => {
  describeOn(servers, 'a dump of 1,000 logins, half of them remembered, and 100 anonymous sessions', () => {
    let made: TestStorage;
    let app: TestApp;
    let browsers: Browser[];
    let dump: string;
    beforeAll(async () => {
      made = await make();
      app = await startTestApp({ storage: made.storage, login: { storeTimeout: '30s' } });
      const visit = async (_: unknown, at: number): Promise<Browser> => {
        const browser = app.browser();
        app.users.table.set(`user-${at}`, { id: `user-${at}`, name: '', isActive: true });
        if (at < 1_000) await browser.post(`/login/user-${at}${at % 2 ? '?remember=1' : ''}`);
        if (at % 5 === 0 || at >= 1_000) await browser.get('/set?colour=red');
        return browser;
      };
      browsers = await Promise.all(Array.from({ length: 1_100 }, visit));
      dump = await made.dump();
    }, 60_000);
    afterAll(async () => {
      await app.close();
      await made.close();
    });

    it('A6 E1 holds no cookie value, no part of one but the id of a record, and none of their bytes', () => {
      const secrets = browsers.flatMap(secretsOf);
      expect(secrets).toHaveLength(1_100 * 4 + 500 * 4);
      expect(beginningsIn(dump, secrets.flatMap(spellings))).toEqual([]);
    }, 60_000);

    it('A6 E1 holds nothing that logs in', async () => {
      const logsIn = async (cookies: string[]): Promise<boolean> =>
        (await inject(app.app, 'GET', '/protected', { cookie: cookies.join('; ') })).status !== 401;
      // A cookie that counts is found at every place of such a header, so each attempt in it is one.
      const places = attempts('x'.repeat(43)).map((attempt, at, all) => {
        const [name = ''] = attempt.split('=');
        return all.with(at, `${name}=${browsers[2 * at + 1]?.jar.get(name)}`);
      });
      expect(await Promise.all(places.map(logsIn))).toEqual(places.map(() => true));
      const values = [...new Set([/[\w-]{16,}/g, /[\w.-]{16,}/g].flatMap((form) => dump.match(form) ?? []))];
      expect(values.length).toBeGreaterThan(2_500);
      for (const value of values) if (await logsIn(attempts(value))) throw new Error(`"${value}" logs in.`);
    }, 60_000);
  });
});

describeOn(['postgres'], 'sqlStorage() on PostgreSQL', () => {
  const tablePrefix = 'guest_';
  let pool: pg.Pool;
  beforeAll(async () => {
    pool = new pg.Pool({ connectionString: addressOf('postgres') });
    await migrateLoginTables(pool, { tablePrefix });
  });
  afterAll(() => pool.end());

  it('is refused at start where transactions are isolated in a way by which a logout could fail', async () => {
    const options = '-c default_transaction_isolation=repeatable\\ read';
    const strict = new pg.Pool({ connectionString: addressOf('postgres'), options });
    const storage = sqlStorage(strict, { tablePrefix });
    expect(await refusal(storage)).toMatch(
      /isolated as "repeatable read", by which a logout can fail\. Give it a pool/,
    );
    storage.close();
    await strict.end();
  });

  it('calls its own function, also where another role has made one of the same name', async () => {
    const types = Array.from({ length: 12 }, () => 'TEXT').join();
    await pool.query(
      `CREATE FUNCTION guest_insert(${types}) RETURNS TABLE (inserted INTEGER, evicted TEXT, theft_seen_at BIGINT)
        LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'The wrong function was called.'; END $$`,
    );
    const storage = sqlStorage(pool, { tablePrefix });
    const app = await startTestApp({ storage });
    expect((await app.browser().post('/login/ada')).json).toEqual({ ok: true });
    await app.close();
    storage.close();
    await pool.query(`DROP FUNCTION guest_insert(${types})`);
  });
});
