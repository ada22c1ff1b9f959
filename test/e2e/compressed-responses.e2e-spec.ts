/** Responses that pass middleware which ends them itself, as compression does, and still wait for the session. */
import { Controller, Get, Param, Redirect, Req } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import compression from 'compression';
import type { NextFunction, Request, Response } from 'express';
import { memoryStorage } from 'nestjs-login';
import type { Browser } from '../support/browser-client.js';
import { CountingStorage, fails } from '../support/counting-storage.js';
import type { StorageMethod } from '../support/counting-storage.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

const SAVES: readonly StorageMethod[] = ['sessions.set', 'logins.saveValues'];

/** Longer than the bodies that compression leaves as they are. */
const LONG = 'a long answer, '.repeat(1_000);

const valuesOf = (req: Request): Record<string, unknown> =>
  (req as unknown as { session: Record<string, unknown> }).session;

@Controller('compressed')
class CompressedController {
  @Get('long/:colour')
  long(@Req() req: Request, @Param('colour') colour: string): string {
    valuesOf(req)['colour'] = colour;
    return LONG;
  }

  @Get('redirect/:colour')
  @Redirect('/values')
  redirect(@Req() req: Request, @Param('colour') colour: string): void {
    valuesOf(req)['colour'] = colour;
  }
}

/** A logger that records the end of a response, and then restores the former method. */
function restoresEnd(_: Request, res: Response, next: NextFunction): void {
  const former = Reflect.get(res, 'end') as (...args: unknown[]) => Response;
  res.end = function (this: Response, ...args: unknown[]) {
    res.end = former as Response['end'];
    return former.apply(this, args);
  } as Response['end'];
  next();
}

/** A cache that renders a response into a response of its own. */
function derives(req: Request, res: Response, next: NextFunction): void {
  const derived = Object.create(res) as Response;
  derived.end = (() => derived) as Response['end'];
  req.res = res;
  next();
}

const inner = memoryStorage();
const storage = new CountingStorage(inner);
let app: TestApp;
beforeAll(async () => {
  const setup = (nest: NestExpressApplication): unknown => nest.use(restoresEnd, derives, compression(), restoresEnd);
  app = await startTestApp({ controllers: [CompressedController], storage, setup });
});
afterEach(() => storage.recover());
afterAll(async () => {
  await app.close();
  inner.close();
});

describe.each(['a visitor', 'a user'])('under compression, the answer to %s', (kind) => {
  let browser: Browser;
  beforeEach(async () => {
    browser = app.browser({ 'accept-encoding': 'gzip' });
    if (kind === 'a user') await browser.post('/login/ada');
    await browser.get('/set?earlier=1');
  });

  it.each(['long', 'redirect'])('that is %s begins once its values are stored', async (path) => {
    const order: string[] = [];
    storage.disturb({ before: waitAndNote(order) }, ...SAVES);
    const headers = { cookie: browser.cookieHeader(), 'accept-encoding': 'gzip' };
    const response = await fetch(`${app.origin}/compressed/${path}/red`, { redirect: 'manual', headers });
    order.push('answered');
    expect(order).toEqual(['stored', 'answered']);
    expect([response.status, await response.text()]).toEqual(path === 'long' ? [200, LONG] : [302, expect.any(String)]);
    expect((await browser.get('/values')).json).toEqual({ earlier: '1', colour: 'red' });
  });

  it.each(['long', 'redirect'])('that is %s becomes a 503 where its values cannot be stored', async (path) => {
    storage.disturb(fails, ...SAVES);
    const { status, cookies, headers, json } = await browser.get(`/compressed/${path}/red`);
    expect([status, cookies, headers.location]).toEqual([503, [], undefined]);
    expect(json).toMatchObject({ code: 'ERR_LOGIN_UNAVAILABLE' });
    storage.recover();
    expect((await browser.get('/values')).json).toEqual({ earlier: '1' });
  });
});

/** Waits until whatever could be sent is sent. */
const waitAndNote = (order: string[]) => async (): Promise<void> => {
  for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  order.push('stored');
};
