/**
 * Starts a real browser: one of this machine (the order of scripts/prepare.mjs), else the one inside an npm package.
 */
import { existsSync } from 'node:fs';
import sparticuz from '@sparticuz/chromium';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, LaunchOptions } from 'playwright-core';

/** Without these a browser without a network spends its start on calls to its maker. */
const QUIET = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export async function launchChromium(): Promise<Browser> {
  return chromium.launch(await launchOptions());
}

/** A browser that keeps its profile in a folder, so that it can be closed and opened again. */
export async function openProfile(folder: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, await launchOptions());
}

async function launchOptions(): Promise<LaunchOptions> {
  const places = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/google-chrome'];
  const executablePath = places.find((path) => path && existsSync(path));
  if (executablePath) return { executablePath, args: QUIET };
  if (process.platform === 'linux' && process.arch === 'x64')
    return { executablePath: await sparticuz.executablePath(), args: sparticuz.args };
  return { channel: 'chrome', args: QUIET };
}
