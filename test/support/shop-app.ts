/** An application with a user loader, several handlers that ask for the user, and a log. */
import type { AddressInfo } from 'node:net';
import 'reflect-metadata';
import { Controller, Get, Injectable, Module, Post, Query, Req, Session, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext, ModuleMetadata, Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request } from 'express';
import {
  CurrentUser,
  Fresh,
  LoginFault,
  LoginManagerService,
  LoginModule,
  LoginRequiredGuard,
  memoryStorage,
  UserLoader,
} from 'nestjs-login';
import type { LoginModuleOptions, MemoryStorage } from 'nestjs-login';
import { Browser } from './browser-client.js';
import { LogBook } from './log-book.js';
import { SECRET } from './test-app.js';

/** A user of the shop. */
export interface Person {
  id?: unknown;
  name?: string;
  role?: string;
  isActive?: boolean | (() => boolean);
}

/** All users by the text of their ids. Notes each id that the loader is called with. */
@Injectable()
export class Users {
  readonly table = new Map<string, unknown>();
  readonly asked: unknown[] = [];
  /** A function that the loader calls instead of a look-up in the table. */
  instead: ((id: string) => unknown) | undefined;

  @UserLoader()
  findById(id: string): unknown {
    this.asked.push(id);
    return this.instead ? this.instead(id) : this.table.get(id);
  }
}

/** The next user that logs in, of any type. */
@Injectable()
export class NextLogin {
  user: unknown;
}

/** Lets only admins in. */
@Injectable()
export class AdminGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { user } = context.switchToHttp().getRequest<{ user?: Person }>();
    return user?.role === 'admin';
  }
}

/** Returns the name of a user, or null. */
export const nameOf = (user: unknown): string | null => (user as Person | null | undefined)?.name ?? null;

/** Returns the name of `request.user`, or null. */
export const shown = (request: Request) => nameOf((request as { user?: unknown }).user);

/** The pages of the shop. */
@Controller()
export class Pages {
  constructor(
    readonly login: LoginManagerService,
    readonly next: NextLogin,
  ) {}

  @Post('login')
  async signIn(@Req() req: Request, @Query('force') force?: string): Promise<object> {
    try {
      const ok = await this.login.loginUser(req, this.next.user as object, { force: force === '1' });
      const current = nameOf(await this.login.currentUser(req));
      return { ok, current, authenticated: await this.login.isAuthenticated(req), shown: shown(req) };
    } catch (error) {
      if (error instanceof LoginFault) return { code: error.code, message: error.message };
      throw error;
    }
  }

  @Post('logout')
  async signOut(@Req() req: Request): Promise<object> {
    await this.login.logoutUser(req);
    return { ok: true };
  }

  @Get('guarded')
  @UseGuards(LoginRequiredGuard)
  guarded(@CurrentUser() user: Person): object {
    return { name: nameOf(user) };
  }

  @Get('fresh')
  @Fresh()
  fresh(): object {
    return { ok: true };
  }

  @Get('admin')
  @UseGuards(LoginRequiredGuard, AdminGuard)
  admin(): object {
    return { ok: true };
  }

  @Get('open')
  open(@Req() req: Request): object {
    return { shown: shown(req) };
  }

  @Get('decorator')
  decorator(@CurrentUser() user: Person | null, @Req() req: Request): object {
    return { user: nameOf(user), shown: shown(req) };
  }

  @Get('field')
  field(@CurrentUser('name') name: unknown, @CurrentUser('nothing') nothing: unknown): object {
    return { name, nothing };
  }

  @Get('who')
  async who(@Req() req: Request, @CurrentUser() user: unknown): Promise<object> {
    const current = await this.login.currentUser(req);
    return {
      current: nameOf(current),
      same: current === user,
      authenticated: await this.login.isAuthenticated(req),
      fresh: await this.login.isFresh(req),
      shown: shown(req),
    };
  }

  @Get('often')
  @UseGuards(LoginRequiredGuard, AdminGuard)
  async often(@Req() req: Request, @CurrentUser() one: unknown, @CurrentUser() other: unknown): Promise<object> {
    const third = await this.login.currentUser(req);
    return { same: one === other && other === third && (await this.login.isAuthenticated(req)) };
  }

  @Get('code')
  async code(@Req() req: Request): Promise<object> {
    try {
      return { user: await this.login.currentUser(req) };
    } catch (error) {
      return error instanceof LoginFault ? { code: error.code, message: error.message } : { error: String(error) };
    }
  }

  @Get('tenant')
  @UseGuards(LoginRequiredGuard)
  tenant(@Req() req: Request & { tenant?: string }): object {
    return { tenant: req.tenant ?? null };
  }

  @Post('cart')
  fill(@Session() session: Record<string, unknown>): object {
    session.cart = 'pear';
    return { ok: true };
  }

  @Get('cart')
  cart(@Session() session: Record<string, unknown>): object {
    return { cart: session.cart ?? null };
  }
}

/** A running shop. */
export interface Shop {
  readonly log: LogBook;
  readonly users: Users;
  readonly storage: MemoryStorage;
  readonly events: string[];
  browser(headers?: Record<string, string>): Browser;
  /** Logs this user in, and returns the browser. */
  loggedIn(user: unknown): Promise<Browser>;
  /** Sends the login form of this user. */
  logIn(browser: Browser, user: unknown, query?: string): ReturnType<Browser['post']>;
}

/** The settings of a shop. */
export interface Settings extends Pick<ModuleMetadata, 'controllers'> {
  options?: Partial<LoginModuleOptions>;
  /** The providers with the loaders. Default: Users. */
  providers?: Provider[];
}

/** Functions that close the resources of a test. They run after it. */
export const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Starts a shop. It is closed after the test. */
export async function open({ options = {}, providers = [Users], controllers = [] }: Settings = {}): Promise<Shop> {
  const storage = memoryStorage();
  const users = new Users();
  const next = new NextLogin();

  @Module({
    imports: [LoginModule.forRoot({ secret: SECRET, storage, ...options })],
    controllers: [Pages, ...controllers],
    providers: [
      ...providers.map((provider) => (provider === Users ? { provide: Users, useValue: users } : provider)),
      { provide: NextLogin, useValue: next },
    ],
  })
  class ShopModule {}

  const app = await NestFactory.create<NestExpressApplication>(ShopModule, { logger: false, abortOnError: false });
  closers.push(
    () => app.close(),
    () => storage.close(),
  );
  const log = new LogBook();
  app.useLogger(log);
  await app.listen(0, '127.0.0.1');
  const origin = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  const events: string[] = [];
  const { events: stream } = app.get(LoginManagerService);
  for (const name of ['loggedIn', 'loggedOut', 'loginRefused'] as const) stream.on(name, () => events.push(name));
  const shop: Shop = {
    log,
    users,
    storage,
    events,
    browser: (headers = {}) => new Browser(origin, headers),
    logIn: (browser, user, query = '') => {
      next.user = user;
      return browser.post(`/login${query}`);
    },
    loggedIn: async (user) => {
      const browser = shop.browser();
      expect((await shop.logIn(browser, user)).json).toMatchObject({ ok: true });
      return browser;
    },
  };
  return shop;
}

/** Adds a user that the loader finds, and returns it. */
export function person(shop: Shop, fields: Person & { id: string }): Person {
  const user = { name: fields.id.toUpperCase(), ...fields };
  shop.users.table.set(fields.id, user);
  return user;
}
