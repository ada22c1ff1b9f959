/** Counts the cost of a request. */
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Browser } from './browser-client.js';
import { countWork } from './counted-work.js';

export const work = await countWork();

export const { Controller, Get, Injectable, Post, Req, UseGuards } = await import('@nestjs/common');

export const { CurrentUser, LoginRequiredGuard, memoryStorage, OnLogin, RequestLoader } = await import('nestjs-login');

export const { NAVIGATION } = await import('../support/browser-client.js');

export const { CountingStorage } = await import('../support/counting-storage.js');

export const { startTestApp } = await import('../support/test-app.js');

export type TestApp = Awaited<ReturnType<typeof startTestApp>>;

export type Request = import('express').Request;

/** A browser on IPv6 behind a proxy: an IPv4 address is taken as it is, and not parsed. */
export const VISITOR = { ...NAVIGATION, 'x-forwarded-for': '2001:db8::1' };

export const trustProxy = (app: NestExpressApplication): unknown => app.set('trust proxy', 'loopback');

@Injectable()
export class Keys {
  @RequestLoader()
  byKey(request: Request): object | null {
    return request.headers['x-key'] === 'ada' ? { id: 'ada' } : null;
  }
}

@Controller()
export class AskingController {
  @Get('asks-often')
  @UseGuards(LoginRequiredGuard)
  async asksOften(@Req() req: Request, @CurrentUser() one: object, @CurrentUser('id') two: string): Promise<unknown> {
    return { same: (req as unknown as { user: object }).user === one, id: two };
  }

  @Get('reads-session')
  @UseGuards(LoginRequiredGuard)
  readsSession(@Req() req: Request): object {
    return { ...(req as unknown as { session: object }).session };
  }

  @Post('nothing')
  nothing(): object {
    return {};
  }
}

/** The cost of one request. `trips` counts the store calls that wait for one another. */
export interface Cost {
  readonly status: number;
  readonly calls: number;
  readonly users: number;
  readonly hmac: number;
  readonly sha256: number;
  readonly parses: number;
  readonly timers: number;
  readonly cookies: number;
}

export const inner = memoryStorage();

export const storage = new CountingStorage(inner);

export const running: TestApp[] = [];

export async function start(settings: Parameters<typeof startTestApp>[0] = {}): Promise<TestApp> {
  const providers = [Keys, ...(settings.providers ?? [])];
  const shared = { storage, controllers: [AskingController], setup: trustProxy, unheard: 'all' as const };
  const app = await startTestApp({ ...shared, ...settings, providers });
  running.push(app);
  return app;
}

/** Returns a cost with these counts, and zeros otherwise. */
export const only = (status: number, cost: Partial<Cost> = {}): Cost => ({
  status,
  calls: 0,
  users: 0,
  hmac: 0,
  sha256: 0,
  parses: 0,
  timers: 0,
  cookies: 0,
  ...cost,
});

export let app: TestApp;

export let warm: Browser;

beforeAll(async () => {
  app = await start();
  warm = app.browser(VISITOR);
  await warm.post('/login/bob');
});

afterAll(async () => {
  for (const each of running) await each.close();
  inner.close();
});

/** Returns the cost of one request for an application that is at work already, so that its one timer runs. */
export async function cost(
  ask: () => Promise<{ status: number; cookies: readonly string[] }>,
  of = app,
): Promise<Cost> {
  await warm.at(of.origin).get('/protected');
  storage.reset();
  of.users.loads.length = 0;
  Object.assign(work, { hmac: 0, sha256: 0, parses: 0, timers: 0 });
  const { status, cookies } = await ask();

  const { hmac, sha256, parses, timers } = work;
  const calls = storage.reads + storage.writes;
  return { status, calls, users: of.users.loads.length, hmac, sha256, parses, timers, cookies: cookies.length };
}

export async function loggedIn(path = '/login/ada'): Promise<Browser> {
  const browser = app.browser(VISITOR);
  await browser.post(path);
  return browser;
}
