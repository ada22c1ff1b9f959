/** A test application that keeps its log, and is closed after the test. */
import { afterEach } from '@jest/globals';
import { LogBook } from './log-book.js';
import { startTestApp } from './test-app.js';
import type { TestApp, TestAppSettings } from './test-app.js';

/** A running application, and its log since the start. */
export interface LoggedApp extends TestApp {
  readonly log: LogBook;
}

const apps: TestApp[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

/** Starts an application as `startTestApp` does. */
export async function startLoggedApp({ setup, ...settings }: TestAppSettings = {}): Promise<LoggedApp> {
  const log = new LogBook();
  const app = await startTestApp({
    ...settings,
    setup: (nest) => {
      nest.useLogger(log);
      setup?.(nest);
    },
  });
  apps.push(app);
  log.lines.length = 0;
  return Object.assign(app, { log });
}
