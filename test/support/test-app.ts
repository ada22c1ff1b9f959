/** A real Nest application on a real port of 127.0.0.1, with the routes that most tests need. */
import type { AddressInfo } from 'node:net';
import 'reflect-metadata';
import {
  Body,
  Controller,
  Get,
  Module,
  NotFoundException,
  Param,
  Post,
  Query,
  Req,
  Session,
  UseGuards,
} from '@nestjs/common';
import type { ModuleMetadata } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import type { Request } from 'express';
import { CurrentUser, Fresh, LoginManagerService, LoginModule, LoginRequiredGuard, memoryStorage } from 'nestjs-login';
import type { Duration, Flash, LoginEventName, LoginEvents, LoginModuleOptions } from 'nestjs-login';
import type { LoginStorage, MemoryStorage } from 'nestjs-login';
import { Browser } from './browser-client.js';
import { TestUsers } from './users.js';
import type { TestUser } from './users.js';

/** A secret that passes every check. */
export const SECRET = 'q7Vx0mZr4KJt9Lw2Yb6Nf1Hc8Pd3Gs5Ta';

/** The user of a request, as the service returns it. */
export interface Whoami {
  id: string | null;
  authenticated: boolean;
  fresh: boolean;
  remembered: boolean;
}

/** The routes that most tests ask. */
@Controller()
export class TestController {
  constructor(
    readonly login: LoginManagerService,
    readonly users: TestUsers,
  ) {}

  @Post('login/:id')
  async signIn(
    @Req() req: Request,
    @Param('id') id: string,
    @Query() query: Record<string, string>,
  ): Promise<{ ok: boolean }> {
    const user = this.users.table.get(id);
    if (!user) throw new NotFoundException();
    const options = {
      fresh: query.fresh !== '0',
      force: query.force === '1',
      crossSite: query.crossSite === '1',
      remember: query.remember === '1',
      duration: query.duration as Duration | undefined,
    };
    return { ok: await this.login.loginUser(req, user, options) };
  }

  @Post('logout')
  async signOut(@Req() req: Request): Promise<{ ok: boolean }> {
    await this.login.logoutUser(req);
    return { ok: true };
  }

  @Post('confirm')
  async confirm(@Req() req: Request): Promise<{ ok: boolean }> {
    return { ok: await this.login.confirmLogin(req) };
  }

  @Get('whoami')
  async whoami(@Req() req: Request): Promise<Whoami> {
    const user = (await this.login.currentUser(req)) as TestUser | null;
    return {
      id: user?.id ?? null,
      authenticated: await this.login.isAuthenticated(req),
      fresh: await this.login.isFresh(req),
      remembered: await this.login.isRemembered(req),
    };
  }

  @Get('protected')
  @UseGuards(LoginRequiredGuard)
  guarded(@CurrentUser() user: TestUser): { id: string } {
    return { id: user.id };
  }

  @Post('protected')
  @UseGuards(LoginRequiredGuard)
  guardedPost(@CurrentUser('id') id: string): { id: string } {
    return { id };
  }

  @Get('fresh')
  @Fresh()
  fresh(@CurrentUser('id') id: string): { id: string } {
    return { id };
  }

  @Get('fresh-10m')
  @Fresh({ maxAge: '10m' })
  freshTenMinutes(@CurrentUser('id') id: string): { id: string } {
    return { id };
  }

  @Get('public')
  open(): { ok: boolean } {
    return { ok: true };
  }

  @Get('flashes')
  flashes(@Req() req: Request): Flash[] {
    return this.login.flashes(req);
  }

  @Get('next')
  next(@Req() req: Request): { next: string | null } {
    return { next: this.login.nextUrl(req) ?? null };
  }

  @Post('next')
  nextOfForm(@Req() req: Request, @Body() _form: unknown): { next: string | null } {
    return { next: this.login.nextUrl(req) ?? null };
  }

  @Get('set')
  set(@Session() session: Record<string, unknown>, @Query() query: Record<string, string>): { ok: boolean } {
    Object.assign(session, query);
    return { ok: true };
  }

  @Get('values')
  values(@Session() session: Record<string, unknown>): Record<string, unknown> {
    const { cookie: _cookie, ...values } = session;
    return values;
  }
}

/** The settings of a test application. */
export interface TestAppSettings extends Pick<ModuleMetadata, 'imports' | 'controllers' | 'providers'> {
  /** options of LoginModule beside secret and storage */
  login?: Partial<LoginModuleOptions>;
  /** default: memory, with the clock below */
  storage?: LoginStorage;
  /** events that nobody listens to: a listener makes the application look at the client early; default: none */
  unheard?: readonly LoginEventName[] | 'all';
  /** before listening: main.ts of the test */
  setup?: (app: NestExpressApplication) => void;
}

/** A running application. */
export interface TestApp {
  readonly app: NestExpressApplication;
  readonly login: LoginManagerService;
  readonly users: TestUsers;
  /** the storage in memory, where the test gave none of its own */
  readonly storage: MemoryStorage;
  /** the clock of that storage; `clock.now += ms` moves it */
  readonly clock: { now: number };
  readonly origin: string;
  readonly events: { readonly name: LoginEventName; readonly event: LoginEvents[LoginEventName] }[];
  /** a new browser with an empty cookie jar */
  browser(headers?: Record<string, string>): Browser;
  close(): Promise<void>;
}

const EVENTS: Record<LoginEventName, true> = {
  loggedIn: true,
  loggedOut: true,
  loadedFromCookie: true,
  loadedFromRequest: true,
  loginConfirmed: true,
  unauthorized: true,
  needsRefresh: true,
  accessed: true,
  sessionProtected: true,
  loginExpired: true,
  loginRefused: true,
  loginRevoked: true,
  rememberTokenRotated: true,
  rememberTokenTheft: true,
};

/** Starts an application with TestController and TestUsers, and whatever the test adds. */
export async function startTestApp(settings: TestAppSettings = {}): Promise<TestApp> {
  const clock = { now: Date.now() };
  const storage = memoryStorage({ clock: () => clock.now });

  @Module({
    imports: [
      LoginModule.forRoot({ secret: SECRET, storage: settings.storage ?? storage, ...settings.login }),
      ...(settings.imports ?? []),
    ],
    controllers: [TestController, ...(settings.controllers ?? [])],
    providers: [TestUsers, ...(settings.providers ?? [])],
  })
  class TestModule {}

  const module = await Test.createTestingModule({ imports: [TestModule] }).compile();
  const app = module.createNestApplication<NestExpressApplication>({ logger: false });
  settings.setup?.(app);
  await app.listen(0, '127.0.0.1');
  // Idle connections stay open: a client that reuses one in the moment it is closed would see a reset.
  app.getHttpServer().keepAliveTimeout = 0;
  const origin = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  const login = app.get(LoginManagerService);
  const events: TestApp['events'] = [];
  const { unheard } = settings;
  const heard = (Object.keys(EVENTS) as LoginEventName[]).filter(
    (name) => unheard !== 'all' && !unheard?.includes(name),
  );
  for (const name of heard) login.events.on(name, (event) => events.push({ name, event }));
  return {
    app,
    login,
    users: app.get(TestUsers),
    storage,
    clock,
    origin,
    events,
    browser: (headers) => new Browser(origin, headers),
    close: async () => {
      await app.close();
      storage.close();
    },
  };
}
