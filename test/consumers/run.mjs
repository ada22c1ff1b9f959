/**
 * Installs the packed package in applications that users have, and runs them: `npm run consumers`, or
 * `npm run consumers -- nest-11-cjs` for one of them.
 *
 * A consumer is a folder beside this file with a lock file of its own; the application in `shared/` is laid into each.
 * The scripts of its package.json are the steps, in their order. Nothing is written but below a temporary folder, which
 * goes away at the end. After a change of its versions, `npm install --package-lock-only` in its folder writes the lock
 * file anew; `npm ci` here tells whether npm has left something out of it.
 */
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const NOT_PACKED = ['.git', '.env', 'node_modules', 'dist', 'build', 'coverage', 'test/bench/requests/node_modules'];
const NAME = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).name;
const AT_ONCE = 2;
/** Milliseconds that one command may take. */
const LONGEST = 180_000;

const scratch = realpathSync(mkdtempSync(join(tmpdir(), `${NAME}-consumers-`)));
const { FORCE_COLOR: _color, NODE_ENV: _mode, ...inherited } = process.env;
const env = { ...inherited, NO_COLOR: '1', TMPDIR: join(scratch, 'tmp') };
mkdirSync(env.TMPDIR);

const running = new Set();
process.on('exit', () => {
  for (const child of running) stop(child);
  rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

const all = readdirSync(import.meta.dirname).filter((name) =>
  existsSync(join(import.meta.dirname, name, 'package.json')),
);
const wanted = process.argv.length > 2 ? process.argv.slice(2) : all;
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length) fail(`There is no consumer ${unknown.join(', ')}: there are ${all.join(', ')}.`);

let tarball;
try {
  tarball = await pack();
} catch (error) {
  fail(`The package cannot be packed: ${error.message}`);
}
const waiting = [...wanted];
await Promise.all(Array.from({ length: AT_ONCE }, work));

async function work() {
  for (let name = waiting.shift(); name; name = waiting.shift()) {
    const done = [];
    try {
      await tryOut(name, done);
      console.log(`consumer ${name}: ${done.join(', ')}: ok`);
    } catch (error) {
      console.log(`consumer ${name}: ${done.at(-1)}: failed\n${error.message}`);
      process.exitCode = 1;
    }
  }
}

/** Packs a copy of the project, because packing builds. A build here would remove code that another process uses. */
async function pack() {
  const copy = join(scratch, 'package');
  cpSync(ROOT, copy, { recursive: true, filter: (path) => !NOT_PACKED.includes(relative(ROOT, path)) });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  await run(copy, 'npm', 'pack', '--loglevel=error', '--pack-destination', scratch);
  const [file] = readdirSync(scratch).filter((name) => name.endsWith('.tgz'));
  return join(scratch, file);
}

/** @param done takes the name of each step when it begins */
async function tryOut(name, done) {
  const folder = join(scratch, name);
  // Files that the author's own npm has left beside the lock stay there.
  const filter = (path) => !/[\\/](node_modules|dist)$/.test(path);
  cpSync(join(import.meta.dirname, name), folder, { recursive: true, filter });
  cpSync(join(import.meta.dirname, 'shared'), folder, { recursive: true });

  done.push('npm ci');
  await run(folder, 'npm', 'ci', '--loglevel=error', '--ignore-scripts');
  const pinned = installed(folder);

  done[0] = 'npm install';
  await run(folder, 'npm', 'install', '--loglevel=error', '--no-save', tarball);
  const added = installed(folder).filter((each) => !pinned.includes(each));
  if (added.length !== 1 || !added[0].startsWith(`${NAME}@`))
    throw new Error(`The package brings what no lock file pins, list it in package.json: ${added.join(', ')}`);

  done.pop();
  for (const [step, command] of Object.entries(scriptsOf(folder))) {
    done.push(step);
    const output = await run(folder, 'npm', 'run', '--silent', step);
    // One line says that the program came to its end; any other is a warning that users would see, too.
    if (command.startsWith('node ') && !/^.+\n$/.test(output))
      throw new Error(`The program is to print one line, and printed:\n${output}`);
  }
}

function scriptsOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).scripts;
}

/** Every package below a folder's node_modules, as name@version. */
function installed(folder) {
  const { packages } = JSON.parse(readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8'));
  return Object.entries(packages).map(([path, { version }]) => `${path.replace('node_modules/', '')}@${version}`);
}

/** Runs a command and returns its output. */
function run(cwd, command, ...args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    const late = setTimeout(() => stop(child), LONGEST);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    child.once('error', reject).once('close', (code) => {
      clearTimeout(late);
      running.delete(child);
      if (code === 0) return resolve(output);
      const why = code === null ? `was stopped after ${LONGEST / 1000} seconds` : `ended with ${code}`;
      reject(new Error(`${output.trimEnd()}\n${command} ${args.join(' ')} ${why}`));
    });
  });
}

/** Ends a command and its children. */
function stop(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
