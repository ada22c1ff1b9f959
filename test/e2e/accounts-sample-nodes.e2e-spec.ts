/** The accounts sample as several nodes: on one Redis, and on one PostgreSQL. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { DEMO_PASSWORD } from '../support/accounts-visitor.js';
import { Browser, form } from '../support/browser-client.js';
import { createOwnDatabase } from '../support/own-database.js';
import { startOwnRedis } from '../support/redis-topologies.js';
import { startSample } from '../support/sample.js';
import type { RunningSample } from '../support/sample.js';
import { describeOn } from '../support/servers.js';

jest.setTimeout(60_000);

/** The storage of two nodes, and a way to take it away from them. */
interface Shared {
  readonly env: Readonly<Record<string, string>>;
  readonly end: () => Promise<void>;
}

async function onRedis(): Promise<Shared> {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-login-accounts-'));
  const redis = await startOwnRedis();
  return {
    env: { DATA: folder, STORAGE: redis.url },
    end: async () => {
      await redis.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function onPostgres(): Promise<Shared> {
  const database = await createOwnDatabase();
  return { env: { STORAGE: database.url }, end: () => database.drop() };
}

for (const [name, server, share] of [
  ['Redis', 'redis', onRedis],
  ['PostgreSQL', 'postgres', onPostgres],
] as const)
  describeOn([server], `two nodes of the accounts sample on one ${name}`, () => {
    let shared: Shared;
    let nodes: RunningSample[];

    beforeAll(async () => {
      shared = await share();
      // One after the other: the first one makes the tables.
      nodes = [await startSample('start', shared.env)];
      nodes.push(await startSample('start', shared.env));
    });
    afterAll(async () => {
      await Promise.all(nodes.map((node) => node.end()));
      await shared.end();
    });

    const home = (node: 0 | 1): string => nodes[node]?.home ?? '';

    it('log in on one, and are logged in on the other', async () => {
      const me = new Browser(home(0));
      expect((await me.post('/register', form({ email: 'one@example.com', password: DEMO_PASSWORD }))).status).toBe(
        303,
      );
      expect((await me.at(home(1)).get('/api/me')).json).toMatchObject({ email: 'one@example.com' });
    });

    it('log out a device of the one from the other, with its remember cookie', async () => {
      const me = new Browser(home(0));
      const email = 'two@example.com';
      await me.post('/register', form({ email, password: DEMO_PASSWORD }));
      const phone = new Browser(home(1));
      await phone.post('/login', form({ email, password: DEMO_PASSWORD, remember: 'on' }));
      expect((await phone.at(home(0)).get('/api/me')).status).toBe(200);
      const [, handle] = /devices\/([^/"]+)\/end/.exec((await me.at(home(1)).get('/security')).text) ?? [];
      expect((await me.at(home(1)).post(`/security/devices/${handle}/end`)).status).toBe(303);
      for (const device of [phone, phone.clone().close()])
        for (const node of [0, 1] as const)
          expect((await device.clone().at(home(node)).get('/dashboard')).headers.location).toMatch(/^\/login/);
    });

    it('count tries together', async () => {
      const email = 'three@example.com';
      const statuses = [];
      for (let tries = 0; tries < 11; tries += 1)
        statuses.push(
          (await new Browser(home((tries % 2) as 0 | 1)).post('/login', form({ email, password: 'wrong' }))).status,
        );
      expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
    });
  });

describeOn(['redis'], 'the accounts sample whose Redis is gone', () => {
  it('shows a page that says so to who is logged in, JSON to programs, and goes on for strangers', async () => {
    const { env, end } = await onRedis();
    const node = await startSample('start', env, 'ignore');
    const me = new Browser(node.home);
    await me.post('/register', form({ email: 'one@example.com', password: DEMO_PASSWORD }));
    await end();
    const { status, headers, text } = await me.get('/dashboard');
    expect([status, headers['retry-after'], headers['cache-control']]).toEqual([503, '1', 'no-store']);
    expect(text).toContain('<h1>Back in a moment</h1>');
    const program = await me.get('/api/me', { headers: { accept: 'application/json' } });
    expect([program.status, program.json]).toEqual([503, expect.objectContaining({ code: 'ERR_LOGIN_UNAVAILABLE' })]);
    expect((await new Browser(node.home).get('/login')).status).toBe(200);
    const refused = await new Browser(node.home).post(
      '/login',
      form({ email: 'one@example.com', password: DEMO_PASSWORD }),
    );
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1']);
    await node.end('SIGKILL');
  });
});
