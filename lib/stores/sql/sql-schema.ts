/** Defines the tables in versions, and brings a database to the newest version. No part of it runs by itself. */
import { LoginFault } from '../../exceptions/login-fault.js';
import { START_TIMEOUT, withTimeout } from '../with-timeout.js';
import type { SqlDriver } from './sql-driver.js';

type Dialect = SqlDriver['dialect'];

/** The default beginning of every table's name. */
export const TABLE_PREFIX = 'login_';

/** The statements that lead from each version to the next one. A released version never changes. */
const MIGRATIONS: readonly ((prefix: string, dialect: Dialect) => readonly string[])[] = [
  (prefix, dialect) => [
    `CREATE TABLE ${prefix}schema (version INTEGER NOT NULL)`,
    `INSERT INTO ${prefix}schema VALUES (1)`,
    `CREATE TABLE ${prefix}records (
      id TEXT PRIMARY KEY,
      user_key TEXT NOT NULL,
      version INTEGER NOT NULL,
      started_at BIGINT NOT NULL,
      last_seen_at BIGINT NOT NULL,
      ends_at BIGINT NOT NULL,
      record TEXT NOT NULL,
      session_values TEXT
    )`,
    `CREATE INDEX ${prefix}records_of_user ON ${prefix}records (user_key)`,
    `CREATE INDEX ${prefix}records_by_end ON ${prefix}records (ends_at)`,
    `CREATE TABLE ${prefix}thefts (user_key TEXT PRIMARY KEY, seen_at BIGINT NOT NULL)`,
    `CREATE TABLE ${prefix}sessions (id TEXT PRIMARY KEY, session TEXT NOT NULL, ends_at BIGINT NOT NULL)`,
    `CREATE INDEX ${prefix}sessions_by_end ON ${prefix}sessions (ends_at)`,
    ...(dialect === 'postgres' ? [insertFunction(prefix)] : []),
  ],
];

/** The version that this package needs. */
const NEWEST = MIGRATIONS.length;

/**
 * Returns the SQL of the function that inserts a login in one round trip. A lock lets it insert one login of a user
 * after the other, so the cap holds on every node. Each of its statements sees the commits that came while it waited
 * for the lock. A single statement would not see them. The first count includes expired and excluded logins. Below the
 * cap it reads nothing else of them.
 */
function insertFunction(prefix: string): string {
  return `CREATE FUNCTION ${prefix}insert(
      p_id TEXT, p_user_key TEXT, p_version INTEGER, p_started_at BIGINT, p_last_seen_at BIGINT, p_ends_at BIGINT,
      p_record TEXT, p_values TEXT, p_now BIGINT, p_most INTEGER, p_refuses INTEGER, p_excluded TEXT
    ) RETURNS TABLE (inserted INTEGER, evicted TEXT, theft_seen_at BIGINT) LANGUAGE plpgsql AS $$
    DECLARE
      many INTEGER;
    BEGIN
      PERFORM ${userLock('p_user_key')};
      inserted := 0;
      IF (SELECT count(*) FROM ${prefix}records r WHERE r.user_key = p_user_key) >= p_most THEN
        DELETE FROM ${prefix}records r WHERE r.user_key = p_user_key AND r.ends_at <= p_now;
        SELECT count(*) + 1 - p_most INTO many FROM ${prefix}records r
          WHERE r.user_key = p_user_key AND NOT (r.id = ANY (string_to_array(p_excluded, ',')));
        IF many > 0 AND p_refuses = 1 THEN
          RETURN NEXT;
          RETURN;
        END IF;
        IF many > 0 THEN
          WITH deleted AS (
            DELETE FROM ${prefix}records r WHERE r.id IN (
              SELECT o.id FROM ${prefix}records o
              WHERE o.user_key = p_user_key AND NOT (o.id = ANY (string_to_array(p_excluded, ',')))
              ORDER BY o.last_seen_at LIMIT many
            ) RETURNING r.id
          ) SELECT string_agg(deleted.id, ',') INTO evicted FROM deleted;
        END IF;
      END IF;
      INSERT INTO ${prefix}records (id, user_key, version, started_at, last_seen_at, ends_at, record, session_values)
        VALUES (p_id, p_user_key, p_version, p_started_at, p_last_seen_at, p_ends_at, p_record, p_values);
      DELETE FROM ${prefix}thefts t WHERE t.user_key = p_user_key RETURNING t.seen_at INTO theft_seen_at;
      inserted := 1;
      RETURN NEXT;
    END $$`;
}

/** Returns the expression that takes PostgreSQL's lock of one user until the transaction ends. */
const userLock = (userKey: string): string =>
  `pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('nestjs-login ' || ${userKey}, 0::bigint))`;

/**
 * Returns the beginning of a statement that deletes rows of the user `$1`. On PostgreSQL it takes the lock that an
 * insertion holds, because that deletes several rows of the user in another order.
 */
export const deletionUnderLock = (dialect: Dialect, table: string): string =>
  dialect === 'postgres'
    ? `WITH lock AS MATERIALIZED (SELECT ${userLock('$1')}) DELETE FROM ${table} USING lock`
    : `DELETE FROM ${table}`;

