/** redisStorage(): sessions and logins in one Redis. */
import { LoginFault } from '../../exceptions/login-fault.js';
import type { LoginStorage } from '../../logins/login-storage.js';
import type { RedisClient } from './redis-client.js';
import { RedisConnection } from './redis-connection.js';
import { RedisLoginStore } from './redis-login-store.js';
import { RedisSessionStore } from './redis-session-store.js';

/** The options of `redisStorage()`. */
export interface RedisStorageOptions {
  /** Stands before every key. Two applications on one Redis need two. Default: `'nestjs-login:'`. */
  readonly prefix?: string;
  /** Stands in for the server's clock, in milliseconds; for tests. Default: the server's. */
  readonly clock?: () => number;
}

/** A storage in Redis. */
export interface RedisStorage extends LoginStorage {
  /** login records, with the session values of who is logged in */
  readonly logins: RedisLoginStore;
  /** sessions of visitors who are not logged in */
  readonly sessions: RedisSessionStore;
}

/**
 * Keeps logins and sessions in Redis 6.2 or newer (or Valkey): one node, Sentinel or Cluster. As durable as that Redis is:
 * with `appendfsync everysec` a crash may bring back what was ended in the last second.
 * @param client the application's own: of node-redis (4 or newer) or ioredis (5 or newer), connected. It is never closed here
 * @throws LoginFault ERR_LOGIN_STORAGE for a client of another kind; at the application's start for one that is closed, a
 *   server that does not answer or is too old
 * @example
 * const client = createClient({ url: process.env.REDIS_URL, disableOfflineQueue: true });
 * client.on('error', (error) => logger.error(error)); // without a listener Node ends the process
 * await client.connect();
 * LoginModule.forRoot({ secret, storage: redisStorage(client) });
 */
export function redisStorage(client: RedisClient, options: RedisStorageOptions = {}): RedisStorage {
  const { prefix = 'nestjs-login:', clock } = options;
  if (typeof prefix !== 'string' || prefix === '')
    throw new LoginFault(
      'ERR_LOGIN_STORAGE',
      'The prefix of redisStorage() is no text, or empty.',
      'Write a text that no other application uses on this Redis, such as "shop:login:".',
    );
  const connection = new RedisConnection(client, `${prefix}clock`, clock);
  return { logins: new RedisLoginStore(connection, prefix), sessions: new RedisSessionStore(connection, prefix) };
}
