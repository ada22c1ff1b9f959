/** Exports `nestjs-login/redis`: sessions and logins in Redis, by the application's own client. */
export type { IoRedisClient, NodeRedisClient, RedisClient } from './redis-client.js';
export { RedisLoginStore } from './redis-login-store.js';
export { RedisSessionStore } from './redis-session-store.js';
export { redisStorage } from './redis-storage.js';
export type { RedisStorage, RedisStorageOptions } from './redis-storage.js';
