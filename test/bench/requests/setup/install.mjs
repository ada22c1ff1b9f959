/** Installs the compared packages by their lock file, and the packed library beside them. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { LIBRARY } from './programs.mjs';

const BENCH = join(import.meta.dirname, '..');
const ROOT = join(BENCH, '../../..');
const MODULES = join(BENCH, 'node_modules');
/** The library is built and packed without these. */
const NOT_PACKED = ['.git', '.env', 'node_modules', 'dist', 'build', 'coverage', 'data', 'sample', 'test'];

/** Installs the packages if the lock file has changed, and the library in every case. */
export function install() {
  installPeers();
  const scratch = mkdtempSync(join(tmpdir(), 'nestjs-login-bench-pack-'));
  try {
    unpack(pack(scratch));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Runs `npm ci` once for each content of the lock file. */
function installPeers() {
  const stamp = join(MODULES, '.installed-from');
  const lock = createHash('sha256')
    .update(readFileSync(join(BENCH, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;

  run(BENCH, 'npm', 'ci', '--loglevel=error', '--ignore-scripts');
  writeFileSync(stamp, lock);
}

/** Packs a copy of the project, because packing builds `dist/`, and somebody may be using the original. */
function pack(scratch) {
  const copy = join(scratch, 'package');
  cpSync(ROOT, copy, { recursive: true, filter: (path) => !NOT_PACKED.includes(relative(ROOT, path)) });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));

  run(copy, 'npm', 'pack', '--loglevel=error', '--pack-destination', scratch);
  return join(
    scratch,
    readdirSync(scratch).find((name) => name.endsWith('.tgz')),
  );
}

function unpack(tarball) {
  const target = join(MODULES, LIBRARY);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target);
  run(target, 'tar', '-xzf', tarball, '--strip-components=1');

  const { dependencies = {}, peerDependencies = {} } = manifest(target);
  const pinned = manifest(BENCH).dependencies;
  const missing = Object.keys({ ...dependencies, ...peerDependencies }).filter((name) => !(name in pinned));
  if (missing.length)
    throw new Error(
      `The library needs what no lock file pins; add it to the bench's package.json: ${missing.join(', ')}.`,
    );
}

/** Returns a package and its version. */
export function nameWithVersion(name) {
  const folder = join(MODULES, name);

  return existsSync(folder) ? `${name} ${manifest(folder).version}` : `${name} (not installed)`;
}

const manifest = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** Runs a command. @throws Error that holds its output if it fails */
function run(cwd, command, ...args) {
  const { NODE_ENV: _mode, ...env } = process.env;
  execFileSync(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
}
