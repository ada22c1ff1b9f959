/** Storages as attackers and operators see them: dumps without secrets, and clients that fail. */
import { createHmac } from 'node:crypto';
import pg from 'pg';
import { migrateLoginTables, sqlStorage } from 'nestjs-login/sql';
import { inject } from '../support/inject.js';
import type { Browser } from '../support/browser-client.js';
import { addressOf, describeOn } from '../support/servers.js';
import { STORAGES } from '../support/storages.js';
import type { TestStorage } from '../support/storages.js';
import { SECRET, startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { refusal } from '../support/refused-storage.js';

/**
 * Every secret that this browser's cookies hold, whole and in parts: all but the ids of records, which open nothing.
 */
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

/**
 * The ways in which a thief might send a value of the database: as it is, in the form of a cookie, and signed with a
 * stolen secret.
 */
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
