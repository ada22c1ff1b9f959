/**
 * Session stores of express-session that others wrote: they keep the sessions of anonymous visitors, on real servers.
 */
import PgSession from 'connect-pg-simple';
import { RedisStore } from 'connect-redis';
import session from 'express-session';
import pg from 'pg';
import { createClient } from 'redis';
import { memoryStorage } from 'nestjs-login';
import type { SessionStore } from 'nestjs-login';
import { addressOf, describeOn } from '../support/servers.js';
import type { Server } from '../support/servers.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

interface Foreign {
  readonly store: SessionStore;
  /** everything that the store holds, as text, one entry a session */
  readonly dump: () => Promise<string[]>;
  readonly close: () => Promise<unknown>;
}

async function connectRedis(): Promise<Foreign> {
  const client = createClient({ url: addressOf('redis') });
  await client.connect();
  const prefix = `foreign-${process.pid}:`;
  const keys = (): Promise<string[]> => client.keys(`${prefix}*`);
  return {
    store: new RedisStore({ client, prefix }),
    dump: async () => Promise.all((await keys()).map(async (key) => `${key} ${await client.get(key)}`)),
    close: () => client.close(),
  };
}

async function connectPgSimple(): Promise<Foreign> {
  const pool = new pg.Pool({ connectionString: addressOf('postgres') });
  const tableName = `foreign_sessions_${process.pid}`;
  const store = new (PgSession(session))({ pool, tableName, createTableIfMissing: true, pruneSessionInterval: false });
  return {
    store,
    dump: async () => {
      const { rows } = await pool.query<Record<string, unknown>>(`SELECT * FROM ${tableName}`);
      return rows.map((row) => JSON.stringify(row));
    },
    close: async () => {
      await pool.query(`DROP TABLE IF EXISTS ${tableName}`);
      await pool.end();
    },
  };
}

/** express-session's own: for programs of one process, and the shape that all others follow. */
async function memoryStore(): Promise<Foreign> {
  const store = new session.MemoryStore();
  const dump = (): string[] => Object.entries((store as unknown as { sessions: object }).sessions).map(String);
  return {
    store,
    dump: () => Promise.resolve(dump()),
    close: () => Promise.resolve(),
  };
}

describe.each<[string, readonly Server[], () => Promise<Foreign>]>([
  ['connect-redis', ['redis'], connectRedis],
  ['connect-pg-simple', ['postgres'], connectPgSimple],
  ["express-session's MemoryStore", [], memoryStore],
])('with %s as storage.sessions', (_name, servers, make) => {
  describeOn(servers, 'a visitor', () => {
    let foreign: Foreign;
    let app: TestApp;
    beforeAll(async () => {
      foreign = await make();
      const storage = { sessions: foreign.store, logins: memoryStorage().logins };
      app = await startTestApp({ storage, login: { session: { keepOnLogin: ['basket'] } } });
    });
    afterAll(async () => {
      await app.close();
      await foreign.close();
    });

    it('keeps the values of an anonymous session from request to request, under a key that opens nothing', async () => {
      const browser = app.browser();
      await browser.get('/set?colour=red');
      await browser.get('/set?size=4');
      expect((await browser.get('/values')).json).toEqual({ colour: 'red', size: '4' });
      const id = decodeURIComponent(browser.jar.get('session-anonymous') ?? '').slice(2, 24);
      const dump = (await foreign.dump()).join('\n');
      expect(id).toMatch(/^[\w-]{22}$/);
      expect(dump).toContain('red');
      expect(dump).not.toContain(id);
    });

    it('takes what keepOnLogin names into the login, and leaves no row of the anonymous session', async () => {
      const before = (await foreign.dump()).length;
      const browser = app.browser();
      await browser.get('/set?basket=7&role=admin');
      expect((await foreign.dump()).length).toBe(before + 1);
      await browser.post('/login/ada?remember=1');
      expect((await browser.get('/values')).json).toEqual({ basket: '7' });
      expect((await foreign.dump()).length).toBe(before);
    });

    it('restores a remembered login over an anonymous session, and keeps the same of it', async () => {
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      browser.close();
      await browser.get('/set?basket=8&role=admin');
      const before = (await foreign.dump()).length;
      expect((await browser.get('/protected')).status).toBe(200);
      expect((await browser.get('/values')).json).toEqual({ basket: '8' });
      expect((await foreign.dump()).length).toBe(before - 1);
    });

    it('writes nothing of a login, and nothing for who only looks', async () => {
      const before = (await foreign.dump()).length;
      const [browser, stranger] = [app.browser(), app.browser()];
      await browser.post('/login/ada');
      await browser.get('/set?colour=blue');
      await stranger.get('/protected');
      await stranger.get('/values');
      expect((await foreign.dump()).length).toBe(before);
      await browser.post('/logout');
      expect((await browser.get('/values')).json).toEqual({});
    });
  });
});
