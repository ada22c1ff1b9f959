/** Measures the programs with sessions in Redis, over real connections. */
import { Child } from '../hosts/child.mjs';
import { BY_CPU, LATENCY } from '../report/measures.mjs';
import { PROGRAMS } from '../setup/programs.mjs';
import { RedisServer } from '../setup/redis-server.mjs';
import { CONNECTIONS } from '../setup/settings.mjs';
import { measureCommands, measureMemory } from './redis-costs.mjs';
import { measureLoginTime } from './redis-login-time.mjs';
import { startAll } from './started-program.mjs';
import { takeTurns } from './take-turns.mjs';

const ON_REDIS = PROGRAMS.filter(({ storages }) => storages.includes('redis'));

/** @param run `figures`, `settings`, `progress`, `onAbsent` and `versions` */
export async function measureOnRedis(run) {
  const redis = await RedisServer.start();
  const load = new Child('load.mjs');
  run.versions.push(`redis-server ${await redis.version()}`);

  const { rounds } = run.settings.redis;
  for (let round = 1; round <= rounds; round += 1) {
    run.progress(`Redis: round ${round} of ${rounds}`);
    await withPrograms({ redis, load }, run, (programs) => measureRound(programs, run));
  }
  await withPrograms({ redis, load }, run, async (programs) => {
    await measureCommands(programs, redis, run);
    await measureMemory(programs, redis, run);
  });
  await measureLoginTime({ redis, load }, run);

  await load.end();
  await redis.end();
}

/** Starts every program anew, with an empty Redis. */
async function withPrograms({ redis, load }, { onAbsent }, measure) {
  await redis.empty();
  const programs = await startAll(ON_REDIS, { load, redisUrl: redis.url, onAbsent });

  await measure(programs);
  for (const program of programs) await program.end();
}

async function measureRound(programs, { figures, settings }) {
  const { warmUp, turns, turn, latencyTurn } = settings.redis;
  for (const route of ['public', ...Object.keys(BY_CPU)])
    for (const program of programs) await program.turnByLoad(route, warmUp, { connections: CONNECTIONS });

  const round = { programs, turns, figures };
  for (const [route, measure] of Object.entries(BY_CPU))
    await takeTurns(round, measure, (program) => requestsPerCpuSecond(program, route, turn));
  for (const [route, measure] of Object.entries(LATENCY))
    await takeTurns(round, measure, (program) => program.turnByLoad(route, latencyTurn, { connections: 1 }));
}

async function requestsPerCpuSecond(program, route, count) {
  const before = await program.cpu();
  await program.turnByLoad(route, count, { connections: CONNECTIONS });

  return (count * 1e6) / ((await program.cpu()) - before);
}
