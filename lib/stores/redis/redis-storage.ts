/** Makes redisStorage(): sessions and logins in one Redis. */
import { LoginFault } from '../../exceptions/login-fault.js';
import type { LoginStorage } from '../../logins/login-storage.js';
import type { RedisClient } from './redis-client.js';
import { RedisConnection } from './redis-connection.js';
import { RedisLoginStore } from './redis-login-store.js';
import { RedisSessionStore } from './redis-session-store.js';

/** The options of `redisStorage()`. */
export interface RedisStorageOptions {
  /** Begins every key. Two applications on one Redis need two prefixes. Default: `'nestjs-login:'`. */
  readonly prefix?: string;
  /** Replaces the server's clock, in milliseconds; for tests. Default: the server's. */
  readonly clock?: () => number;
}

/** A storage in Redis. */
export interface RedisStorage extends LoginStorage {
  /** login records, with the session values of each login */
  readonly logins: RedisLoginStore;
  /** sessions of visitors without a login */
  readonly sessions: RedisSessionStore;
}

/**
 * Keeps logins and sessions in Redis 6.2 or newer (or Valkey): one node, Sentinel or Cluster. The storage is as durable
 * as that Redis. With `appendfsync everysec` a crash may bring back logins that were deleted in the last second.
 * @param client a connected client of the application: node-redis (4 or newer) or ioredis (5 or newer). The storage
 *   never closes it
 * @throws LoginFault ERR_LOGIN_STORAGE for a client of another kind. The application's start throws it for a closed
 *   client, and for a server that does not answer or is too old
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
