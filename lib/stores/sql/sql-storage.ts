/** Makes sqlStorage(): sessions and logins in a PostgreSQL or SQLite database, and the sweep that keeps it small. */
import type { LoginStorage } from '../../logins/login-storage.js';
import { SWEEP_INTERVAL } from '../lifetimes.js';
import { StoreClock } from '../store-clock.js';
import { driverOf } from './sql-driver.js';
import type { SqlDatabase, SqlDriver } from './sql-driver.js';
import { SqlLoginStore } from './sql-login-store.js';
import { checkPrefix, migrate, TABLE_PREFIX } from './sql-schema.js';
import { SqlSessionStore } from './sql-session-store.js';

/** The options of `sqlStorage()`. */
export interface SqlStorageOptions {
  /** Begins the name of every table. Default: `'login_'`. */
  readonly tablePrefix?: string;
  /**
   * Replaces the database's clock, in milliseconds; for tests. Default: the server's, and for SQLite this machine's.
   */
  readonly clock?: () => number;
}

/** A storage in a SQL database. */
export interface SqlStorage extends LoginStorage {
  /** login records, with the session values of each login */
  readonly logins: SqlLoginStore;
  /** sessions of visitors without a login */
  readonly sessions: SqlSessionStore;
  /** Ends the sweep. Call it before the database is closed. */
  close(): void;
}

/**
 * Keeps logins and sessions in PostgreSQL (14 or newer) or SQLite (3.35 or newer). A committed change stays committed.
 *
 * `migrateLoginTables()` or the command `nestjs-login-migrate` makes the tables, and the application's start never
 * does. A sweep deletes expired rows once a minute, a thousand at a time. It keeps no process alive.
 * @param database a database of the application: a `Pool` of pg; a database of libsql, better-sqlite3 or node:sqlite;
 *   or any object with the one method of `SqlDriver`. The storage never closes it
 * @throws LoginFault ERR_LOGIN_STORAGE for a database of another kind. The application's start throws it for tables
 *   that are missing or of another version
 * @example
 * const pool = new Pool({ connectionString: process.env.DATABASE_URL });
 * LoginModule.forRoot({ secret, storage: sqlStorage(pool) });
 */
export function sqlStorage(database: SqlDatabase, options: SqlStorageOptions = {}): SqlStorage {
  const { tablePrefix = TABLE_PREFIX, clock } = options;
  const driver = driverOf(database);
  const prefix = checkPrefix(tablePrefix);
  const now = clock ? async () => clock() : clockOf(driver);
  const logins = new SqlLoginStore(driver, prefix, now);
  const sessions = new SqlSessionStore(driver, prefix, now);
  const sweep = setInterval(() => {
    // The next sweep tries again where the database is down or closed.
    for (const store of [logins, sessions]) store.deleteExpired().catch(() => undefined);
  }, SWEEP_INTERVAL);
  sweep.unref();
  return { logins, sessions, close: () => clearInterval(sweep) };
}

/**
 * Brings the tables of `sqlStorage()` to the version that this package needs. Does nothing where they have it. Call it
 * in the deployment of an application, or run `npx nestjs-login-migrate` in a shell. For SQLite it also sets the
 * journal to WAL.
 * @param database as for `sqlStorage()`
 * @returns the former version, 0 for no tables, and the present one
 * @throws LoginFault ERR_LOGIN_STORAGE for tables of a later version
 */
export async function migrateLoginTables(
  database: SqlDatabase,
  { tablePrefix = TABLE_PREFIX }: Pick<SqlStorageOptions, 'tablePrefix'> = {},
): Promise<{ readonly from: number; readonly to: number }> {
  return migrate(driverOf(database), tablePrefix);
}

function clockOf(driver: SqlDriver): () => Promise<number> {
  // SQLite runs in this process, so there is no other clock.
  if (driver.dialect === 'sqlite') return async () => Date.now();
  const text = 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000) AS now';
  const clock = new StoreClock(async () => {
    const [rows = []] = await driver.run([{ text, values: [] }]);
    return Number(rows[0]?.now);
  });
  return () => clock.now();
}
