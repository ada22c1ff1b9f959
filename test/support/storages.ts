/** Every storage of this package on its real database, empty, for tests that are to pass on all of them. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import Database from 'libsql';
import pg from 'pg';
import { createClient } from 'redis';
import { memoryStorage } from 'nestjs-login';
import type { LoginStorage } from 'nestjs-login';
import { redisStorage } from 'nestjs-login/redis';
import type { RedisClient } from 'nestjs-login/redis';
import { migrateLoginTables, sqlStorage } from 'nestjs-login/sql';
import { addressOf } from './servers.js';
import type { Server } from './servers.js';

/** A storage with the tools that a test needs. */
export interface TestStorage {
  readonly storage: LoginStorage;
  /** everything that the database holds of it, as one text */
  readonly dump: () => Promise<string>;
  /** how many login records it holds, ended ones that were not swept yet included */
  readonly records: () => Promise<number>;
  /** takes it all away */
  readonly close: () => Promise<void>;
}

/** How a storage is made. */
export interface StorageKind {
  readonly name: string;
  readonly servers: readonly Server[];
  /**
   * @param clock milliseconds, in place of the database's
   * @param address of a server that is the test's own, in place of the one that all tests share; of two servers, the
   *   first
   */
  readonly make: (clock?: () => number, address?: string) => Promise<TestStorage>;
}

const unique = (): string => randomBytes(6).toString('hex');
/** A lost connection is reported to the caller as well. */
const ignore = (): void => undefined;

async function memory(clock?: () => number): Promise<TestStorage> {
  const storage = memoryStorage(clock ? { clock } : {});
  return {
    storage,
    dump: async () => '',
    records: async () => storage.logins.size,
    close: async () => storage.close(),
  };
}

async function sqlite(clock?: () => number): Promise<TestStorage> {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-login-sqlite-'));
  const database = new Database(join(folder, 'login.db'));
  await migrateLoginTables(database);
  const storage = sqlStorage(database, clock ? { clock } : {});
  const rows = (table: string): unknown[] => database.prepare(`SELECT * FROM ${table}`).all();
  return {
    storage,
    dump: async () => JSON.stringify(['login_records', 'login_sessions', 'login_thefts'].map(rows)),
    records: async () => rows('login_records').length,
    close: async () => {
      storage.close();
      database.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function postgres(clock?: () => number, address = addressOf('postgres')): Promise<TestStorage> {
  const pool = new pg.Pool({ connectionString: address, max: 20 });
  pool.on('error', ignore);
  const tablePrefix = `t${unique()}_`;
  await migrateLoginTables(pool, { tablePrefix });
  const storage = sqlStorage(pool, { tablePrefix, ...(clock && { clock }) });
  const tables = ['records', 'sessions', 'thefts'].map((name) => tablePrefix + name);
  return {
    storage,
    dump: async () =>
      JSON.stringify(await Promise.all(tables.map(async (table) => (await pool.query(`SELECT * FROM ${table}`)).rows))),
    records: async () => Number((await pool.query(`SELECT count(*) FROM ${tablePrefix}records`)).rows[0].count),
    close: async () => {
      storage.close();
      await pool.query(`DROP TABLE ${tables.join()}, ${tablePrefix}schema; DROP FUNCTION ${tablePrefix}insert`);
      await pool.end();
    },
  };
}

/** Sends one command, e.g. 'HGETALL', key. */
type Send = (...words: string[]) => Promise<unknown>;

async function dumpOf(send: Send, prefix: string): Promise<string> {
  const keys = (await send('KEYS', `${prefix}*`)) as string[];
  const values = keys.map(async (key) => {
    const isHash = (await send('TYPE', key)) === 'hash';
    return [key, await send(isHash ? 'HGETALL' : 'GET', key)];
  });
  return JSON.stringify(await Promise.all(values));
}

async function recordsOf(send: Send, prefix: string): Promise<number> {
  const keys = (await send('KEYS', `${prefix}login:*`)) as string[];
  const fields = (await Promise.all(keys.map((key) => send('HKEYS', key)))) as string[][];
  return fields.flat().filter((field) => field.length === 22).length;
}

/** The storage by either client, under keys of its own. */
function overRedis(client: RedisClient, send: Send, end: () => unknown, clock?: () => number): TestStorage {
  const prefix = `test-${unique()}:`;
  return {
    storage: redisStorage(client, { prefix, ...(clock && { clock }) }),
    dump: () => dumpOf(send, prefix),
    records: () => recordsOf(send, prefix),
    close: async () => {
      const keys = (await send('KEYS', `${prefix}*`)) as string[];
      if (keys.length) await send('DEL', ...keys);
      await end();
    },
  };
}

async function nodeRedis(clock?: () => number, url = addressOf('redis')): Promise<TestStorage> {
  const client = createClient({ url, disableOfflineQueue: true });
  client.on('error', ignore);
  await client.connect();
  return overRedis(
    client,
    (...words) => client.sendCommand(words),
    () => client.close(),
    clock,
  );
}

async function ioRedis(clock?: () => number, url = addressOf('redis')): Promise<TestStorage> {
  const client = new Redis(url, { enableOfflineQueue: false, lazyConnect: true });
  client.on('error', ignore);
  await client.connect();
  return overRedis(
    client,
    (command = '', ...words) => client.call(command, ...words),
    () => client.disconnect(),
    clock,
  );
}

/** Sessions in the one, login records in the other. */
async function redisAndPostgres(clock?: () => number, redisUrl?: string): Promise<TestStorage> {
  const halves = [await nodeRedis(clock, redisUrl), await postgres(clock)] as const;
  const [{ storage: redis }, { storage: sql, records }] = halves;
  return {
    storage: { sessions: redis.sessions, logins: sql.logins },
    dump: async () => (await Promise.all(halves.map((half) => half.dump()))).join('\n'),
    records,
    close: async () => {
      for (const half of halves) await half.close();
    },
  };
}

/** All of them, the one in memory first. */
export const STORAGES: readonly StorageKind[] = [
  { name: 'memory', servers: [], make: memory },
  { name: 'SQLite (libsql)', servers: [], make: sqlite },
  { name: 'PostgreSQL (pg)', servers: ['postgres'], make: postgres },
  { name: 'Redis (node-redis)', servers: ['redis'], make: nodeRedis },
  { name: 'Redis (ioredis)', servers: ['redis'], make: ioRedis },
  { name: 'Redis and PostgreSQL', servers: ['redis', 'postgres'], make: redisAndPostgres },
];
