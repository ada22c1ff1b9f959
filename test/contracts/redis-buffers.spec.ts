/** A node-redis client that maps replies to Buffers, as an application may configure it for its own keys. */
import { randomBytes } from 'node:crypto';
import { createClient, RESP_TYPES } from 'redis';
import { redisStorage } from 'nestjs-login/redis';
import type { RedisStorage } from 'nestjs-login/redis';
import { loginStoreContract } from 'nestjs-login/testing';
import { addressOf, describeOn } from '../support/servers.js';

describeOn(['redis'], 'a login store on a client that answers Buffers', () => {
  const client = createClient({ url: process.env.TEST_REDIS_URL ?? 'redis://127.0.0.1:1' });
  let storage: RedisStorage;
  beforeAll(async () => {
    expect(addressOf('redis')).toBe(process.env.TEST_REDIS_URL);
    await client.connect();
    const mapped = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    storage = redisStorage(mapped, { prefix: `buffers-${randomBytes(6).toString('hex')}:` });
    await storage.logins.start();
  });
  afterAll(() => client.close());

  it.each(loginStoreContract.map(({ name, check }) => [name, check] as const))('%s', async (_name, check) => {
    await check(storage.logins);
  });
});
