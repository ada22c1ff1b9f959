/**
 * An anonymous session without changes does not expire. Session stores of other packages get the values that their code
 * reads.
 */
import PgSession from 'connect-pg-simple';
import { RedisStore } from 'connect-redis';
import session from 'express-session';
import { memoryStorage } from 'nestjs-login';
import type { SessionStore } from 'nestjs-login';
import { startTestApp } from '../support/test-app.js';

/** A store over a client or pool that is none: it keeps one text for each key, and notes how long. */
interface Foreign {
  readonly store: SessionStore;
  /** the minutes from now that each call has kept a session for */
  readonly kept: number[];
  /** the data that the store was handed to touch */
  readonly touched: (session.SessionData & Record<string, unknown>)[];
}

/** Notes the data that `touch` gets, before the store sees it. */
function noting(store: session.Store): Foreign['touched'] {
  const touched: Foreign['touched'] = [];
  const touch = store.touch?.bind(store);
  store.touch = (id, data, callback) => {
    touched.push(structuredClone({ ...data }) as never);
    touch?.(id, data, callback);
  };
  return touched;
}

function connectRedis(): Foreign {
  const values = new Map<string, string>();
  const kept: number[] = [];
  const client = {
    get: async (key: string) => values.get(key) ?? null,
    set: async (key: string, value: string) => void values.set(key, value),
    expire: async (_key: string, seconds: number) => void kept.push(Math.round(seconds / 60)),
    del: async (keys: string[]) => keys.forEach((key) => values.delete(key)),
  };
  const store = new RedisStore({ client, ttl: 3600 });
  return { store, kept, touched: noting(store) };
}

function connectPgSimple(): Foreign {
  const rows = new Map<unknown, unknown>();
  const kept: number[] = [];
  const query = async (text: string, [first, second, third]: unknown[] = []) => {
    if (text.startsWith('SELECT')) return { rows: rows.has(first) ? [{ sess: rows.get(first) }] : [] };
    if (text.startsWith('INSERT')) rows.set(third, JSON.parse(JSON.stringify(first)));
    if (text.startsWith('UPDATE')) kept.push(Math.round((Number(first) - Date.now() / 1000) / 60));
    return { rows: [], second };
  };
  const store = new (PgSession(session))({ pool: { query } as never, ttl: 3600, pruneSessionInterval: false });
  return { store, kept, touched: noting(store) };
}

function memoryStore(): Foreign {
  const store = new session.MemoryStore();
  return { store, kept: [60], touched: noting(store) };
}

describe.each<[string, () => Foreign]>([
  ['connect-redis', connectRedis],
  ['connect-pg-simple', connectPgSimple],
  ["express-session's MemoryStore", memoryStore],
])('%s', (_name, make) => {
  it('is asked once a process to keep a session that is only read, for its own lifetime', async () => {
    const { store, kept, touched } = make();
    const logins = memoryStorage();
    const [first, second] = await Promise.all(
      [1, 2].map(() => startTestApp({ storage: { sessions: store, logins: logins.logins } })),
    );
    const browser = first?.browser();
    await browser?.get('/set?colour=red');
    await browser?.get('/public');
    expect(touched).toEqual([]);

    // Another process has not just stored it.
    const other = browser?.at(second?.origin as string);
    for (let visit = 0; visit < 3; visit += 1) expect((await other?.get('/public'))?.status).toBe(200);
    expect(touched).toEqual([{ colour: 'red', cookie: { originalMaxAge: null, expires: null } }]);
    expect(kept).toEqual([60]);
    expect((await other?.get('/values'))?.json).toEqual({ colour: 'red' });

    await first?.close();
    await second?.close();
    logins.close();
  });
});
