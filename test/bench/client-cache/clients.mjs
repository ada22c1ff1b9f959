/** Opens clients of Redis, with and without node-redis's own cache. */
import { redisStorage } from 'nestjs-login/redis';
import { createClient } from 'redis';

/** Returns a connected client, with the options that the library's guide shows. */
export function openClient(options) {
  return createClient({ disableOfflineQueue: true, ...options })
    .on('error', () => undefined)
    .connect();
}

/** Returns a client with a cache for its reads, and the storage that reads through it. */
export async function openCached(cache, options) {
  const client = await openClient({ ...options, RESP: 3, clientSideCache: cache });
  const storage = redisStorage({
    sendCommand: ([command, key, ...words]) =>
      command === 'HMGET' ? client.hmGet(key, words) : client.sendCommand([command, key, ...words]),
  });

  return { client, storage };
}

/** Returns milliseconds on a clock that all processes of this machine share. */
export const clock = () => Number(process.hrtime.bigint()) / 1e6;
