// Takes the pictures of the accounts sample that the README shows, into docs/pictures: `npm run pictures`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Visitor } from '../build/test/support/accounts-visitor.js';
import { launchChromium } from '../build/test/support/chromium.js';
import { startSample } from '../build/test/support/sample.js';

const DESK = { viewport: { width: 960, height: 640 } };
const PHONE = { viewport: { width: 390, height: 640 } };
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';

const folder = mkdtempSync(join(tmpdir(), 'nestjs-login-pictures-'));
const sample = await startSample('start', { DATA: folder });
const browser = await launchChromium();
const visitor = async (settings) => Visitor.in(await browser.newContext(settings), sample.home);
const take = async ({ page }, name) => {
  // Without the caret, which blinks.
  await page.screenshot({ path: `docs/pictures/${name}.png`, caret: 'hide' });
  console.log(`docs/pictures/${name}.png`);
};

try {
  const me = await visitor({ ...DESK, colorScheme: 'light' });
  await me.logIn('grace@example.com');
  await (await visitor({ userAgent: FIREFOX })).logIn('grace@example.com', { remember: true });
  await me.open('/security');
  await take(me, 'security');

  const stranger = await visitor({ ...PHONE, colorScheme: 'light' });
  await stranger.open('/dashboard');
  await take(stranger, 'log-in');

  const remembered = await visitor({ ...PHONE, colorScheme: 'dark' });
  await remembered.logIn('grace@example.com', { remember: true });
  await remembered.forgetSession();
  await remembered.open('/dashboard');
  await take(remembered, 'dashboard');
  await remembered.open('/security/password');
  await take(remembered, 'reauthenticate');
} finally {
  await browser.close();
  await sample.end();
  rmSync(folder, { recursive: true, force: true });
}
