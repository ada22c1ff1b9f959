/** Remembered logins and their cookies, for the tests of remembering. */
import { Controller, Get, Post, Req, Res, Session as SessionOf } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Session } from 'express-session';
import { CurrentUser, LoginManagerService, memoryStorage } from 'nestjs-login';
import type { LoginModuleOptions, LoginRecord } from 'nestjs-login';
import type { Browser } from './browser-client.js';
import { CountingStorage } from './counting-storage.js';
import { SlowController } from './slow-writer.js';
import { startTestApp } from './test-app.js';
import type { TestApp, Whoami } from './test-app.js';

/** Milliseconds. */
export const SECOND = 1000;

/** Milliseconds. */
export const MINUTE = 60 * SECOND;

/** Milliseconds. */
export const HOUR = 60 * MINUTE;

/** Milliseconds. */
export const DAY = 24 * HOUR;

/** A minute and a second: more than the time for which a former token is accepted. */
export const GRACE_OVER = MINUTE + SECOND;

/** Routes that ask for the user late, write early, or ask in the middle of their work with the session. */
@Controller()
export class CornersController {
  constructor(private readonly login: LoginManagerService) {}

  @Get('asks-after-the-headers')
  async late(@Req() req: Request & { user?: { id: string } }, @Res() res: Response): Promise<void> {
    res.flushHeaders();
    const user = await this.whoIs(req);
    res.end(user ?? 'nobody');
  }

  @Get('asks-and-writes')
  async asksAndWrites(@Req() req: Request & { session: object }): Promise<{ isTheSame: boolean }> {
    const before = req.session;
    Object.assign(req.session, { before: true });
    await this.whoIs(req);
    Object.assign(req.session, { after: true });
    return { isTheSame: before === req.session };
  }

  @Get('takes-half-a-second')
  async slow(@CurrentUser('id') id: string): Promise<{ id: string }> {
    await new Promise((resolve) => setTimeout(resolve, 500));
    return { id };
  }

  @Post('logs-in-and-asks')
  async logsInAndAsks(@Req() req: Request): Promise<{ id: string | undefined }> {
    const [, user] = await Promise.all([this.login.loginUser(req, { id: 'bob' }), this.login.currentUser(req)]);
    return { id: (user as { id: string } | null)?.id };
  }

  @Get('saves-what-it-held')
  async savesWhatItHeld(@Req() req: Request & { session: Session }): Promise<{ ok: boolean }> {
    const held = req.session;
    await this.whoIs(req);
    Object.assign(held, { secret: 'of ada' });
    await new Promise((resolve) => held.save(resolve));
    return { ok: true };
  }

  @Get('reloads')
  async reloads(@CurrentUser() _user: object, @Req() req: Request & { session: Session }): Promise<{ error: string }> {
    const error = await new Promise<Error>((resolve) => req.session.reload(resolve as never));
    return { error: error?.message };
  }

  @Get('writes')
  async writes(@CurrentUser('id') id: string, @SessionOf() session: Record<string, unknown>): Promise<{ id: string }> {
    session.mine = true;
    return { id };
  }

  whoIs: (req: Request) => Promise<string | undefined> = () => Promise.resolve(undefined);
}

/** The applications of the test. They are closed after it. */
export const running: TestApp[] = [];

afterEach(async () => {
  for (const app of running.splice(0)) await app.close();
});

/** Starts an application on a counted memory store with a clock. It is closed after the test. */
export async function start(login: Partial<LoginModuleOptions> = {}) {
  const clock = { now: 1_900_000_000_000 };
  const memory = memoryStorage({ clock: () => clock.now });
  memory.close();
  const storage = new CountingStorage(memory);
  const app = await startTestApp({ storage, login, controllers: [CornersController, SlowController] });
  running.push(app);
  app.app.get(CornersController).whoIs = async (req) =>
    ((await app.login.currentUser(req)) as { id: string } | null)?.id;
  return { app, clock, memory, storage };
}

/** Starts an application, logs Ada in to be remembered, and closes her browser. */
export async function remembered(login: Partial<LoginModuleOptions> = {}, query = '') {
  const started = await start(login);
  const browser = started.app.browser();
  const answer = await browser.post(`/login/ada?remember=1${query}`);
  const loginId = idOf(browser);
  browser.close();
  const record = async (): Promise<LoginRecord | null> =>
    (await started.memory.logins.find(loginId, { values: false })).record;
  return { ...started, browser, answer, loginId, record };
}

/** Returns the id of the login that a browser's remember cookie names. */
export const idOf = (browser: Browser): string => (browser.jar.get('remember') ?? '').split('.')[1] ?? '';

/** Asks the application for the user of a browser. */
export const whoami = async (browser: Browser): Promise<Whoami> => (await browser.get('/whoami')).json;

/** Returns whether a guarded page lets a browser in. */
export const isIn = async (browser: Browser): Promise<boolean> => (await browser.get('/protected')).status === 200;

/** Returns the events of one name. */
export const told = (app: TestApp, wanted: string): unknown[] =>
  app.events.filter(({ name }) => name === wanted).map(({ event }) => event);
