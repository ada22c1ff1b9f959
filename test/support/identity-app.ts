/** An application with handlers that change the login, and helpers to read session ids. */
import { jest } from '@jest/globals';
import { Controller, Get, NotFoundException, Post, Query, Req, Session } from '@nestjs/common';
import type { Request } from 'express';
import type { Session as ExpressSession } from 'express-session';
import { LoginManagerService, memoryStorage } from 'nestjs-login';
import type { Browser } from './browser-client.js';
import { CountingStorage } from './counting-storage.js';
import { startTestApp } from './test-app.js';
import type { TestApp, TestAppSettings } from './test-app.js';
import { TestUsers } from './users.js';

jest.setTimeout(60_000);

/** A gate that keeps requests waiting. */
export class Gate {
  #open: () => void = () => undefined;
  readonly passed = new Promise<void>((resolve) => (this.#open = resolve));
  #arrive: () => void = () => undefined;
  readonly arrived = new Promise<void>((resolve) => (this.#arrive = resolve));

  async pass(): Promise<void> {
    this.#arrive();
    await this.passed;
  }

  open(): void {
    this.#open();
  }
}

@Controller()
export class IdentityController {
  static gate = new Gate();

  constructor(
    readonly login: LoginManagerService,
    readonly users: TestUsers,
  ) {}

  /** Actions of an application by itself, and the logged-in user right afterwards. */
  @Post('own/:what')
  async own(
    @Req() req: Request & { session: ExpressSession },
    @Query('what') what: 'regenerate' | 'destroy',
    @Query('first') first?: 'ask' | 'logout',
    @Query('write') write?: string,
  ): Promise<{ id: string | null }> {
    if (first === 'ask') await this.login.currentUser(req);
    if (first === 'logout') await this.login.logoutUser(req);
    await new Promise<void>((resolve, reject) =>
      req.session[what]((error: unknown) => (error ? reject(error as Error) : resolve())),
    );
    if (write !== undefined) Object.assign(req.session, { written: write });
    return { id: ((await this.login.currentUser(req)) as { id: string } | null)?.id ?? null };
  }

  @Get('slow')
  async slow(@Session() session: Record<string, unknown>, @Query() query: Record<string, string>): Promise<object> {
    await IdentityController.gate.pass();
    Object.assign(session, query);
    return { ok: true };
  }

  /** A login by GET: a link in a mail. */
  @Get('link-login')
  async linkLogin(@Req() req: Request): Promise<{ ok: boolean }> {
    const user = this.users.table.get('ada');
    if (!user) throw new NotFoundException();
    return { ok: await this.login.loginUser(req, user) };
  }

  @Get('both')
  async both(
    @Req() req: Request,
    @Session() session: { owner?: string },
    @Query('owner') owner?: string,
  ): Promise<{ id: string | null; owner: string | null }> {
    if (owner) session.owner = owner;
    const user = (await this.login.currentUser(req)) as { id: string } | null;
    return { id: user?.id ?? null, owner: session.owner ?? null };
  }
}

export const running: TestApp[] = [];

afterEach(async () => {
  for (const app of running.splice(0)) await app.close();
});

export async function start(settings: TestAppSettings = {}) {
  const clock = { now: Date.now() };
  const memory = memoryStorage({ clock: () => clock.now });
  memory.close();
  const storage = new CountingStorage(memory);
  IdentityController.gate = new Gate();
  const app = await startTestApp({ ...settings, storage, controllers: [IdentityController] });
  running.push(app);
  return { app, clock, memory, storage, browser: app.browser() };
}

export const cookieOf = (browser: Browser): string => browser.jar.get('session') as string;

export const whoIs = async (browser: Browser): Promise<string | null> =>
  ((await browser.get('/whoami')).json as { id: string | null }).id;

export const valuesOf = async (browser: Browser): Promise<unknown> => (await browser.get('/values')).json;
