/** The port to a SQL database, with one method. Drivers for pg, and for SQLite by three packages. */
import { LoginFault } from '../../exceptions/login-fault.js';

/** A value in a statement. */
export type SqlValue = string | number | null;

/** A row, by column name. PostgreSQL returns a bigint as text, so the reader of a number converts it. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** A statement. `$1`, `$2`, ... stand for its values. */
export interface SqlStatement {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/** A database. A driver for any other database is an object with this one method. */
export interface SqlDriver {
  /** The SQL that it speaks. */
  readonly dialect: 'postgres' | 'sqlite';
  /**
   * Runs the statements in their order in one transaction. All of them take effect or none, and no other statement runs
   * between them. A single statement takes one round trip.
   * @returns the rows of each statement
   */
  run(statements: readonly SqlStatement[]): Promise<readonly (readonly SqlRow[])[]>;
}

/** The methods in use of a `Pool` of pg. */
export interface PgPool {
  /** Runs one statement. */
  query(query: { text: string; values: unknown[] }): Promise<{ rows: unknown[] }>;
  /** Returns a connection for a transaction. */
  connect(): Promise<{
    query(query: string | { text: string; values: unknown[] }): Promise<{ rows: unknown[] }>;
    release(error?: Error | boolean): void;
  }>;
}

/** The methods in use of a database of libsql, better-sqlite3 or node:sqlite. */
export interface SqliteDatabase {
  /** Makes a statement. */
  prepare(text: string): { all(...values: never[]): unknown; run(...values: never[]): unknown };
  /** Runs a text without values. */
  exec(text: string): unknown;
}

/** The state of a connection. libsql and better-sqlite3 have other names for it than node:sqlite. */
interface SqliteState {
  readonly open?: boolean;
  readonly inTransaction?: boolean;
  readonly isOpen?: boolean;
  readonly isTransaction?: boolean;
}

/** A database of the application. The application opens and closes it. */
export type SqlDatabase = PgPool | SqliteDatabase | SqlDriver;

/**
 * Returns the driver for a database.
 * @throws LoginFault ERR_LOGIN_STORAGE for a database of an unknown kind
 */
export function driverOf(database: SqlDatabase): SqlDriver {
  const has = (name: string): boolean =>
    typeof database === 'object' && database !== null && typeof (database as never)[name] === 'function';
  if (has('run') && 'dialect' in database) return database;
  if (has('prepare') && has('exec')) return new SqliteDriver(database as SqliteDatabase);
  if (has('query') && has('connect') && 'totalCount' in database) return postgres(database as PgPool);

  throw new LoginFault(
    'ERR_LOGIN_STORAGE',
    'sqlStorage() does not know this database.',
    'Give a Pool of pg (not a Client), a database of libsql, better-sqlite3 or node:sqlite, ' +
      'or an object with "dialect" and run(statements).',
  );
}

function postgres(pool: PgPool): SqlDriver {
  return {
    dialect: 'postgres',
    // A transaction of the application may hold rows of these tables. PostgreSQL ends one of two that wait for each
    // other, and has changed nothing for it.
    run: (statements) =>
      runOnPostgres(pool, statements).catch((error: unknown) => {
        if ((error as { code?: unknown } | null)?.code !== DEADLOCK) throw error;
        return runOnPostgres(pool, statements);
      }),
  };
}

/** PostgreSQL's code of the one that it ends. */
const DEADLOCK = '40P01';

async function runOnPostgres(pool: PgPool, statements: readonly SqlStatement[]): Promise<SqlRow[][]> {
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
    // Closes the connection, which also ends an open transaction.
    connection.release(true);
    throw error;
  }
}

/** Milliseconds that a writer waits for another process. The event loop waits with it. */
const BUSY_TIMEOUT = 1000;

/** Runs statements by the synchronous methods of a SQLite database. */
class SqliteDriver implements SqlDriver {
  readonly dialect = 'sqlite';
  readonly #prepared = new Map<string, ReturnType<SqliteDatabase['prepare']>>();

  constructor(private readonly database: SqliteDatabase) {
    try {
      database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
    } catch (error) {
      throw new LoginFault(
        'ERR_LOGIN_STORAGE',
        `The database of sqlStorage() does not answer: ${String(error)}.`,
        'Give an open database.',
      );
    }
  }

  /** Never awaits, so that no other call of this process runs between two statements. */
  async run(statements: readonly SqlStatement[]): Promise<readonly (readonly SqlRow[])[]> {
    this.#checkState();
    if (statements.length === 1) return statements.map((statement) => this.#runOne(statement));

    this.database.exec('BEGIN IMMEDIATE');
    try {
      const answers = statements.map((statement) => this.#runOne(statement));
      this.database.exec('COMMIT');
      return answers;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  #checkState(): void {
    const database = this.database as SqliteState;
    // Comes first, because libsql ends the process if the state of a closed database's transaction is read.
    if ((database.open ?? database.isOpen) === false) throw new Error('The database is closed.');
    // Otherwise a rollback by the application would undo a logout.
    if (database.inTransaction ?? database.isTransaction)
      throw new Error('The application has a transaction open on this connection.');
  }

  #runOne({ text, values }: SqlStatement): SqlRow[] {
    // The SQLite packages treat $1 and ?1 in different ways, and all know the plain mark.
    const order = [...text.matchAll(/\$(\d+)/g)].map(([, number]) => values[Number(number) - 1]) as never[];
    const plain = text.replace(/\$\d+/g, '?');
    const statement = this.#prepared.get(plain) ?? this.database.prepare(plain);
    this.#prepared.set(plain, statement);

    if (/^\s*(SELECT|PRAGMA)|\bRETURNING\b/i.test(plain)) return statement.all(...order) as SqlRow[];
    statement.run(...order);
    return [];
  }

  #rollBack(): void {
    try {
      this.database.exec('ROLLBACK');
    } catch {
      // SQLite has rolled back by itself. Its complaint must not hide the first error.
    }
  }
}
