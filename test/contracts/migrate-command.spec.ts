/**
 * The command `nestjs-login-migrate` in a process of its own, as a deployment runs it: its work, output and exit code.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import Database from 'libsql';
import pg from 'pg';
import { loginSchema, sqlStorage } from 'nestjs-login/sql';
import type { SqlStorage, SqlStorageOptions } from 'nestjs-login/sql';
import { freePort } from '../support/free-port.js';
import { createOwnDatabase } from '../support/own-database.js';
import { addressOf, describeOn } from '../support/servers.js';
import type { Server } from '../support/servers.js';
import { startTestApp } from '../support/test-app.js';

/** A slow machine may take its time over a process, in milliseconds. */
const PATIENCE = 60_000;

interface Ended {
  readonly code: number;
  readonly said: string;
  readonly complained: string;
}

/** Runs the file that npm puts into node_modules/.bin, in the folder of an application. */
function migrate(words: readonly string[], cwd = process.cwd()): Promise<Ended> {
  const { bin } = JSON.parse(readFileSync('package.json', 'utf8')) as { bin: Record<string, string> };
  const command = resolve(bin['nestjs-login-migrate'] ?? '');
  if (!existsSync(command)) throw new Error(`${command} is missing: build it first with \`npm run build\`.`);
  return new Promise((done) => {
    execFile(process.execPath, [command, ...words], { cwd }, (error, said, complained) =>
      done({ code: error ? Number(error.code) : 0, said, complained }),
    );
  });
}

/** An empty database. */
interface Empty {
  readonly url: string;
  readonly run: (text: string) => Promise<unknown>;
  /** the names of its tables */
  readonly tables: () => Promise<string[]>;
  /** differs once somebody has changed anything */
  readonly mark: () => Promise<unknown>;
  readonly storage: (options?: SqlStorageOptions) => SqlStorage;
  readonly close: () => Promise<void>;
}

const namesOf = (rows: unknown): string[] => (rows as { name: string }[]).map(({ name }) => name);

async function postgres(): Promise<Empty> {
  const { url, drop } = await createOwnDatabase();
  const pool = new pg.Pool({ connectionString: url });
  const objects = "SELECT oid, xmin FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY oid";
  return {
    url,
    run: (text) => pool.query(text),
    tables: async () =>
      namesOf((await pool.query("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")).rows),
    mark: async () => [(await pool.query(objects)).rows, (await pool.query('SELECT xmin, * FROM login_schema')).rows],
    storage: (options) => sqlStorage(pool, options),
    close: async () => {
      await pool.end();
      await drop();
    },
  };
}

async function sqlite(): Promise<Empty> {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-login-migrate-'));
  const file = join(folder, 'login.db');
  const database = new Database(file);
  return {
    url: `sqlite:${file}`,
    run: async (text) => database.exec(text),
    tables: async () => namesOf(database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all()),
    // The value belongs to one connection. It changes with every commit of another connection.
    mark: async () => database.prepare('PRAGMA data_version').all(),
    storage: (options) => sqlStorage(database, options),
    close: async () => {
      database.close();
      rmSync(folder, { recursive: true });
    },
  };
}

const FIRST: Ended = { code: 0, said: 'The tables are of version 1 now (before: 0).\n', complained: '' };
const AGAIN: Ended = { code: 0, said: 'The tables are of version 1 already.\n', complained: '' };

describe.each<[string, 'postgres' | 'sqlite', readonly Server[], () => Promise<Empty>]>([
  ['PostgreSQL', 'postgres', ['postgres'], postgres],
  ['SQLite', 'sqlite', [], sqlite],
])('on %s', (_name, dialect, servers, make) => {
  describeOn(servers, 'the command', () => {
    let empty: Empty;
    beforeEach(async () => {
      empty = await make();
    });
    afterEach(() => empty.close());

    /** An application starts on these tables, and somebody logs in. */
    async function serves(options?: SqlStorageOptions): Promise<void> {
      const storage = empty.storage(options);
      const app = await startTestApp({ storage });
      const browser = app.browser();
      await browser.post('/login/ada');
      const { status } = await browser.get('/protected');
      await app.close();
      storage.close();
      expect(status).toBe(200);
    }

    it(
      'makes the tables in an empty database, and an application starts on them',
      async () => {
        expect(await empty.tables()).toEqual([]);
        expect(await migrate([empty.url])).toEqual(FIRST);
        await serves();
      },
      PATIENCE,
    );

    it(
      'changes nothing where they are there, and says so',
      async () => {
        await migrate([empty.url]);
        const before = await empty.mark();
        expect(await migrate([empty.url])).toEqual(AGAIN);
        expect(await empty.mark()).toEqual(before);
      },
      PATIENCE,
    );

    it(
      'makes them under the prefix that is asked for, and none else',
      async () => {
        expect(await migrate([empty.url, '--table-prefix', 'shop_'])).toEqual(FIRST);
        expect((await empty.tables()).filter((name) => !name.startsWith('shop_'))).toEqual([]);
        await serves({ tablePrefix: 'shop_' });
      },
      PATIENCE,
    );

    it.each([
      ['under the usual names', 'login_', []],
      ['under a prefix', 'shop_', ['--table-prefix', 'shop_']],
    ])(
      'prints the SQL that makes them, %s, and makes none',
      async (_how, tablePrefix, words) => {
        const { said, ...ended } = await migrate(['--print', dialect, ...words]);
        expect(ended).toEqual({ code: 0, complained: '' });
        expect(said).toBe(loginSchema(dialect, tablePrefix));
        expect(await empty.tables()).toEqual([]);
        await empty.run(said);
        await serves({ tablePrefix });
      },
      PATIENCE,
    );

    it(
      'leaves tables of a later version alone, with the remedy',
      async () => {
        await migrate([empty.url]);
        await empty.run('UPDATE login_schema SET version = 99');
        const { code, complained } = await migrate([empty.url]);
        expect(complained).toMatch(/of version 99, and this package works with version 1\. Update the package/);
        expect(code).toBe(1);
      },
      PATIENCE,
    );
  });
});

