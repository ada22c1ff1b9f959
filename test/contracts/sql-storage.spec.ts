/** `sqlStorage()`: databases that it refuses, its tables, and its treatment of damaged rows. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import pg from 'pg';
import { createClient } from 'redis';
import { memoryStorage } from 'nestjs-login';
import { loginSchema, migrateLoginTables, sqlStorage } from 'nestjs-login/sql';
import type { SqlDriver } from 'nestjs-login/sql';
import { freePort } from '../support/free-port.js';
import { startTestApp } from '../support/test-app.js';
import { refusal } from '../support/refused-storage.js';

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
