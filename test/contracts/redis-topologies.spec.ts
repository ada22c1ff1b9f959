/**
 * The contract of a login store on Redis behind Sentinel, with a failover in the middle, and on a Cluster; by both
 * clients.
 */
import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { createCluster, createSentinel } from 'redis';
import type { LoginStorage, LoginStore } from 'nestjs-login';
import { redisStorage } from 'nestjs-login/redis';
import { loginStoreContract } from 'nestjs-login/testing';
import type { StoreContractCase } from 'nestjs-login/testing';
import { startCluster, startSentinel } from '../support/redis-topologies.js';
import type { Node } from '../support/redis-topologies.js';
import { describeOn } from '../support/servers.js';
import { startTestApp } from '../support/test-app.js';

interface Made {
  readonly storage: LoginStorage;
  close(): Promise<unknown> | void;
}

const ignore = (): void => undefined;

/** The contract as tests, and how many of them have passed. */
class Contract {
  #passed = 0;

  run(cases: readonly StoreContractCase[], store: () => LoginStore): void {
    for (const { name, check } of cases)
      it(name, async () => {
        await check(store());
        this.#passed += 1;
      });
  }

  print(where: string): void {
    process.stdout.write(`login store contract on ${where}: ${this.#passed} of ${loginStoreContract.length} pass\n`);
  }
}

/** Sees that the storage serves a whole application: a login, a session value, a list, the end. */
async function serves(storage: LoginStorage): Promise<void> {
  const app = await startTestApp({ storage });
  const [browser, other] = [app.browser(), app.browser()];
  for (const each of [browser, other]) await each.post('/login/ada?remember=1');
  await browser.get('/set?colour=red');
  expect((await browser.get('/values')).json).toEqual({ colour: 'red' });
  expect(await app.login.logins('ada')).toHaveLength(2);
  expect((await browser.close().get('/protected')).status).toBe(200);
  await browser.post('/logout');
  expect((await browser.get('/protected')).status).toBe(401);
  expect(await app.login.logoutEverywhere('ada')).toBe(1);
  expect((await other.get('/protected')).status).toBe(401);
  await app.close();
}

describeOn(['redis'], 'on a Cluster of three nodes', () => {
  let cluster: Awaited<ReturnType<typeof startCluster>>;
  beforeAll(async () => {
    cluster = await startCluster();
  }, 60_000);
  afterAll(() => cluster.stop());

  describe.each<[string, (nodes: Node[]) => Promise<Made>]>([
    [
      'node-redis',
      async (nodes) => {
        const client = createCluster({
          rootNodes: nodes.map(({ host, port }) => ({ url: `redis://${host}:${port}` })),
        });
        client.on('error', ignore);
        await client.connect();
        return { storage: redisStorage(client, { prefix: 'by-node-redis:' }), close: () => client.close() };
      },
    ],
    [
      'ioredis',
      async (nodes) => {
        const client = new Redis.Cluster(nodes, { enableOfflineQueue: true });
        await new Promise((resolve) => client.once('ready', resolve));
        return { storage: redisStorage(client, { prefix: 'by-ioredis:' }), close: () => client.disconnect() };
      },
    ],
  ])('by %s', (client, make) => {
    const contract = new Contract();
    let made: Made;
    beforeAll(async () => {
      made = await make(cluster.nodes);
      await made.storage.logins.start();
    });
    afterAll(async () => {
      contract.print(`Redis Cluster (${client})`);
      await made.close();
    });

    contract.run(loginStoreContract, () => made.storage.logins);

    it('serves a whole application', () => serves(made.storage));
  });
});

describeOn(['redis'], 'behind Sentinel', () => {
  describe.each<[string, (name: string, sentinels: Node[]) => Promise<Made>]>([
    [
      'node-redis',
      async (name, sentinelRootNodes) => {
        const client = createSentinel({ name, sentinelRootNodes });
        client.on('error', ignore);
        await client.connect();
        return { storage: redisStorage(client), close: () => client.close() };
      },
    ],
    [
      'ioredis',
      async (name, sentinels) => {
        const client = new Redis({ name, sentinels, sentinelRetryStrategy: () => 100, retryStrategy: () => 100 });
        client.on('error', ignore);
        await new Promise((resolve) => client.once('ready', resolve));
        return { storage: redisStorage(client), close: () => client.disconnect() };
      },
    ],
  ])('by %s', (client, make) => {
    const contract = new Contract();
    let sentinel: Awaited<ReturnType<typeof startSentinel>>;
    let made: Made;
    beforeAll(async () => {
      sentinel = await startSentinel();
      made = await make(sentinel.name, sentinel.sentinels);
      await made.storage.logins.start();
    }, 60_000);
    afterAll(async () => {
      contract.print(`Redis behind Sentinel (${client})`);
      await made.close();
      await sentinel.stop();
    });

    contract.run(loginStoreContract.slice(0, 12), () => made.storage.logins);

    it('goes on after a failover: what was written is there, and what was ended stays so', async () => {
      const app = await startTestApp({ storage: made.storage, login: { storeTimeout: '500ms' } });
      const [stays, leaves] = [app.browser(), app.browser()];
      for (const browser of [stays, leaves]) await browser.post('/login/ada?remember=1');
      const copy = leaves.clone();
      await leaves.post('/logout');
      // Replication is asynchronous. A write that was acknowledged in the last moment may be lost with a master.
      await setTimeout(500);
      const failover = sentinel.failover();
      // While there is no master nobody is taken for a stranger.
      const statuses = new Set<number>();
      let isOver = false;
      void failover.finally(() => (isOver = true));
      while (!isOver) {
        statuses.add((await stays.get('/protected')).status);
        await setTimeout(50);
      }
      await failover;
      for (let tries = 0; (await stays.get('/protected')).status !== 200 && tries < 100; tries += 1)
        await setTimeout(100);
      expect([...statuses].filter((status) => ![200, 503].includes(status))).toEqual([]);
      expect(statuses).toContain(503);
      expect((await stays.get('/protected')).status).toBe(200);
      expect((await copy.get('/protected')).status).toBe(401);
      expect((await copy.close().get('/protected')).status).toBe(401);
      expect(app.events.some(({ name }) => name === 'rememberTokenTheft')).toBe(false);
      await app.login.logoutEverywhere('ada');
      await app.close();
    }, 60_000);

    contract.run(loginStoreContract.slice(12), () => made.storage.logins);

    it('serves a whole application', () => serves(made.storage));
  });
});
