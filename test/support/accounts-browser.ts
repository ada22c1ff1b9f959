/** The accounts sample and a real browser, for the journeys of its users. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { Visitor } from './accounts-visitor.js';
import { launchChromium } from './chromium.js';
import { startSample } from './sample.js';
import type { RunningSample } from './sample.js';

jest.setTimeout(60_000);

export let sample: RunningSample;

export let browser: Browser;

export let folder: string;

let people = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nestjs-login-accounts-'));
  sample = await startSample('start', { DATA: folder });
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await sample?.end();
  rmSync(folder, { recursive: true, force: true });
});

afterEach(() => Promise.all(browser.contexts().map((context) => context.close())));

/** Ends the sample by a signal, and starts it again at the same address on the same data. */
export async function restartSample(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const { port } = new URL(sample.home);
  await sample.end(signal);
  sample = await startSample('start', { DATA: folder, PORT: port });
}

/** A browser that nobody has used yet. */
export const visitor = async (userAgent?: string): Promise<Visitor> =>
  Visitor.in(await browser.newContext({ ...(userAgent && { userAgent }) }), sample.home);

/** An address that nobody has yet. */
export const newEmail = (): string => `person-${(people += 1)}@example.com`;

/** A new user, logged in. */
export const registered = async (): Promise<{ me: Visitor; email: string }> => {
  const me = await visitor();
  const email = newEmail();
  await me.register(email);
  return { me, email };
};
