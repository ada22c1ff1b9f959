#!/usr/bin/env node
/**
 * The command `nestjs-login-migrate`. It makes or updates the tables of `sqlStorage()`, or prints the SQL that does.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { PgPool, SqlDatabase, SqliteDatabase } from './sql-driver.js';
import { loginSchema } from './sql-schema.js';
import { migrateLoginTables } from './sql-storage.js';

const USAGE = `nestjs-login-migrate DATABASE_URL [--table-prefix login_]   brings the tables to the newest version
nestjs-login-migrate --print postgres|sqlite [--table-prefix login_]   prints the SQL that makes them

DATABASE_URL is postgres://user:password@host/database, or sqlite:FILE. The drivers are the application's: pg, or one of
libsql, better-sqlite3 and node:sqlite.`;

/** Loads packages of the application in the current folder, because this package brings no driver. */
const ofApplication = createRequire(join(process.cwd(), 'package.json'));

async function run(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { print: { type: 'string' }, 'table-prefix': { type: 'string' }, help: { type: 'boolean' } },
  });
  const tablePrefix = values['table-prefix'];
  const [url, ...others] = positionals;

  if (values.help) return console.log(USAGE);
  if ((values.print === 'postgres' || values.print === 'sqlite') && url === undefined) {
    process.stdout.write(loginSchema(values.print, tablePrefix));
    return;
  }
  if (values.print !== undefined || url === undefined || others.length) throw new Error(USAGE);

  const { database, close } = await open(url);
  try {
    const { from, to } = await migrateLoginTables(database, tablePrefix === undefined ? {} : { tablePrefix });
    console.log(
      from === to
        ? `The tables are of version ${to} already.`
        : `The tables are of version ${to} now (before: ${from}).`,
    );
  } finally {
    await close();
  }
}

async function open(url: string): Promise<{ database: SqlDatabase; close: () => unknown }> {
  if (url.startsWith('postgres://') || url.startsWith('postgresql://')) {
    const { Pool } = load<{ Pool: new (options: object) => PgPool & { end(): Promise<void> } }>(['pg']);
    const pool = new Pool({ connectionString: url, max: 1 });
    return { database: pool, close: () => pool.end() };
  }

  // Without a file SQLite would make the tables in a database that disappears when it is closed.
  if (!/^sqlite:./.test(url)) throw new Error(`${USAGE}\n\nThis is no DATABASE_URL: ${url.replace(/:.*@/, ':...@')}`);

  type Database = new (file: string) => SqliteDatabase & { close(): void };
  const found = load<Database | { DatabaseSync: Database }>(['libsql', 'better-sqlite3', 'node:sqlite']);
  const Opened = 'DatabaseSync' in found ? found.DatabaseSync : found;
  const database = new Opened(url.slice('sqlite:'.length));
  return { database, close: () => database.close() };
}

/** Returns the first of these packages that the application has. */
function load<Package>(names: readonly string[]): Package {
  for (const name of names)
    try {
      return ofApplication(name) as Package;
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'MODULE_NOT_FOUND' && !String(error).includes('No such built-in'))
        throw error;
    }
  throw new Error(
    `None of these packages is installed here: ${names.join(', ')}. Run the command in the folder of the application.`,
  );
}

run().catch((error: unknown) => {
  // If a name has several addresses and none answers, only the parts of Node's error have a message.
  const [first = error] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  console.error(first instanceof Error ? first.message : first);
  process.exitCode = 1;
});
