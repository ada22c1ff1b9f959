/**
 * Measures what node-redis's own cache would gain and cost if `redisStorage` read through it, by
 * `npm run bench:client-cache`.
 *
 * Redis tells such a client which keys have changed, and the client then forgets them. Each node is a process of its
 * own. Nodes that are compared take turns, because a busy machine then slows all of them alike. A ratio is the median
 * of the rounds' ratios.
 */
import { setTimeout } from 'node:timers/promises';
import { redisStorage } from 'nestjs-login/redis';
import { clock, openClient } from './clients.mjs';
import { LOSS_HEADS, measureLosses } from './losses.mjs';
import { Node } from './node.mjs';
import { Child } from '../requests/hosts/child.mjs';
import { takeTurns } from '../requests/parts/take-turns.mjs';
import { Figures } from '../requests/report/figures.mjs';
import { quantile } from '../requests/report/quantile.mjs';
import { surroundings, table } from '../requests/report/tables.mjs';
import { RedisServer } from '../requests/setup/redis-server.mjs';

const ROUNDS = 5;
const LOGINS = 32;
/** A node without the cache shows that the measurement itself lets nobody in. */
const REVOCATIONS = { plain: 100, cached: 1_000 };

/** The memory store shows the gain of a read without any cost. */
const KINDS = { plain: '`redisStorage`', cached: 'with the cache', memory: '`memoryStorage`' };
const CONNECTIONS = 16;
const CPU = { id: `CPU, ${CONNECTIONS} connections` };
const CPU_ALONE = { id: 'CPU, one connection' };
const P50 = { id: 'p50, one connection' };
const COSTS = [CPU, CPU_ALONE, P50];

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));
await measure();
process.exit();

async function measure() {
  const redis = await RedisServer.start();
  const place = { url: redis.url, load: new Child('load.mjs') };
  print(surroundings([`redis-server ${await redis.version()}`]));

  await measureGain(place);
  const b = await Node.start('plain', place);
  await measureRevocations(b, place);
  progress('lost connections');
  print('## The connection of node A is lost, then a login that it has read is revoked');
  print(table(LOSS_HEADS, await measureLosses(redis.url, b)));

  await b.end();
  await place.load.end();
  await redis.end();
}

/** Measures the costs of a guarded request, and prints them. */
async function measureGain(place) {
  const figures = new Figures();
  const uses = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    progress(`costs: round ${round + 1} of ${ROUNDS}`);
    const programs = await Promise.all(Object.keys(KINDS).map((kind) => Node.start(kind, place)));
    await measureRound(programs, figures);

    uses.push(await programs[1].ask('cacheUse'));
    for (const program of programs) await program.end();
  }

  printGain(figures, uses);
}

async function measureRound(programs, figures) {
  for (const program of programs) {
    for (let user = 0; user < LOGINS; user += 1) program.credentials.push(await program.logIn(`u${user}`));
    await program.turn(1_000, CONNECTIONS);
  }

  const round = { programs, turns: 5, figures };
  await takeTurns(round, CPU, (program) => program.cpuOfTurn(400, CONNECTIONS));
  await takeTurns(round, CPU_ALONE, (program) => program.cpuOfTurn(100, 1));
  await takeTurns(round, P50, (program) => program.turn(100, 1));
}

function printGain(figures, uses) {
  const rows = Object.entries(KINDS).map(([kind, name]) => [
    name,
    (1e6 / figures.figure(CPU, kind)).toFixed(0),
    ...COSTS.flatMap((measure) => costCells(figures, measure, kind)),
  ]);
  const heads = COSTS.flatMap(({ id }) => [id, 'ratio (quartiles), gain']);
  const [hits, reads] = ['hits', 'reads'].map((key) => uses.reduce((sum, use) => sum + use[key], 0));

  print(`## A guarded request, ${ROUNDS} rounds`);
  print(table(['storage', 'requests per CPU second', ...heads], rows));
  print(`The cache held ${((hits / reads) * 100).toFixed(1)} % of ${reads} reads.`);
}

function costCells(figures, measure, kind) {
  const { low, median, high } = figures.ratio(measure, kind, 'plain');
  const gain = `${((1 - median) * 100).toFixed(0)} %`;

  return [
    `${figures.figure(measure, kind).toFixed(0)} µs`,
    `${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)}), ${gain}`,
  ];
}

/** Measures how soon node A notices a revocation by node B, and prints it. */
async function measureRevocations(b, place) {
  const rows = [];
  for (const [kind, count] of Object.entries(REVOCATIONS)) {
    progress(`revocations: ${kind}`);
    const a = await Node.start(kind, place);
    const { delays, late } = await watchRevocations(a, b, { count, url: place.url });
    const times = [0.5, 0.99, 1].map((part) => `${quantile(part, delays).toFixed(2)} ms`);

    const all = [late, await lateRequests(a, b, count), await lateRequestsOfBusy(a, b, count)];
    rows.push([KINDS[kind], ...times, ...all.map((number) => `${number} of ${count}`)]);
    await a.end();
  }

  print('## Revocations on node B, seen from node A');
  const heads = ['reads let in after it', 'requests let in after a logout', 'the same, node A busy'];
  print(table(['node A', 'gone after the acknowledgement, median', 'p99', 'worst', ...heads], rows));
}

/** Deletes logins while node A reads them. Returns the times from the acknowledgement on, and the late reads. */
async function watchRevocations(a, b, { count, url }) {
  const client = await openClient({ url });
  const delays = [];
  let late = 0;
  while (delays.length < count) {
    const id = await b.logInForId(`watched-${delays.length}`);
    const watched = a.ask('watch', id);
    await setTimeout(3);
    await redisStorage(client).logins.delete(id);
    const acknowledged = clock();

    const { lastLetIn, gone } = await watched;
    // Without a first read in time, there is nothing to forget.
    if (lastLetIn === null) continue;
    delays.push(Math.max(0, gone - acknowledged));
    if (lastLetIn > acknowledged) late += 1;
  }

  client.destroy();
  return { delays, late };
}

/** Logs out on node B, and at once asks node A with the same cookie. Returns how many requests were let in. */
async function lateRequests(a, b, count) {
  let late = 0;
  for (let number = 0; number < count; number += 1) {
    const credential = await b.logIn(`guest-${number}`);
    for (let read = 0; read < 2; read += 1) await a.request('GET', '/protected', credential);

    await b.request('POST', '/logout', credential);
    const { status } = await a.request('GET', '/protected', credential);
    if (status === 200) late += 1;
  }
  return late;
}

async function lateRequestsOfBusy(a, b, count) {
  a.credentials.push(await a.logIn('busy'));
  let isOver = false;
  const load = (async () => {
    while (!isOver) await a.turn(200, 4);
  })();

  const late = await lateRequests(a, b, count);
  isOver = true;
  await load;
  return late;
}

function print(text) {
  process.stdout.write(`${text}\n\n`);
}

function progress(text) {
  process.stderr.write(`${process.uptime().toFixed(0).padStart(4)} s  ${text}\n`);
}
