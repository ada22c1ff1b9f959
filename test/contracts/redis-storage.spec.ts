/** `redisStorage()`: clients and servers that it refuses, and its treatment of damaged values. */
import { Redis } from 'ioredis';
import pg from 'pg';
import { createClient } from 'redis';
import { redisStorage } from 'nestjs-login/redis';
import { addressOf, describeOn } from '../support/servers.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { refusal } from '../support/refused-storage.js';

const silent = <Client extends { on(event: 'error', listener: () => void): unknown }>(client: Client): Client => {
  client.on('error', () => undefined);
  return client;
};

describeOn(['redis'], 'redisStorage()', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['an address', 'redis://127.0.0.1'],
    ['an object without commands', {}],
    ['a pool of PostgreSQL', new pg.Pool()],
  ])('refuses %s in place of a client', (_what, client) => {
    expect(() => redisStorage(client as never)).toThrow(
      /ERR_LOGIN_STORAGE: .* It is no Redis client\. Give a connected client/,
    );
  });

  it('refuses a client of node-redis 3 by its age', () => {
    const old = { send_command: () => undefined, sendCommand: () => undefined };
    expect(() => redisStorage(old as never)).toThrow(
      /node-redis 3, which is too old\. Give a connected client of node-redis 4/,
    );
  });

  it.each(['', 7, null])('refuses a prefix that is no text: %p', (prefix) => {
    const client = createClient();
    expect(() => redisStorage(client, { prefix: prefix as never })).toThrow(
      /prefix .* Write a text that no other application/,
    );
  });

  it('is refused at start with a client that was not connected, or is closed', async () => {
    const url = addressOf('redis');
    const client = silent(createClient({ url }));
    expect(await refusal(redisStorage(client))).toMatch(/not connected: await client\.connect\(\)/);
    await client.connect();
    await client.close();
    expect(await refusal(redisStorage(client))).toMatch(/not connected/);
    const other = silent(new Redis(url));
    await other.ping();
    other.disconnect();
    await new Promise((resolve) => other.once('end', resolve));
    expect(await refusal(redisStorage(other))).toMatch(/It is closed: create the client anew/);
  });

  it('is refused at start where nobody answers', async () => {
    const client = silent(new Redis('redis://127.0.0.1:9', { enableOfflineQueue: false, retryStrategy: () => null }));
    await new Promise((resolve) => client.once('close', resolve));
    expect(await refusal(redisStorage(client))).toMatch(/It is closed|does not answer/);
  });

  it('is refused at start with a Redis that is too old, and with a replica', async () => {
    const answering = (info: string) => ({ isOpen: true, sendCommand: async () => info });
    expect(await refusal(redisStorage(answering('redis_version:6.0.16\r\nrole:master')))).toMatch(
      /Redis 6\.0\.16, which is too old/,
    );
    expect(await refusal(redisStorage(answering('redis_version:7.2.4\r\nrole:slave')))).toMatch(/replica/);
  });

  it('is refused at start with a Cluster client that reads from replicas', async () => {
    const cluster = new Redis.Cluster([addressOf('redis')], { lazyConnect: true, scaleReads: 'slave' });
    expect(await refusal(redisStorage(cluster))).toMatch(/reads from replicas.*take the option scaleReads out/);
    cluster.disconnect();
  });

  it('serves by a client that answers numbers as texts', async () => {
    const client = new Redis(addressOf('redis'), { stringNumbers: true });
    const app = await startTestApp({ storage: redisStorage(client, { prefix: 'texts:' }) });
    const browser = app.browser();
    expect((await browser.post('/login/ada?remember=1')).json).toEqual({ ok: true });
    await browser.post('/confirm');
    await browser.get('/set?colour=red');
    expect((await browser.get('/values')).json).toEqual({ colour: 'red' });
    await browser.post('/logout');
    expect(await app.login.logins('ada')).toEqual([]);
    await app.close();
    await client.quit();
  });

  it('of two applications on one Redis share nothing where their prefixes differ', async () => {
    const client = await createClient({ url: addressOf('redis') }).connect();
    const [one, other] = await Promise.all(
      ['one:', 'other:'].map((prefix) =>
        startTestApp({ storage: redisStorage(client, { prefix: `apart-${prefix}` }) }),
      ),
    );
    const browser = (one as TestApp).browser();
    await browser.post('/login/ada');
    expect(await (other as TestApp).login.logins('ada')).toEqual([]);
    expect(await (other as TestApp).login.logoutEverywhere('ada')).toBe(0);
    expect((await browser.get('/protected')).status).toBe(200);
    for (const app of [one, other]) await app?.close();
    for (const key of await client.keys('apart-*')) await client.del(key);
    await client.close();
  });

  describe('with values that are damaged or not ours', () => {
    let client: Redis;
    let app: TestApp;
    beforeAll(async () => {
      client = new Redis(addressOf('redis'));
      app = await startTestApp({ storage: redisStorage(client, { prefix: 'damaged:' }) });
    });
    afterAll(async () => {
      await app.close();
      for (const key of await client.keys('damaged:*')) await client.del(key);
      client.disconnect();
    });

    it.each<[string, (key: string, field: string) => Promise<unknown>]>([
      ['text', (key, field) => client.hset(key, field, 'garbage')],
      ['a head without a record', (key, field) => client.hset(key, field, '1:1:1:9999999999999:')],
      ['JSON of another form', (key, field) => client.hset(key, field, '1:1:1:9999999999999:[2,"ada"]')],
      [
        'a record with wrong types',
        (key, field) => client.hset(key, field, '1:1:1:9999999999999:[1,{},[],0,0,0,0,0,0,0,0]'),
      ],
      ['a list in place of the hash', async (key) => [await client.del(key), await client.rpush(key, 'x')]],
      ['a text in place of the hash', (key) => client.set(key, 'x')],
    ])('logs out, and lets in again by a new login: %s', async (_what, damage) => {
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      const [key = ''] = (await client.keys('damaged:login:*')) as string[];
      const [device] = await app.login.logins('ada');
      await damage(key, device?.loginId.slice(16) ?? '');
      for (const path of ['/protected', '/values', '/protected']) {
        const { status } = await browser.get(path);
        expect([path, status]).toEqual([path, path === '/protected' ? 401 : 200]);
      }
      expect((await browser.close().get('/protected')).status).toBe(401);
      expect(await app.login.logins('ada')).toEqual([]);
      expect((await browser.post('/login/ada')).status).toBe(201);
      expect((await browser.get('/protected')).status).toBe(200);
      expect(await app.login.logoutEverywhere('ada')).toBeGreaterThan(0);
      await client.del(key);
    });

    it('begins a new session in place of an anonymous one that is damaged', async () => {
      const browser = app.browser();
      await browser.get('/set?colour=red');
      const [key = ''] = await client.keys('damaged:session:*');
      for (const damaged of ['garbage', '{"cookie":null}', '{"cookie":{"maxAge":"x"}}', '{"cookie":{"expires":"x"}}']) {
        await client.set(key, damaged);
        const { status, json } = await browser.get('/values');
        expect([damaged, status, json]).toEqual([damaged, 200, {}]);
      }
    });

    it('J3 logs everybody out where it was flushed, and nobody in as somebody else', async () => {
      const browsers = await Promise.all(
        ['ada', 'bob'].map(async (id) => {
          const browser = app.browser();
          await browser.post(`/login/${id}?remember=1`);
          return browser;
        }),
      );
      for (const key of await client.keys('damaged:*')) await client.del(key);
      for (const browser of browsers) expect((await browser.get('/protected')).status).toBe(401);
      for (const browser of browsers) expect((await browser.close().get('/protected')).status).toBe(401);
      expect(app.events.some(({ name }) => name === 'rememberTokenTheft')).toBe(false);
    });
  });
});
