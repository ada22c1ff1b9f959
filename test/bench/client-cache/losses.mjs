/** Measures how long a node goes on letting a revoked login in after its connection to Redis was lost. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { redisStorage } from 'nestjs-login/redis';
import { BasicClientSideCache } from 'redis';
import { median } from '../requests/report/quantile.mjs';
import { clock, openCached, openClient } from './clients.mjs';

const HOST = '127.0.0.1';
const KILLS = 20;
const TTL = 5_000;
/** A frozen connection is watched for this many milliseconds. */
const WATCH = 12_000;
/** A read that takes longer hangs. */
const PATIENCE = 1_000;
const PINGS = { pingInterval: 1_000, socket: { socketTimeout: 2_500 } };

/** The ways to lose the connection. `ttl` is that of the cache, 0 is none, and null stands for no cache. */
const LOSSES = [
  { name: `killed by Redis, ${KILLS} times`, ttl: 0, isKilled: true, times: KILLS },
  { name: `killed by Redis, ${KILLS} times`, ttl: TTL, isKilled: true, times: KILLS },
  { name: 'frozen, without a cache', ttl: null },
  { name: 'frozen', ttl: 0 },
  { name: 'frozen', ttl: TTL },
  { name: 'frozen, with pings and a timeout of 2.5 s', ttl: 0, options: PINGS },
  { name: 'the same, and another command each second', ttl: 0, options: PINGS, isBusy: true },
];

export const LOSS_HEADS = ['connection', 'ttl', 'let in for, median', 'worst', 'then', 'entries kept after the loss'];

/** Returns the rows of the table. @param b the node that logs in */
export async function measureLosses(url, b) {
  const revoker = await openClient({ url });
  const prepared = [];
  for (const { times = 1, ...loss } of LOSSES) {
    const ids = [];
    while (ids.length < times) ids.push(await b.logInForId(`lost-${prepared.length}-${ids.length}`));
    prepared.push({ ...loss, ids });
  }

  return Promise.all(prepared.map((loss) => measureLoss(loss, { url, revoker })));
}

async function measureLoss({ name, ttl, ids, ...how }, servers) {
  const seen = [];
  for (const id of ids) seen.push(await loseConnection(id, { ttl, ...how }, servers));

  const times = seen.map(({ lastLetIn }) => lastLetIn);
  const each = (key) => [...new Set(seen.map((one) => one[key]))].join(', ');
  return [
    name,
    ttl ? `${ttl / 1_000} s` : 'none',
    ...[median(times), Math.max(...times)].map(milliseconds),
    each('end'),
    each('kept'),
  ];
}

const milliseconds = (time) => `${time.toFixed(1)} ms`;

/** Lets node A read a login, loses its connection, and revokes the login elsewhere. */
async function loseConnection(id, { ttl, isKilled, isBusy, options }, { url, revoker }) {
  const wire = await Wire.to(url);
  const { cache, client, storage } = await openNodeA(ttl, { url: wire.url, ...options });
  let kept = 'never noticed';
  // node-redis reports the loss first, and then clears.
  client.on('error', () => queueMicrotask(() => (kept = cache.size())));

  const find = () => storage.logins.find(id, { values: true });
  for (let read = 0; read < 2; read += 1) await find();
  const ticking = isBusy && setInterval(() => client.sendCommand(['PING']).catch(() => undefined), 1_000);
  if (isKilled) await revoker.sendCommand(['CLIENT', 'KILL', 'ID', String(await client.clientId())]);
  else wire.freeze();
  await redisStorage(revoker).logins.delete(id);

  const seen = await readUntilGone(find);
  clearInterval(ticking);
  client.destroy();
  wire.end();
  return { ...seen, kept };
}

async function openNodeA(ttl, options) {
  const cache = new BasicClientSideCache({ ttl: ttl ?? 0 });
  if (ttl !== null) return { cache, ...(await openCached(cache, options)) };

  const client = await openClient(options);
  return { cache, client, storage: redisStorage(client) };
}

/** Returns for how many milliseconds reads still find a login, and their result then. */
async function readUntilGone(find) {
  const begin = clock();
  let lastLetIn = 0;
  for (;;) {
    const late = setTimeout(PATIENCE, 'reads hang');
    const found = find().then(
      ({ record }) => (record ? 'still let in' : 'refused'),
      () => 'reads fail',
    );
    const end = await Promise.race([found, late]);

    const time = clock() - begin;
    if (end === 'still let in') lastLetIn = time;
    if (end === 'refused' || end === 'reads hang' || time > WATCH) return { lastLetIn, end };
    await setTimeout(1);
  }
}

/** Stands between a client and Redis. */
class Wire {
  #server;
  #joined = new Set();

  static async to(url) {
    const { port } = new URL(url);
    const wire = new Wire();
    wire.#server = createServer((client) => wire.#join(client, connect(port, HOST))).listen(0, HOST);
    await once(wire.#server, 'listening');

    wire.url = `redis://${HOST}:${wire.#server.address().port}`;
    return wire;
  }

  /** Stops passing on the data of Redis, and closes nothing. */
  freeze() {
    for (const redis of this.#joined) redis.removeAllListeners('data').resume();
  }

  end() {
    this.#server.close();
  }

  #join(client, redis) {
    this.#joined.add(redis);
    client.on('error', () => undefined).on('close', () => redis.destroy());
    redis.on('error', () => undefined).on('close', () => client.destroy());
    client.on('data', (chunk) => redis.write(chunk));
    redis.on('data', (chunk) => client.write(chunk));
  }
}
