/** sqlStorage(): sessions and logins in a PostgreSQL or SQLite database, and the sweep that keeps it small. */
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
  /** Stands in for the database's clock, in milliseconds; for tests. Default: the server's, for SQLite this machine's. */
  readonly clock?: () => number;
}

/** A storage in a SQL database. */
export interface SqlStorage extends LoginStorage {
  /** login records, with the session values of who is logged in */
  readonly logins: SqlLoginStore;
  /** sessions of visitors who are not logged in */
  readonly sessions: SqlSessionStore;
  /** Ends the sweep. Call it before the database is closed. */
  close(): void;
}

/**
 * Keeps logins and sessions in PostgreSQL (14 or newer) or SQLite (3.35 or newer): what was committed stays committed. The
 * tables are made by `migrateLoginTables()` or the command `nestjs-login-migrate`, never by the application's start. What has
 * ended is swept once a minute, a thousand rows at a time; the sweep keeps no process alive.
 * @param database the application's own: a `Pool` of pg; a database of libsql, better-sqlite3 or node:sqlite; or any object
 *   with the one method of `SqlDriver`. It is never closed here
 * @throws LoginFault ERR_LOGIN_STORAGE for a database of another kind; at the application's start for tables that are missing
 *   or of another version
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
    // A database that is down or closed is swept another time.
    for (const store of [logins, sessions]) store.deleteExpired().catch(() => undefined);
  }, SWEEP_INTERVAL);
  sweep.unref();
  return { logins, sessions, close: () => clearInterval(sweep) };
}

/**
 * Brings the tables of `sqlStorage()` to the version that this package works with; does nothing where they are. For the
 * deployment of an application; `npx nestjs-login-migrate` does the same from a shell. For SQLite it also sets the journal to WAL.
 * @param database as for `sqlStorage()`
 * @returns the version before, 0 for none, and now
 * @throws LoginFault ERR_LOGIN_STORAGE for tables of a later version
 */
export async function migrateLoginTables(
  database: SqlDatabase,
  { tablePrefix = TABLE_PREFIX }: Pick<SqlStorageOptions, 'tablePrefix'> = {},
): Promise<{ readonly from: number; readonly to: number }> {
  return migrate(driverOf(database), tablePrefix);
}

function clockOf(driver: SqlDriver): () => Promise<number> {
  // In the same process, on the same machine: there is no other clock.
  if (driver.dialect === 'sqlite') return async () => Date.now();
  const text = 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000) AS now';
  const clock = new StoreClock(async () => {
    const [rows = []] = await driver.run([{ text, values: [] }]);
    return Number(rows[0]?.now);
  });
  return () => clock.now();
}
