/** The storage of logins, sessions and counted tries: SQLite, PostgreSQL or Redis. */
import type { LoginStorage } from 'nestjs-login';
import { redisStorage } from 'nestjs-login/redis';
import { migrateLoginTables, sqlStorage } from 'nestjs-login/sql';
import { RateLimiterPostgres, RateLimiterRedis, RateLimiterSQLite } from 'rate-limiter-flexible';
import type { IRateLimiterOptions, RateLimiterAbstract } from 'rate-limiter-flexible';
import { createClient } from 'redis';
import { openPostgres, openSqlite } from './accounts-database.js';
import type { SqliteConnection } from './accounts-database.js';

/** Milliseconds after which SQLite's counts that are over are deleted; elsewhere they leave by themselves. */
const SWEEP = 10 * 60_000;

/** Inject it as `LoginStores`. */
export abstract class LoginStores {
  abstract readonly storage: LoginStorage;
  /** A counter of tries that all nodes share. Resolves once it can count. */
  abstract limiter(options: IRateLimiterOptions): Promise<RateLimiterAbstract>;
  abstract close(): Promise<void>;
}

/**
 * Opens the stores, and makes their tables where they have any.
 * @param address `sqlite:FILE`, `postgres://...` or `redis://...`
 */
export async function openLoginStores(address: string): Promise<LoginStores> {
  if (address.startsWith('redis')) return redisStores(address);
  return address.startsWith('sqlite:') ? sqliteStores(address) : postgresStores(address);
}

async function redisStores(url: string): Promise<LoginStores> {
  // Without the offline queue a request is answered 503 at once while Redis is away.
  const client = createClient({ url, disableOfflineQueue: true });
  await client.on('error', (error: Error) => console.error(`Redis: ${error.message}`)).connect();
  return {
    storage: redisStorage(client),
    limiter: async (options) => new RateLimiterRedis({ ...options, storeClient: client, useRedisPackage: true }),
    close: () => client.close(),
  };
}

async function postgresStores(address: string): Promise<LoginStores> {
  const pool = openPostgres(address);
  await migrateLoginTables(pool);
  const storage = sqlStorage(pool);
  return {
    storage,
    limiter: (options) =>
      ready((done) => new RateLimiterPostgres({ ...options, storeClient: pool, tableName: 'login_tries' }, done)),
    async close() {
      storage.close();
      await pool.end();
    },
  };
}

async function sqliteStores(address: string): Promise<LoginStores> {
  // Two connections: a storage for logins wants one of its own.
  const [database, tries] = [openSqlite(address), openSqlite(address)];
  await migrateLoginTables(database);
  const storage = sqlStorage(database);
  const sweep = setInterval(() => forgetTries(tries), SWEEP).unref();

  return {
    storage,
    limiter: (options) => {
      const settings = { ...options, storeClient: tries, storeType: 'better-sqlite3', tableName: 'login_tries' };
      return ready((done) => new RateLimiterSQLite(settings, done));
    },
    async close() {
      clearInterval(sweep);
      storage.close();
      for (const connection of [database, tries]) connection.close();
    },
  };
}

/** Takes away the counts that are over. The library's own timer would end the process where the database is locked. */
function forgetTries(database: SqliteConnection): void {
  try {
    database.prepare('DELETE FROM login_tries WHERE expire < ?').run(Date.now());
  } catch (error) {
    console.error(error);
  }
}

/** The counters that make a table say by a callback that it is there. */
function ready<Limiter>(make: (done: (error?: Error) => void) => Limiter): Promise<Limiter> {
  return new Promise((resolve, reject) => {
    const limiter = make((error) => (error ? reject(error) : resolve(limiter)));
  });
}