/** Brings the tables to the newest version. See `migrateLoginTables`. */
export async function migrate(
  driver: SqlDriver,
  tablePrefix: string,
): Promise<{ readonly from: number; readonly to: number }> {
  const prefix = checkPrefix(tablePrefix);
  if (driver.dialect === 'sqlite') await driver.run([{ text: 'PRAGMA journal_mode = WAL', values: [] }]);
  const from = await versionOf(driver, prefix);
  if (from > NEWEST) throw otherVersion(from);

  for (let version = from; version < NEWEST; version += 1) {
    const statements = stepTo(version + 1, prefix, driver.dialect).map((text) => ({ text, values: [] }));
    await driver.run(statements).catch(async (error: unknown) => {
      // Another process may have taken the step at the same time. Then it is done.
      if ((await versionOf(driver, prefix)) <= version) throw error;
    });
  }
  return { from, to: NEWEST };
}

/**
 * Returns the schema of `sqlStorage()` as text, for tools that run SQL by other means.
 * @param tablePrefix begins the name of every table
 * @throws LoginFault ERR_LOGIN_STORAGE for a prefix that begins no table name
 */
export function loginSchema(dialect: 'postgres' | 'sqlite', tablePrefix: string = TABLE_PREFIX): string {
  const prefix = checkPrefix(tablePrefix);
  const statements = MIGRATIONS.flatMap((_, version) => stepTo(version + 1, prefix, dialect));
  return statements.map((text) => `${text};\n`).join('\n');
}

/**
 * Checks the database and its tables.
 * @throws LoginFault ERR_LOGIN_STORAGE where the database does not answer, or the tables are missing or of another
 *   version
 */
export async function checkSchema(driver: SqlDriver, prefix: string): Promise<void> {
  const version = await withTimeout(versionOf(driver, prefix), START_TIMEOUT).catch((error: unknown) => {
    throw new LoginFault(
      'ERR_LOGIN_STORAGE',
      `The database of sqlStorage() does not answer: ${error instanceof Error ? error.message : String(error)}.`,
      'Give an open database or pool, and see that it can be reached with the user and password that it is given.',
    );
  });

  if (version === 0)
    throw new LoginFault('ERR_LOGIN_STORAGE', `The tables "${prefix}..." of sqlStorage() are missing.`, COMMAND);
  if (version !== NEWEST) throw otherVersion(version);
  if (driver.dialect === 'postgres') await checkServer(driver);
}

/**
 * Refuses a standby, and a stricter isolation. That one reads the state from before the wait for the lock. The cap
 * would not hold, and logouts would fail.
 */
async function checkServer(driver: SqlDriver): Promise<void> {
  const text = `SELECT current_setting('transaction_isolation') AS isolation, pg_is_in_recovery() AS standby`;
  const [[{ isolation, standby } = {}] = []] = await driver.run([{ text, values: [] }]);

  if (standby === true)
    throw new LoginFault(
      'ERR_LOGIN_STORAGE',
      'The database of sqlStorage() is a standby, which cannot be written.',
      'Connect to the primary server.',
    );
  if (isolation !== 'read committed')
    throw new LoginFault(
      'ERR_LOGIN_STORAGE',
      `The transactions of sqlStorage() would be isolated as "${String(isolation)}", by which a logout can fail.`,
      `Give it a pool with options: '-c default_transaction_isolation=read\\ committed'.`,
    );
}

/** Returns a prefix that may begin a table name. @throws LoginFault ERR_LOGIN_STORAGE for any other */
export function checkPrefix(prefix: string): string {
  if (typeof prefix === 'string' && /^[a-z][a-z0-9_]{0,30}$/.test(prefix)) return prefix;
  throw new LoginFault(
    'ERR_LOGIN_STORAGE',
    'The option "tablePrefix" is no beginning of a table name.',
    'Use small letters, digits and "_", at most 31, such as "shop_login_".',
  );
}

const COMMAND =
  'Run `npx nestjs-login-migrate DATABASE_URL`, or await migrateLoginTables(database), before the application starts.';

function stepTo(version: number, prefix: string, dialect: Dialect): string[] {
  const statements = MIGRATIONS[version - 1]?.(prefix, dialect) ?? [];
  return [...statements, `UPDATE ${prefix}schema SET version = ${version}`];
}

/** Returns the version of the tables; 0 where there are none yet. */
async function versionOf(driver: SqlDriver, prefix: string): Promise<number> {
  const text = `SELECT version FROM ${prefix}schema`;
  const [rows = []] = await driver.run([{ text, values: [] }]).catch((error: unknown) => {
    if (/no such table|42P01/.test(`${String(error)} ${String((error as { code?: unknown }).code)}`)) return [];
    throw error;
  });
  return Number(rows[0]?.version ?? 0);
}

function otherVersion(version: number): LoginFault {
  return new LoginFault(
    'ERR_LOGIN_STORAGE',
    `The tables of sqlStorage() are of version ${version}, and this package works with version ${NEWEST}.`,
    version < NEWEST ? COMMAND : 'Update the package, or give this application tables of its own by "tablePrefix".',
  );
}