/** The command has to end with 1 and with one message about the fault, without a stack. */
async function complaint(words: readonly string[], cwd?: string): Promise<string> {
  const { code, said, complained } = await migrate(words, cwd);
  expect({ code, said }).toEqual({ code: 1, said: '' });
  expect(complained).not.toMatch(/\n\s+at /);
  return complained;
}

describe('the command', () => {
  const USAGE = /^nestjs-login-migrate DATABASE_URL .*[^]*--print postgres\|sqlite/;

  it(
    'says how it is used',
    async () => {
      const { said, ...ended } = await migrate(['--help']);
      expect(said).toMatch(USAGE);
      expect(ended).toEqual({ code: 0, complained: '' });
    },
    PATIENCE,
  );

  it.each<[string, string[], RegExp]>([
    ['nothing', [], USAGE],
    ['two databases', ['sqlite::memory:', 'sqlite:other.db'], USAGE],
    ['a database of another kind', ['mysql://127.0.0.1/shop'], USAGE],
    ['a file alone', ['login.db'], USAGE],
    ['no file', ['sqlite:'], USAGE],
    ['more than a dialect to print', ['--print', 'sqlite', 'login.db'], USAGE],
    ['a dialect that there is not', ['--print', 'oracle'], USAGE],
    ['no dialect', ['--print'], /--print <value>' argument missing/],
    ['an unknown option', ['--prefix', 'shop_', 'sqlite::memory:'], /Unknown option '--prefix'/],
    ['a prefix that is no name', ['sqlite::memory:', '--table-prefix', 'x; DROP TABLE users'], /ERR_LOGIN_STORAGE: .*"tablePrefix" is no beginning of a table name\. Use small letters/],
    ['a file in a folder that is not there', ['sqlite:/no/such/folder/login.db'], /\/no\/such\/folder\/login\.db/],
    ['a host that is not there', ['postgres://no-such-host.invalid/shop'], /no-such-host\.invalid/],
  ])('refuses %s', async (_what, words, says) => {
    expect(await complaint(words)).toMatch(says);
  }, PATIENCE); // prettier-ignore

  it(
    'never prints a password, also of an address that is none',
    async () => {
      for (const url of ['postgres:ada:geheim@db/shop', 'mysql://ada:geheim@db/shop', 'ada:geheim@db/shop'])
        expect(await complaint([url])).not.toContain('geheim');
    },
    PATIENCE,
  );

  it(
    'says that a server does not answer',
    async () => {
      const port = await freePort();
      expect(await complaint([`postgres://127.0.0.1:${port}/shop`])).toContain(`ECONNREFUSED 127.0.0.1:${port}`);
    },
    PATIENCE,
  );

  it(
    'says where it is to be run, in a folder without the driver',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'nestjs-login-migrate-'));
      expect(await complaint(['postgres://127.0.0.1/shop'], folder)).toBe(
        'None of these packages is installed here: pg. Run the command in the folder of the application.\n',
      );
      rmSync(folder, { recursive: true });
    },
    PATIENCE,
  );
});

describeOn(['postgres'], 'the command, by several nodes at once,', () => {
  it(
    'makes the tables once, and ends well on each',
    async () => {
      const own = await createOwnDatabase();
      const first = new pg.Client(own.url);
      await first.connect();
      await first.query('BEGIN; CREATE TABLE login_schema (version INTEGER)');
      const nodes = [1, 2, 3].map(() => migrate([own.url]));
      // None has seen a table, and all are about to make it.
      const waiting = await own.untilWaiting(3);
      await first.query('ROLLBACK');
      const ended = await Promise.all(nodes);
      const again = await migrate([own.url]);
      await first.end();
      await own.drop();
      expect({ waiting, ended, again }).toEqual({ waiting: 3, ended: [FIRST, FIRST, FIRST], again: AGAIN });
    },
    PATIENCE,
  );
});

describeOn(['postgres'], 'the command on a PostgreSQL that refuses it', () => {
  it.each([
    ['a database that is not there', (url: URL) => (url.pathname = '/no_such_database'), /"no_such_database" does not exist/],
    ['a wrong password', (url: URL) => (url.password = 'wrong'), /password authentication failed for user "postgres"/],
  ])('says so: %s', async (_what, change, says) => {
    const url = new URL(addressOf('postgres'));
    change(url);
    expect(await complaint([url.href])).toMatch(says);
  }, PATIENCE); // prettier-ignore
});
