/** Handlers and listeners for the tests of events. */
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { RequestLoader } from 'nestjs-login';
import type { LoginEventName } from 'nestjs-login';
import type { Answer } from './browser-client.js';
import { startTestApp } from './test-app.js';
import type { TestApp, TestAppSettings } from './test-app.js';

export const VIEWS = { loginView: '/login', refreshView: '/reauthenticate' };

export const OTHER_AGENT = { 'user-agent': 'Mozilla/5.0 (another browser)' };

export const DAY = 86_400_000;

export let running: TestApp | undefined;

afterEach(async () => {
  await running?.close();
  running = undefined;
});

export async function start(settings: TestAppSettings = {}): Promise<TestApp> {
  running = await startTestApp({ ...settings, login: { ...VIEWS, ...settings.login } });
  return running;
}

/** The payloads of the events of one name. */
export const told = <Name extends LoginEventName>(app: TestApp, name: Name): unknown[] =>
  app.events.filter((entry) => entry.name === name).map(({ event }) => event);

export const names = (app: TestApp): string[] => app.events.map(({ name }) => name);

@Injectable()
export class ByKey {
  @RequestLoader()
  load(request: Request): unknown {
    return request.headers['x-key'] === 'ada-key' ? { id: 'ada' } : null;
  }
}

/** A visit that causes every event, and its visible results. */
export async function visit(app: TestApp): Promise<unknown[]> {
  const browser = app.browser();
  const seen: unknown[] = [];
  const note = async (answer: Promise<Answer>): Promise<void> => {
    const { status, text, headers } = await answer;
    seen.push([status, text.replaceAll(app.origin, '<origin>'), headers.location ?? null]);
  };
  await note(browser.get('/protected'));
  await note(browser.post('/login/eve'));
  await note(browser.post('/login/ada', { headers: { 'sec-fetch-site': 'cross-site' } }));
  await note(browser.post('/login/ada?fresh=0'));
  await note(browser.get('/protected'));
  await note(browser.get('/fresh'));
  await note(browser.post('/confirm'));
  await note(browser.get('/fresh'));
  await note(browser.get('/fresh', { headers: OTHER_AGENT }));
  await note(browser.get('/protected', { cookie: null, headers: { 'x-key': 'ada-key' } }));
  await note(browser.post('/logout'));
  await note(browser.post('/login/bob'));
  app.clock.now += 40 * DAY;
  await note(browser.get('/whoami'));
  return seen;
}

export const EVERY: LoginEventName[] = [
  'loggedIn',
  'loggedOut',
  'loadedFromRequest',
  'loginConfirmed',
  'unauthorized',
  'needsRefresh',
  'accessed',
  'sessionProtected',
  'loginExpired',
  'loginRefused',
];

export function raise(thrown: unknown): never {
  throw thrown;
}
