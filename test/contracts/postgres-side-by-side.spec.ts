/** PostgreSQL beside other users of the database: no deadlocks, and tables in a schema of their own. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { LoginRecord, LoginStore } from 'nestjs-login';
import { migrateLoginTables, sqlStorage } from 'nestjs-login/sql';
import type { SqlDriver, SqlRow } from 'nestjs-login/sql';
import { loginStoreContract } from 'nestjs-login/testing';
import { createOwnDatabase } from '../support/own-database.js';
import { describeOn } from '../support/servers.js';

const expired = (id: string, endsAt: number): LoginRecord => ({
  id,
  userId: 'u',
  stampHash: null,
  session: { idHash: 'h', startedAt: endsAt, endsAt, tokenHash: null },
  remember: null,
  createdAt: 0,
  authenticatedAt: 0,
  freshAt: null,
  lastSeenAt: 0,
  endsAt,
  identifier: 'x',
  userAgent: '',
  ip: '',
  submissionHash: null,
  version: 1,
});

describeOn(['postgres'], 'while a login of the same user goes through its rows in another order', () => {
  let own: Awaited<ReturnType<typeof createOwnDatabase>>;
  let pool: pg.Pool;
  let logins: LoginStore;
  beforeAll(async () => {
    own = await createOwnDatabase();
    pool = new pg.Pool({ connectionString: own.url });
    await migrateLoginTables(pool);
    // Without the second try that sqlStorage() makes for a pool.
    const run: SqlDriver['run'] = async ([{ text, values } = { text: '', values: [] }]) => [
      (await pool.query<SqlRow>(text, [...values])).rows,
    ];
    ({ logins } = sqlStorage({ dialect: 'postgres', run }));
  });
  afterAll(async () => {
    await pool.end();
    await own.drop();
  });

  it.each<[string, (user: string) => Promise<unknown>]>([
    ['the end of all logins', (user) => logins.deleteByUser(user)],
    ['a sweep of expired logins', () => logins.deleteExpired()],
  ])('%s waits for it or passes by, and neither ends in a deadlock', async (_what, act) => {
    const user = randomBytes(12).toString('base64url');
    const ids = [1, 2].map(() => user + randomBytes(16).toString('base64url'));
    const [first = '', second = ''] = ids;
    const endsAt = (await logins.now()) - 1;
    for (const id of ids)
      await logins.insert(expired(id, endsAt), null, { most: 100, whenFull: 'evict-oldest', excludedIds: [] });
    const login = await pool.connect();
    const end = (id: string): Promise<unknown> => login.query('DELETE FROM login_records WHERE id = $1', [id]);

    await login.query('BEGIN');
    await login.query(`SELECT pg_advisory_xact_lock(hashtextextended('nestjs-login ' || $1, 0::bigint))`, [user]);
    await end(second);
    const acting = act(user);
    await Promise.race([acting, own.untilWaiting(1)]);
    await end(first);
    await login.query('COMMIT');
    login.release();
    await acting;
  });
});

describeOn(['postgres'], 'tables in a PostgreSQL schema of their own', () => {
  let own: Awaited<ReturnType<typeof createOwnDatabase>>;
  let pool: pg.Pool;
  let storage: ReturnType<typeof sqlStorage>;
  beforeAll(async () => {
    own = await createOwnDatabase();
    pool = new pg.Pool({ connectionString: own.url, options: '-c search_path=logins' });
    await pool.query('CREATE SCHEMA logins');
    await migrateLoginTables(pool);
    storage = sqlStorage(pool);
    await storage.logins.start();
  });
  afterAll(async () => {
    storage.close();
    await pool.end();
    await own.drop();
  });

  it.each(loginStoreContract.map(({ name, check }) => [name, check] as const))('%s', async (_name, check) => {
    await check(storage.logins);
  });

  it('leave the schema "public" empty', async () => {
    const text = "SELECT count(*) AS count FROM pg_catalog.pg_tables WHERE schemaname = 'public'";
    const [{ count }] = (await pool.query<{ count: string }>(text)).rows as [{ count: string }];
    expect(Number(count)).toBe(0);
  });
});
