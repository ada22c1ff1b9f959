/**
 * The cost of a request, counted at the server. Redis shows its commands by MONITOR, and PostgreSQL its statements by
 * pg_stat_statements. Calls inside a script or a function of the server are no round trips, and do not count.
 */
import { once } from 'node:events';
import { Controller, Injectable, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { Redis } from 'ioredis';
import pg from 'pg';
import { LoginManagerService, RequestLoader } from 'nestjs-login';
import type { SqlStorage } from 'nestjs-login/sql';
import type { Browser } from '../support/browser-client.js';
import { createOwnDatabase } from '../support/own-database.js';
import { startOwnRedis } from '../support/redis-topologies.js';
import { describeOn } from '../support/servers.js';
import { STORAGES } from '../support/storages.js';
import type { StorageKind, TestStorage } from '../support/storages.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

/** A server, or a part of one, that nobody else uses. */
interface OwnServer {
  readonly address: string;
  /** The commands or statements since the last call. */
  readonly take: () => Promise<string[]>;
  readonly stop: () => Promise<void>;
}

async function redis(): Promise<OwnServer> {
  const { url, stop } = await startOwnRedis();
  const client = new Redis(url);
  const monitor = await client.monitor();
  const sent: string[][] = [];
  monitor.on('monitor', (_time: string, words: string[], source: string) => source !== 'lua' && sent.push(words));
  return {
    address: url,
    take: async () => {
      // Shown after everything that came before it.
      await client.echo('so far');
      while (sent.at(-1)?.[1] !== 'so far') await once(monitor, 'monitor');
      return sent
        .splice(0)
        .slice(0, -1)
        .map(([command, key]) => `${command} ${key}`);
    },
    stop: async () => {
      for (const each of [monitor, client]) each.disconnect();
      await stop();
    },
  };
}

async function postgres(): Promise<OwnServer> {
  const { name, url, admin, drop } = await createOwnDatabase();
  await admin.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements');
  await admin.query(`ALTER DATABASE ${name} SET pg_stat_statements.track = 'top'`);
  const mine = `pg_database ON pg_database.oid = dbid AND datname = '${name}'`;
  return {
    address: url,
    take: async () => {
      const { rows } = await admin.query(`SELECT query, calls FROM pg_stat_statements JOIN ${mine}`);
      await admin.query(`SELECT pg_stat_statements_reset(0, oid, 0) FROM pg_database WHERE datname = '${name}'`);
      return rows.flatMap(({ query, calls }) => Array.from({ length: Number(calls) }, () => query as string));
    },
    stop: drop,
  };
}

@Controller()
class OthersController {
  constructor(private readonly login: LoginManagerService) {}

  @Post('logout-others')
  async others(@Req() req: Request): Promise<{ ended: number }> {
    return { ended: await this.login.logoutOthers(req) };
  }
}

/** Names a user without a login. */
@Injectable()
class Keys {
  @RequestLoader()
  byKey(request: Request): object | null {
    return request.headers['x-key'] === 'ada' ? { id: 'ada' } : null;
  }
}

/** A visitor that sends one request after another. */
class Visitor {
  readonly #browser: Browser;
  #kept = new Map<string, string>();

  constructor(
    app: TestApp,
    private readonly clock = { now: Date.now() },
  ) {
    this.#browser = app.browser();
  }

  /** @returns the status, of a request */
  async does(step: string): Promise<number> {
    const { jar } = this.#browser;
    const [word = '', path = ''] = step.split(' ');
    if (word === 'close') this.#browser.close();
    else if (word === 'wait') this.clock.now += Number(path) * 1000;
    else if (word === 'keep') this.#kept = new Map(jar);
    else if (word === 'again') for (const [name, value] of this.#kept) jar.set(name, value);
    else if (word === 'holds') jar.set(...(path.split('=') as [string, string]));
    else return (await this.#browser.request(word, path)).status;
    return 0;
  }
}

const [LOGIN, REMEMBERED, GUARDED] = ['POST /login/ada', 'POST /login/ada?remember=1', 'GET /protected'];
/** Returns a text of this length, in the characters of a cookie. */
const part = (length: number): string => 'a'.repeat(length);

/** A slow machine is to change nothing. */
const PATIENT = { storeTimeout: '30s' } as const;

/** The request, its number of calls, its status, and the steps before it. Only the last step is counted. */
const ROWS: readonly [string, number, number, string[]][] = [
  ['a public route without a cookie', 0, 200, ['GET /public']],
  ["a public route with a login's cookie", 1, 200, [LOGIN, 'GET /public']],
  ["a public route with an anonymous session's cookie", 1, 200, ['GET /set?colour=red', 'GET /public']],
  ['a guarded route, logged in', 1, 200, [LOGIN, GUARDED]],
  ['a guarded route, logged in, with values of the session', 1, 200, [LOGIN, 'GET /set?colour=red', GUARDED]],
  ['a route that asks for the user in four ways', 1, 200, [LOGIN, 'GET /whoami']],
  ['a guarded route that needs a fresh login', 1, 200, [LOGIN, 'GET /fresh']],
  ['a guarded route without a cookie', 0, 401, [GUARDED]],
  ['a guarded route with a malformed cookie', 0, 401, ['holds session=garbage', GUARDED]],
  ['a guarded route with a forged cookie', 0, 401, [`holds session=s%3A${part(38)}.${part(22)}.${part(43)}`, GUARDED]],
  ['a guarded route with a malformed remember cookie', 0, 401, ['holds remember=v1.garbage', GUARDED]],
  [
    'a guarded route with a forged remember cookie',
    0,
    401,
    [`holds remember=v1.${part(38)}.${part(43)}.${part(43)}`, GUARDED],
  ],
  ["a guarded route with an ended login's cookie", 1, 401, [LOGIN, 'keep', 'POST /logout', 'again', GUARDED]],
  ['a first value of an anonymous session', 1, 200, ['GET /set?colour=red']],
  ['another value of a session, anonymous', 2, 200, ['GET /set?colour=red', 'GET /set?colour=blue']],
  ["another value of a session, a login's", 2, 200, [LOGIN, 'GET /set?colour=blue']],
  ['a login without a session before it', 1, 201, [LOGIN]],
  ['a login to be remembered', 1, 201, [REMEMBERED]],
  ['a login over an anonymous session', 4, 201, ['GET /set?colour=red', LOGIN]],
  ['a login over a login', 4, 201, [LOGIN, 'POST /login/bob']],
  ['a logout', 2, 201, [LOGIN, 'POST /logout']],
  ['a confirmation', 2, 201, [LOGIN, 'POST /confirm']],
  ['a login restored from the remember cookie', 2, 200, [REMEMBERED, 'close', GUARDED]],
  ['the first request that brings the new token', 2, 200, [REMEMBERED, 'close', GUARDED, GUARDED]],
  ['the request after that', 1, 200, [REMEMBERED, 'close', GUARDED, GUARDED, GUARDED]],
  ['a request of a burst', 1, 200, [REMEMBERED, 'close', 'keep', GUARDED, 'close', 'again', GUARDED]],
  ['a request in the grace', 1, 200, [REMEMBERED, 'close', 'keep', GUARDED, GUARDED, 'close', 'again', GUARDED]],
  ['a stolen token', 2, 401, [REMEMBERED, 'close', 'keep', GUARDED, GUARDED, 'wait 61', 'close', 'again', GUARDED]],
  ['a request within the throttle interval', 1, 200, [LOGIN, 'wait 59', GUARDED]],
  ['a request after the throttle interval', 2, 200, [LOGIN, 'wait 61', GUARDED]],
  ['a request that comes too late, and ends the login', 2, 401, [LOGIN, 'wait 86401', GUARDED]],
];

const onPostgres = STORAGES.find(({ servers }) => servers.join() === 'postgres') as StorageKind;

describe.each(STORAGES.filter(({ servers }) => servers.length === 1))('on $name', ({ servers, make }) => {
  describeOn(servers, 'the server is sent, for', () => {
    const clock = { now: Date.now() };
    let own: OwnServer;
    let made: TestStorage;
    let app: TestApp;
    beforeAll(async () => {
      own = await (servers.includes('redis') ? redis() : postgres());
      made = await make(() => clock.now, own.address);
      // Its sweep, once a minute, belongs to no request.
      if ('close' in made.storage) (made.storage as SqlStorage).close();
      app = await startTestApp({
        storage: made.storage,
        login: PATIENT,
        controllers: [OthersController],
        providers: [Keys],
      });
    }, 30_000);
    afterAll(async () => {
      await app.close();
      await made.close();
      await own.stop();
    });

    /** Returns the calls of a prepared piece of work. */
    async function sent(prepare: () => Promise<() => Promise<unknown>>): Promise<{ answer: unknown; sent: string[] }> {
      const first = await prepare();
      await first();
      const work = await prepare();
      await own.take();
      const answer = await work();
      return { answer, sent: await own.take() };
    }
    const so = (many: number): unknown[] => Array.from({ length: many }, () => expect.any(String));

    it.each(ROWS)('%s: %i', async (_what, many, status, steps) => {
      const last = steps.at(-1) as string;
      const visit = async (): Promise<() => Promise<number>> => {
        const visitor = new Visitor(app, clock);
        for (const step of steps.slice(0, -1)) await visitor.does(step);
        return () => visitor.does(last);
      };
      expect(await sent(visit)).toEqual({ answer: status, sent: so(many) });
    });

    it('a guarded route, named by the request loader: 0', async () => {
      const ask = async (): Promise<number> =>
        (await app.browser().get('/protected', { headers: { 'x-key': 'ada' } })).status;
      expect(await sent(async () => ask)).toEqual({ answer: 200, sent: [] });
    });

    const loggedIn = async (id: string, many: number): Promise<Browser[]> => {
      await app.login.logoutEverywhere(id);
      const browsers = Array.from({ length: many }, () => app.browser());
      await Promise.all(browsers.map((browser) => browser.post(`/login/${id}`)));
      return browsers;
    };

    it.each([1, 100])('the list of %i devices: 1', async (many) => {
      const list = async (): Promise<() => Promise<number>> => {
        await loggedIn('bob', many);
        return async () => (await app.login.logins('bob')).length;
      };
      expect(await sent(list)).toEqual({ answer: many, sent: so(1) });
    });

    it('the end of one device by its id: 1', async () => {
      const revoke = async (): Promise<() => Promise<boolean>> => {
        await loggedIn('bob', 2);
        const [device] = await app.login.logins('bob');
        return () => app.login.revoke('bob', device?.loginId ?? '');
      };
      expect(await sent(revoke)).toEqual({ answer: true, sent: so(1) });
    });

    it('the end of all devices: 1, and of all others: 1 beside what every request costs', async () => {
      const everywhere = async (): Promise<() => Promise<number>> => {
        await loggedIn('bob', 3);
        return () => app.login.logoutEverywhere('bob');
      };
      expect(await sent(everywhere)).toEqual({ answer: 3, sent: so(1) });
      const others = async (): Promise<() => Promise<unknown>> => {
        const [browser] = await loggedIn('bob', 3);
        return async () => (await browser?.post('/logout-others'))?.json;
      };
      expect(await sent(others)).toEqual({ answer: { ended: 2 }, sent: so(2) });
    });

    it("the server's clock: once, not with each request", async () => {
      const byServer = await make(undefined, own.address);
      const other = await startTestApp({ storage: byServer.storage, login: PATIENT });
      const browser = other.browser();
      await browser.post('/login/ada');
      await own.take();
      for (let made = 0; made < 50; made += 1) await browser.get('/protected');
      const { length } = await own.take();
      await other.close();
      await byServer.close();
      // A slow machine may come to the minute in which it is read again.
      expect(length).toBeGreaterThanOrEqual(50);
      expect(length).toBeLessThan(55);
    });
  });
});

describeOn(['postgres'], 'a login', () => {
  it.each([
    ['an anonymous session', 'GET /set?colour=red'],
    ['a login', 'POST /login/bob'],
  ])(
    'over %s sends the calls that begin it together with those that end the former one',
    async (_what, before) => {
      const own = await createOwnDatabase();
      const { storage, close } = await onPostgres.make(undefined, own.url);
      const app = await startTestApp({ storage, login: PATIENT });
      const visitor = new Visitor(app);
      await visitor.does(before);
      // Whatever writes has to wait: both are there at the same time, and neither was answered.
      const lock = new pg.Client(own.url);
      await lock.connect();
      const { rows } = await lock.query("SELECT tablename FROM pg_tables WHERE tablename ~ '_(records|sessions)$'");
      await lock.query(`BEGIN; LOCK TABLE ${rows.map(({ tablename }) => tablename).join()} IN SHARE MODE`);
      const login = visitor.does(LOGIN);
      const waiting = await own.untilWaiting(2);
      await lock.query('COMMIT');
      const status = await login;
      await lock.end();
      await app.close();
      await close();
      await own.drop();
      expect([waiting, status]).toEqual([2, 201]);
    },
    30_000,
  );
});
