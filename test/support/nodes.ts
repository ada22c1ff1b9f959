/** Several processes of the fixture (test/conformance) on one storage: an application on many nodes. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Database from 'libsql';
import pg from 'pg';
import { createClient } from 'redis';
import { Browser } from './browser-client.js';
import { freePort } from './free-port.js';
import { addressOf } from './servers.js';
import type { Server } from './servers.js';

const FIXTURE = 'build/test/conformance/fixture/main.js';

/** A storage that several processes share. */
export interface SharedStorage {
  readonly name: string;
  readonly servers: readonly Server[];
  /** makes it anew, empty */
  readonly make: () => Promise<{
    /** as the fixture's configuration has it */
    readonly config: object;
    /** login records and session values that are there */
    readonly left: () => Promise<{ readonly records: number; readonly values: number }>;
    readonly close: () => Promise<void>;
  }>;
}

async function redis(client: 'node-redis' | 'ioredis'): Promise<Awaited<ReturnType<SharedStorage['make']>>> {
  // A database of its own, also beside other spec files: the fixture's keys have one prefix.
  const url = `${addressOf('redis')}/${2 * Number(process.env.JEST_WORKER_ID) + Number(client === 'ioredis')}`;
  const own = await createClient({ url }).connect();
  await own.flushDb();
  return {
    config: { kind: 'redis', url, client },
    left: async () => {
      const fields = await Promise.all((await own.keys('nestjs-login:login:*')).map((key) => own.hKeys(key)));
      const all = fields.flat();
      return {
        records: all.filter((field) => field.length === 22).length,
        values: all.filter((field) => field.endsWith(':v')).length,
      };
    },
    close: async () => {
      await own.flushDb();
      await own.close();
    },
  };
}

async function postgres(): Promise<Awaited<ReturnType<SharedStorage['make']>>> {
  const admin = new pg.Pool({ connectionString: addressOf('postgres'), max: 1 });
  const database = `nodes_${process.pid}`;
  await admin.query(`DROP DATABASE IF EXISTS ${database}`);
  await admin.query(`CREATE DATABASE ${database}`);
  const url = addressOf('postgres').replace(/\/postgres$/, `/${database}`);
  const own = new pg.Pool({ connectionString: url, max: 1 });
  return {
    config: { kind: 'sql', url },
    left: async () => {
      const { rows } = await own.query(
        'SELECT count(*) AS records, count(session_values) AS "values" FROM login_records',
      );
      return { records: Number(rows[0].records), values: Number(rows[0].values) };
    },
    close: async () => {
      await own.end();
      await admin.query(`DROP DATABASE ${database} WITH (FORCE)`);
      await admin.end();
    },
  };
}

async function sqlite(): Promise<Awaited<ReturnType<SharedStorage['make']>>> {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-login-nodes-'));
  const file = join(folder, 'login.db');
  return {
    config: { kind: 'sql', url: `sqlite:${file}` },
    left: async () => {
      const own = new Database(file);
      const text = 'SELECT count(*) AS records, count(session_values) AS "values" FROM login_records';
      const { records, values } = own.prepare(text).get() as { records: number; values: number };
      own.close();
      return { records, values };
    },
    close: async () => rmSync(folder, { recursive: true }),
  };
}

/** Every storage that more than one process can share. */
export const SHARED_STORAGES: readonly SharedStorage[] = [
  { name: 'Redis (node-redis)', servers: ['redis'], make: () => redis('node-redis') },
  { name: 'Redis (ioredis)', servers: ['redis'], make: () => redis('ioredis') },
  { name: 'PostgreSQL', servers: ['postgres'], make: postgres },
  { name: 'SQLite', servers: [], make: sqlite },
];

/** Running nodes. */
export interface Nodes {
  readonly origins: readonly string[];
  /** A new browser. The n-th node answers its first request. */
  browser(n: number): Browser;
  stop(): Promise<void>;
}

/** Starts so many processes of the fixture with this configuration. */
export async function startNodes(count: number, config: object): Promise<Nodes> {
  if (!existsSync(FIXTURE)) throw new Error(`${FIXTURE} is missing: build it first with \`npm run fixture:build\`.`);
  const started: ChildProcess[] = [];
  const origins: string[] = [];
  for (let node = 0; node < count; node += 1) {
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    const child = spawn(process.execPath, [FIXTURE, String(port), JSON.stringify({ origin, ...config })], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    started.push(child);
    for (let tries = 0; ; tries += 1) {
      const { status } = await new Browser(origin).get('/public').catch(() => ({ status: 0 }));
      if (status === 200 && child.exitCode === null) break;
      if (tries === 100 || child.exitCode !== null) throw new Error(`Node ${node} does not start.`);
      await setTimeout(100);
    }
    origins.push(origin);
  }
  const originOf = (n: number): string => origins[n % count] as string;
  return {
    origins,
    browser: (n) => new Browser(originOf(n)),
    stop: async () => {
      for (const child of started) if (child.exitCode === null && child.kill()) await once(child, 'exit');
    },
  };
}
