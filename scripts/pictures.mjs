// Takes the pictures of the accounts sample that the README shows, into docs/pictures: `npm run pictures`.
import { FIREFOX, Visitor } from '../build/test/support/accounts-visitor.js';
import { launchChromium } from '../build/test/support/chromium.js';
import { startSample } from '../build/test/support/sample.js';

const DESK = { viewport: { width: 960, height: 860 } };
const PHONE = { viewport: { width: 390, height: 640 } };

const sample = await startSample('start');
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
}
