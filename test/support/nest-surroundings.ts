/** Members and strangers of an application, for the tests beside other parts of Nest. */
import { Controller, Get, Req } from '@nestjs/common';
import type { Request } from 'express';
import { LoginManagerService, Public } from 'nestjs-login';
import type { LoginModuleOptions } from 'nestjs-login';
import type { Answer, Browser } from './browser-client.js';
import { startTestApp } from './test-app.js';
import type { TestApp, TestAppSettings } from './test-app.js';
import type { TestUser } from './users.js';

export const LOGIN_VIEW = '/login';

export const FETCH = { 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin', accept: 'application/json' };

export const BOTH: NonNullable<LoginModuleOptions['guard']>[] = ['manual', 'global'];

export type UserHolder = Request & { user?: TestUser };

/** Logs in where every other route is guarded. */
@Public()
@Controller('door')
export class Door {
  constructor(readonly login: LoginManagerService) {}

  @Get('in')
  async enter(@Req() req: Request): Promise<{ ok: boolean }> {
    return { ok: await this.login.loginUser(req, { id: typeof req.query.id === 'string' ? req.query.id : 'ada' }) };
  }
}

export let running: TestApp | undefined;

afterEach(async () => {
  await running?.close();
  running = undefined;
});

export async function start(settings: TestAppSettings = {}): Promise<TestApp> {
  running = await startTestApp({
    ...settings,
    controllers: [Door, ...(settings.controllers ?? [])],
    login: { loginView: LOGIN_VIEW, ...settings.login },
  });
  return running;
}

export async function member(app: TestApp, door = '/door/in', headers: Record<string, string> = {}): Promise<Browser> {
  const browser = app.browser();
  expect((await browser.get(door, { headers })).json).toEqual({ ok: true });
  return browser;
}

export interface Way {
  readonly door?: string;
  readonly headers?: Record<string, string>;
}

/** A stranger's browser is redirected with next, a stranger's fetch gets the code, a member comes in. */
export async function holds(app: TestApp, path: string, { door, headers = {} }: Way = {}): Promise<Answer> {
  const page = await app.browser().get(path, { headers });
  expect([page.status, page.headers.location, page.text]).toEqual([302, `${LOGIN_VIEW}?next=${path}`, '']);
  const fetched = await app.browser(FETCH).get(path, { headers });
  expect([fetched.status, fetched.json]).toEqual([401, expect.objectContaining({ code: 'ERR_LOGIN_REQUIRED' })]);
  const answer = await (await member(app, door, headers)).get(path, { headers });
  expect(answer.status).toBe(200);
  return answer;
}
