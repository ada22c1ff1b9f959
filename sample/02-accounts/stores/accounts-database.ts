/** The application's own tables, accounts and security events, on SQLite or PostgreSQL by Kysely. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { CamelCasePlugin, Kysely, Migrator, PostgresDialect, SqliteDialect } from 'kysely';
import type { Migration, SqliteDatabase } from 'kysely';
import { Pool } from 'pg';

/** An account as it is stored. Dates are ISO texts, and flags 0 or 1, so that both databases hold the same. */
export interface AccountRow {
  id: string;
  /** in small letters, unique */
  email: string;
  passwordHash: string;
  role: 'user' | 'admin';
  isDisabled: number;
  /** random; another one with each change of password or second factor */
  securityStamp: string;
  /** base32; null = no second factor */
  totpSecret: string | null;
  /** the time step of the last code that was accepted: no code counts twice */
  totpStep: number;
  createdAt: string;
}

/** Something that happened to an account. */
interface SecurityEventRow {
  id: string;
  /** null where nobody has the address that was tried */
  accountId: string | null;
  kind: string;
  at: string;
  ip: string;
  userAgent: string;
  /** 1 until the user has seen a warning */
  isNew: number;
}

interface AccountTables {
  accounts: AccountRow;
  events: SecurityEventRow;
}

/** Inject it as `AccountsDatabase`. */
export class AccountsDatabase extends Kysely<AccountTables> {}

const migrations: Record<string, Migration> = {
  '001-accounts': {
    async up(database: Kysely<unknown>) {
      await database.schema
        .createTable('accounts')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('email', 'text', (column) => column.notNull().unique())
        .addColumn('password_hash', 'text', (column) => column.notNull())
        .addColumn('role', 'text', (column) => column.notNull())
        .addColumn('is_disabled', 'integer', (column) => column.notNull())
        .addColumn('security_stamp', 'text', (column) => column.notNull())
        .addColumn('totp_secret', 'text')
        .addColumn('totp_step', 'integer', (column) => column.notNull())
        .addColumn('created_at', 'text', (column) => column.notNull())
        .execute();

      await database.schema
        .createTable('events')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('account_id', 'text', (column) => column.references('accounts.id').onDelete('cascade'))
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('at', 'text', (column) => column.notNull())
        .addColumn('ip', 'text', (column) => column.notNull())
        .addColumn('user_agent', 'text', (column) => column.notNull())
        .addColumn('is_new', 'integer', (column) => column.notNull())
        .execute();
      await database.schema.createIndex('events_account_at').on('events').columns(['account_id', 'at']).execute();
      await database.schema.createIndex('events_at').on('events').column('at').execute();
    },
  },
};

/**
 * Opens the database and brings its tables up to date.
 * @param address `sqlite:FILE` or `postgres://...`
 */
export async function openAccountsDatabase(address: string): Promise<AccountsDatabase> {
  const plugins = [new CamelCasePlugin()];

  // libsql has the methods of better-sqlite3 that Kysely calls, and needs no compiler. Only the types differ.
  const database = new AccountsDatabase(
    address.startsWith('sqlite:')
      ? { dialect: new SqliteDialect({ database: openSqlite(address) as unknown as SqliteDatabase }), plugins }
      : { dialect: new PostgresDialect({ pool: openPostgres(address) }), plugins },
  );
  const { error } = await new Migrator({
    db: database,
    provider: { getMigrations: async () => migrations },
  }).migrateToLatest();
  if (error) throw error;
  return database;
}

/** A database of libsql. */
export type SqliteConnection = Database.Database;

/**
 * It is a separate connection, which waits for the locks of other connections. Committed changes survive the end of the
 * process.
 */
export function openSqlite(address: string): SqliteConnection {
  const file = address.slice('sqlite:'.length);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const database = new Database(file);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 2000; PRAGMA foreign_keys = ON');
  return database;
}

/** A pool that gives up rather than keep requests waiting. */
export function openPostgres(address: string): Pool {
  return new Pool({
    connectionString: address,
    connectionTimeoutMillis: 1000,
    query_timeout: 2000,
    keepAlive: true,
  }).on('error', (error) => console.error(`PostgreSQL: ${error.message}`));
}
