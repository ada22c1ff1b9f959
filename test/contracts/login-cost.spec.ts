/** Shows that a login below the cap does the same work however many other logins its user has, on every storage. */
import { randomBytes } from 'node:crypto';
import { createClient } from 'redis';
import type { LoginCap, LoginRecord, LoginStore } from 'nestjs-login';
import { redisStorage } from 'nestjs-login/redis';
import { newRecord } from '../../lib/testing/contract/contract-case.js';
import { startOwnRedis } from '../support/redis-topologies.js';
import { describeOn } from '../support/servers.js';
import { STORAGES } from '../support/storages.js';

const capOf = (most: number): LoginCap => ({ most, whenFull: 'evict-oldest', excludedIds: [] });
const newUserKey = (): string => randomBytes(12).toString('base64url');

async function insert(store: LoginStore, userKey: string, cap: LoginCap, isExpired = false): Promise<LoginRecord> {
  const changes = isExpired ? { endsAt: (await store.now()) - 1 } : {};
  const record = await newRecord(store, changes, userKey);
  await store.insert(record, '{"colour":"red"}', cap);
  return record;
}

describe.each(STORAGES)('on $name', ({ servers, make }) => {
  describeOn(servers, 'a login', () => {
    it('leaves even expired logins of its user until the cap is reached, and deletes them then', async () => {
      const { storage, records, close } = await make();
      const userKey = newUserKey();
      // The alive login comes first. Redis keeps the logins of a user only as long as the last of them ends.
      for (const isExpired of [false, true, true]) await insert(storage.logins, userKey, capOf(10), isExpired);

      await insert(storage.logins, userKey, capOf(10));
      const below = await records();
      await insert(storage.logins, userKey, capOf(4));
      const reached = await records();

      await close();
      expect([below, reached]).toEqual([4, 3]);
    });
  });
});

describeOn(['redis'], 'Redis', () => {
  const MEASURED = 300;
  let own: Awaited<ReturnType<typeof startOwnRedis>>;
  let client: ReturnType<typeof createClient>;
  beforeAll(async () => {
    own = await startOwnRedis();
    client = createClient({ url: own.url });
    await client.connect();
  }, 30_000);
  afterAll(async () => {
    await client.close();
    await own.stop();
  });

  /**
   * Returns the cost of logins of a user with this many others: microseconds for each, and the calls of each command.
   */
  async function costWith(others: number): Promise<{ time: number; calls: Record<string, number> }> {
    const { logins } = redisStorage(client, { clock: Date.now });
    const userKey = newUserKey();
    for (let made = 0; made < others; made += 1) await insert(logins, userKey, capOf(1_000));

    await client.configResetStat();
    for (let made = 0; made < MEASURED; made += 1) {
      const { id } = await insert(logins, userKey, capOf(1_000));
      await logins.delete(id);
    }
    const stats = await client.info('commandstats');

    const lines = [...stats.matchAll(/cmdstat_(\w+):calls=(\d+),usec=(\d+)/g)];
    const calls = Object.fromEntries(lines.map(([, name = '', times]) => [name, Number(times)]));
    const [, , , time] = lines.find(([, name]) => name === 'evalsha') ?? [];
    return { time: Number(time) / MEASURED, calls };
  }

  it('runs the same commands for a login of a user with one login and with a hundred', async () => {
    await costWith(1);
    const [few, many] = [await costWith(1), await costWith(100)];
    const times = [few, many].map(({ time }) => time.toFixed(1));
    process.stdout.write(`microseconds of Redis for a login: ${times[0]} beside one login, ${times[1]} beside 100\n`);
    // PEXPIRE depends on the milliseconds that have passed.
    for (const { calls } of [few, many]) delete calls.pexpire;
    expect(few.calls.evalsha).toBe(MEASURED);
    expect(many.calls).toEqual(few.calls);
  }, 30_000);
});
