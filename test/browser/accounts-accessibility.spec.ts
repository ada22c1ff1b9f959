/** Every page of the accounts sample by axe: light and dark, on a desk and on a phone, without a violation. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { AxeResults, RunOptions } from 'axe-core';
import Database from 'libsql';
import type { Browser } from 'playwright-core';
import { DEMO_PASSWORD, FIREFOX, Visitor } from '../support/accounts-visitor.js';
import { launchChromium } from '../support/chromium.js';
import { startSample } from '../support/sample.js';
import type { RunningSample } from '../support/sample.js';

jest.setTimeout(60_000);

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Returns the findings of axe on the open page, as sentences. */
async function violations({ page }: Visitor): Promise<string[]> {
  await page.evaluate(AXE);
  // Run in the page, where axe is.
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(options: RunOptions): Promise<AxeResults> } };
    return axe.run({ resultTypes: ['violations'] });
  });
  if (found.passes.length < 10) throw new Error('axe has looked at next to nothing.');
  return found.violations.map(({ id, help, nodes }) => `${id}: ${help} (${nodes.map(({ html }) => html).join(' ')})`);
}

const LOOKS = [
  { colorScheme: 'light', viewport: { width: 1100, height: 800 } },
  { colorScheme: 'dark', viewport: { width: 390, height: 800 } },
] as const;

describe.each(LOOKS)('the accounts sample, $colorScheme, $viewport.width pixels wide', (look) => {
  let sample: RunningSample;
  let browser: Browser;
  const email = 'person@example.com';

  beforeAll(async () => {
    sample = await startSample('start');
    browser = await launchChromium();
    await (await visitor()).register(email);
  });
  afterAll(async () => {
    await browser?.close();
    await sample?.end();
  });

  const visitor = async (userAgent?: string): Promise<Visitor> =>
    Visitor.in(await browser.newContext({ ...look, ...(userAgent && { userAgent }) }), sample.home);

  /** Looks at the page that is open, and that it is the one with this heading. */
  const expectGood = async (me: Visitor, heading: string): Promise<void> => {
    expect(await me.heading()).toBe(heading);
    expect(await violations(me)).toEqual([]);
    // Nothing to be scrolled sideways.
    expect(await me.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  };

  it('is accessible to strangers', async () => {
    const me = await visitor();
    await me.open('/profile');
    await expectGood(me, 'Log in');
    await me.logIn('nobody@example.com', { password: 'wrong' });
    await expectGood(me, 'Log in');
    await me.open('/team');
    await expectGood(me, 'Log in to the team area');
    await me.open('/register');
    await me.send({ 'Email address': email, Password: 'short' }, 'Make my account');
    await expectGood(me, 'Register');
    await me.open('/nowhere');
    await expectGood(me, 'Not found');
    for (let tries = 0; tries < 10; tries += 1) await me.logIn('nobody@example.com', { password: 'wrong' });
    await expectGood(me, 'Too many tries');
  });

  it('is accessible to users', async () => {
    const me = await visitor();
    await me.logIn(email);
    await (await visitor(FIREFOX)).logIn(email, { remember: true });
    const database = new Database(join(sample.data, 'accounts.db'));
    database
      .prepare(
        `INSERT INTO events SELECT 'warning', id, 'stolen', '2026-01-01T00:00:00.000Z', '192.0.2.1', '', 1 FROM accounts WHERE email = ?`,
      )
      .run(email);
    database.close();
    await me.open('/dashboard');
    expect(await me.warnings()).toHaveLength(1);
    await expectGood(me, 'Hello, person');
    for (const [path, heading] of [
      ['/profile', 'Profile'],
      ['/team', 'Team area'],
      ['/security', 'Security'],
      ['/security/password', 'Change the password'],
      ['/security/second-factor', 'Second factor'],
      ['/admin', 'Not allowed'],
    ] as const) {
      await me.open(path);
      await expectGood(me, heading);
    }
    await me.open('/security/password');
    await me.send({ 'New password': 'short', 'New password, once more': 'shorter' }, 'Change it');
    await expectGood(me, 'Change the password');
    await me.switchSecondFactorOn();
    await expectGood(me, 'Security');
    await me.open('/reauthenticate');
    await me.send({ Password: DEMO_PASSWORD, Code: '12' }, 'Go on');
    await expectGood(me, 'Is it you?');
    await me.logOut();
    await expectGood(me, 'Log in');
    await me.logIn(email);
    await me.send({ Code: '12' }, 'Log in');
    await expectGood(me, 'Your code');
  });

  it('is accessible to admins', async () => {
    const me = await visitor();
    await me.logIn('ada@example.com');
    await me.open('/admin');
    await me.press('Disable grace@example.com');
    await expectGood(me, 'Accounts');
  });
});
