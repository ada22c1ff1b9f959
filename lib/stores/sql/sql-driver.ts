/** The port to a SQL database, of one method, and its drivers for what applications have: pg, and SQLite in three packages. */
import { LoginFault } from '../../exceptions/login-fault.js';

/** What a value in a statement may be. */
export type SqlValue = string | number | null;

/** A row, by column name. PostgreSQL answers a bigint as a text: whoever reads a number makes it one. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** A statement; `$1`, `$2`, ... stand for its values. */
export interface SqlStatement {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/** A database. A driver for another one than these is an object with this one method. */
export interface SqlDriver {
  /** Which SQL it speaks. */
  readonly dialect: 'postgres' | 'sqlite';
  /**
   * Runs the statements in their order in one transaction: all or none, and nothing of anybody else between them. One
   * statement alone is one round trip.
   * @returns the rows of each statement
   */
  run(statements: readonly SqlStatement[]): Promise<readonly (readonly SqlRow[])[]>;
}

/** A `Pool` of pg, by what is used of it. */
export interface PgPool {
  /** Runs one statement. */
  query(query: { text: string; values: unknown[] }): Promise<{ rows: unknown[] }>;
  /** A connection for a transaction. */
  connect(): Promise<{
    query(query: string | { text: string; values: unknown[] }): Promise<{ rows: unknown[] }>;
    release(error?: Error | boolean): void;
  }>;
}

/** A database of libsql, better-sqlite3 or node:sqlite, by what is used of it. */
export interface SqliteDatabase {
  /** Makes a statement. */
  prepare(text: string): { all(...values: never[]): unknown; run(...values: never[]): unknown };
  /** Runs a text without values. */
  exec(text: string): unknown;
}

/** What libsql and better-sqlite3 say of a connection, and what node:sqlite does. */
interface SqliteState {
  readonly open?: boolean;
  readonly inTransaction?: boolean;
  readonly isOpen?: boolean;
  readonly isTransaction?: boolean;
}

/** A database of the application, opened and closed by the application. */
export type SqlDatabase = PgPool | SqliteDatabase | SqlDriver;

/**
 * The driver for this database.
 * @throws LoginFault ERR_LOGIN_STORAGE for what is none of a kind that is known
 */
export function driverOf(database: SqlDatabase): SqlDriver {
  const has = (name: string): boolean =>
    typeof database === 'object' && database !== null && typeof (database as never)[name] === 'function';
  if (has('run') && 'dialect' in database) return database;
  if (has('prepare') && has('exec')) return sqlite(database as SqliteDatabase);
  if (has('query') && has('connect') && 'totalCount' in database) return postgres(database as PgPool);
  throw new LoginFault(
    'ERR_LOGIN_STORAGE',
    'sqlStorage() does not know this database.',
    'Give a Pool of pg (not a Client), a database of libsql, better-sqlite3 or node:sqlite, or an object with "dialect" and run(statements).',
  );
}

function postgres(pool: PgPool): SqlDriver {
  return {
    dialect: 'postgres',
    run: async (statements) => {
      const [only, ...others] = statements.map(({ text, values }) => ({ text, values: [...values] }));
      if (!only) return [];
      if (!others.length) return [(await pool.query(only)).rows as SqlRow[]];
      const connection = await pool.connect();
      try {
        await connection.query('BEGIN');
        const answers: SqlRow[][] = [];
        for (const statement of [only, ...others]) answers.push((await connection.query(statement)).rows as SqlRow[]);
        await connection.query('COMMIT');
        connection.release();
        return answers;
      } catch (error) {
        // Whatever is open on it ends with the connection.
        connection.release(true);
        throw error;
      }
    },
  };
}

/** Milliseconds that a writer waits for another process; the event loop waits with it. */
const BUSY_TIMEOUT = 1000;

function sqlite(database: SqliteDatabase): SqlDriver {
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
  } catch (error) {
    throw new LoginFault(
      'ERR_LOGIN_STORAGE',
      `The database of sqlStorage() does not answer: ${String(error)}.`,
      'Give an open database.',
    );
  }
  const state = database as SqliteState;
  const prepared = new Map<string, ReturnType<SqliteDatabase['prepare']>>();
  const runOne = ({ text, values }: SqlStatement): SqlRow[] => {
    // SQLite drivers differ in what they make of $1 and ?1; all know the plain mark.
    const order = [...text.matchAll(/\$(\d+)/g)].map(([, number]) => values[Number(number) - 1]) as never[];
    const plain = text.replace(/\$\d+/g, '?');
    const statement = prepared.get(plain) ?? database.prepare(plain);
    prepared.set(plain, statement);
    if (/^\s*(SELECT|PRAGMA)|\bRETURNING\b/i.test(plain)) return statement.all(...order) as SqlRow[];
    statement.run(...order);
    return [];
  };
  return {
    dialect: 'sqlite',
    // Without an await in it: nothing of this process comes between two statements.
    run: async (statements) => {
      // Asked first: libsql ends the process where a closed database is asked for its transaction.
      if ((state.open ?? state.isOpen) === false) throw new Error('The database is closed.');
      // Else a logout would be undone where the application rolls back.
      if (state.inTransaction ?? state.isTransaction)
        throw new Error('The application has a transaction open on this connection.');
      if (statements.length === 1) return statements.map(runOne);
      database.exec('BEGIN IMMEDIATE');
      try {
        const answers = statements.map(runOne);
        database.exec('COMMIT');
        return answers;
      } catch (error) {
        try {
          database.exec('ROLLBACK');
        } catch {
          // SQLite has rolled back by itself; what it says of that must not hide why.
        }
        throw error;
      }
    },
  };
}
