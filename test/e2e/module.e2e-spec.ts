/** How LoginModule stands in an application: the ways to import it, what it opens and closes, and what tests may replace. */
import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import type { AddressInfo } from 'node:net';
import 'reflect-metadata';
import { Controller, Get, Inject, Injectable, Module, Param, Post, Req, Session, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext, INestApplication, ModuleMetadata, Type } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type { Request } from 'express';
import {
  CurrentUser,
  Fresh,
  LoginManagerService,
  LoginModule,
  LoginRequired,
  LoginRequiredGuard,
  memoryStorage,
  Public,
  UserLoader,
} from 'nestjs-login';
import type { LoginModuleAsyncOptions, LoginOptions, LoginOptionsFactory, LoginStorage } from 'nestjs-login';
import { Browser } from '../support/browser-client.js';
import { SECRET } from '../support/test-app.js';

@Injectable()
class Users {
  @UserLoader()
  findById(id: string): { id: string } {
    return { id };
  }
}

@Controller()
class Pages {
  constructor(readonly login: LoginManagerService) {}

  @Post('login/:id')
  @Public()
  async signIn(@Req() req: Request, @Param('id') id: string): Promise<object> {
    return { ok: await this.login.loginUser(req, { id }) };
  }

  @Post('logout')
  @Public()
  async signOut(@Req() req: Request): Promise<object> {
    await this.login.logoutUser(req);
    return { ok: true };
  }

  @Get('guarded')
  @UseGuards(LoginRequiredGuard)
  guarded(@CurrentUser() user: { id: string } | null): object {
    return { id: user?.id ?? null };
  }

  @Get('marked')
  @LoginRequired()
  marked(): object {
    return { ok: true };
  }

  @Get('fresh')
  @Fresh()
  fresh(): object {
    return { ok: true };
  }

  @Get('unmarked')
  unmarked(): object {
    return { ok: true };
  }

  @Get('public')
  @Public()
  open(): object {
    return { ok: true };
  }

  @Post('cart')
  @Public()
  fill(@Session() session: Record<string, unknown>): object {
    session.cart = 'pear';
    return { ok: true };
  }

  @Get('cart')
  @Public()
  cart(@Session() session: Record<string, unknown>): object {
    return { cart: session.cart ?? null };
  }
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A storage in memory that ends with the test. */
function keptStorage() {
  const storage = memoryStorage();
  closers.push(() => storage.close());
  return storage;
}

function appModule(login: NonNullable<ModuleMetadata['imports']>, parts: ModuleMetadata = {}): Type {
  @Module({
    imports: [...login, ...(parts.imports ?? [])],
    controllers: [Pages, ...(parts.controllers ?? [])],
    providers: [Users, ...(parts.providers ?? [])],
  })
  class AppModule {}
  return AppModule;
}

async function listen(app: INestApplication): Promise<(headers?: Record<string, string>) => Browser> {
  closers.unshift(() => app.close());
  await app.listen(0, '127.0.0.1');
  const origin = `http://127.0.0.1:${(app.getHttpServer() as { address(): AddressInfo }).address().port}`;
  return (headers = {}) => new Browser(origin, headers);
}

const create = (module: Type) => NestFactory.create(module, { logger: false, abortOnError: false });

async function serve(login: NonNullable<ModuleMetadata['imports']>, parts?: ModuleMetadata) {
  const app = await create(appModule(login, parts));
  return { app, browser: await listen(app) };
}

describe('LoginModule takes its options', () => {
  /** Where options come from in an application. */
  @Injectable()
  class Config {
    readonly secret = SECRET;
    readonly loginView = '/sign-in';
    readonly storage = keptStorage();
  }

  @Module({ providers: [Config], exports: [Config] })
  class ConfigModule {}

  const options = ({ secret, loginView, storage }: Config): LoginOptions => ({ secret, loginView, storage });

  @Injectable()
  class LoginConfig implements LoginOptionsFactory {
    constructor(@Inject(Config) readonly config: Config) {}

    createLoginOptions(): LoginOptions {
      return options(this.config);
    }
  }

  @Injectable()
  class LaterLoginConfig extends LoginConfig {
    override createLoginOptions(): never {
      return new Promise((resolve) => setImmediate(resolve, options(this.config))) as never;
    }
  }

  @Module({ imports: [ConfigModule], providers: [LoginConfig], exports: [LoginConfig] })
  class LoginConfigModule {}

  const imports = [ConfigModule];
  const ways: [string, LoginModuleAsyncOptions][] = [
    ['a factory', { useFactory: () => options(new Config()) }],
    ['a factory that gets a service of another module', { imports, inject: [Config], useFactory: options }],
    [
      'a factory that answers later',
      {
        imports,
        inject: [Config],
        useFactory: async (config: Config) => {
          await new Promise(setImmediate);
          return options(config);
        },
      },
    ],
    [
      'a factory that gets an optional dependency which is not there',
      {
        imports,
        inject: [Config, { token: 'NOT_THERE', optional: true }],
        useFactory: (config: Config, missing?: unknown) => (missing === undefined ? options(config) : { secret: '' }),
      },
    ],
    ['a class', { imports, useClass: LoginConfig }],
    ['a class that answers later', { imports, useClass: LaterLoginConfig }],
    ['a provider that is there already', { imports: [LoginConfigModule], useExisting: LoginConfig }],
  ];

  it.each([
    ['forRoot', () => LoginModule.forRoot(options(new Config()))] as const,
    ...ways.map(([way, asyncOptions]) => [way, () => LoginModule.forRootAsync(asyncOptions)] as const),
  ])('from %s', async (_way, module) => {
    const { browser } = await serve([module()]);
    const visitor = browser({ accept: 'text/html', 'sec-fetch-mode': 'navigate' });
    const refused = await visitor.get('/guarded');
    expect(refused.status).toBe(302);
    expect(refused.headers.location).toMatch(/^\/sign-in(\?|$)/);
    await visitor.post('/login/ada');
    expect((await visitor.get('/guarded')).json).toEqual({ id: 'ada' });
    expect((await visitor.get('/unmarked')).status).toBe(200);
  });

  it.each(ways)('from %s, and the guard of every route beside it', async (_way, asyncOptions) => {
    const { browser } = await serve([LoginModule.forRootAsync({ ...asyncOptions, guard: 'global' })]);
    expect((await browser().get('/unmarked')).status).toBe(401);
    expect((await browser().get('/public')).status).toBe(200);
  });
});

describe("guard: 'global'", () => {
  it('refuses strangers everywhere but on @Public() routes, and lets in who is logged in', async () => {
    const { browser } = await serve([LoginModule.forRoot({ secret: SECRET, guard: 'global' })]);
    const visitor = browser();
    for (const path of ['/unmarked', '/guarded', '/marked', '/fresh'])
      expect({ path, status: (await visitor.get(path)).status }).toEqual({ path, status: 401 });
    expect((await visitor.get('/public')).status).toBe(200);
    await visitor.post('/login/ada');
    for (const path of ['/unmarked', '/guarded', '/marked', '/fresh'])
      expect({ path, status: (await visitor.get(path)).status }).toEqual({ path, status: 200 });
  });

  it("stands before the application's own global guards, so that they see the user", async () => {
    const seen: unknown[] = [];
    class Recorder implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        seen.push(context.switchToHttp().getRequest<{ user?: unknown }>().user);
        return true;
      }
    }
    const { browser } = await serve([LoginModule.forRoot({ secret: SECRET, guard: 'global' })], {
      providers: [{ provide: APP_GUARD, useClass: Recorder }],
    });
    const visitor = browser();
    await visitor.get('/unmarked');
    expect(seen).toEqual([]);
    await visitor.post('/login/ada');
    await visitor.get('/unmarked');
    expect(seen).toEqual([undefined, { id: 'ada' }]);
  });

  it.each(['manual', undefined] as const)(
    'leaves unmarked routes open where it is not asked for: %p',
    async (guard) => {
      const { browser } = await serve([LoginModule.forRoot({ secret: SECRET, ...(guard && { guard }) })]);
      expect((await browser().get('/unmarked')).status).toBe(200);
      expect((await browser().get('/guarded')).status).toBe(401);
    },
  );
});

describe('an application that starts', () => {
  it('is told of nothing: no line of its log is a warning or an error', async () => {
    const told: string[] = [];
    const quiet = (): void => undefined;
    const tell = (...words: unknown[]): unknown => told.push(words.join(' '));
    const logger = { log: quiet, debug: quiet, verbose: quiet, warn: tell, error: tell, fatal: tell };
    @Module({ imports: [LoginModule.forRoot({ secret: SECRET })], controllers: [Pages], providers: [Users] })
    class AppModule {}
    const app = await NestFactory.create(AppModule, { logger });
    closers.push(() => app.close());
    await app.init();
    expect(told).toEqual([]);
  });
});

describe('a feature module that imports nothing of it', () => {
  it('guards its routes, asks who the user is and logs out', async () => {
    @Injectable()
    class Visits {
      constructor(readonly login: LoginManagerService) {}

      async visitor(request: Request): Promise<unknown> {
        return this.login.currentUser(request);
      }
    }

    @Controller('feature')
    @UseGuards(LoginRequiredGuard)
    class FeatureController {
      constructor(readonly visits: Visits) {}

      @Get()
      async read(@Req() req: Request): Promise<unknown> {
        return this.visits.visitor(req);
      }

      @Get('fresh')
      @Fresh()
      fresh(@CurrentUser('id') id: string): object {
        return { id };
      }
    }

    @Module({ controllers: [FeatureController], providers: [Visits] })
    class FeatureModule {}

    const { browser } = await serve([LoginModule.forRoot({ secret: SECRET })], { imports: [FeatureModule] });
    const visitor = browser();
    expect((await visitor.get('/feature')).status).toBe(401);
    await visitor.post('/login/ada');
    expect((await visitor.get('/feature')).json).toEqual({ id: 'ada' });
    expect((await visitor.get('/feature/fresh')).json).toEqual({ id: 'ada' });
  });
});

describe('two applications in one process', () => {
  const twoOf = async (one: object = {}, other: object = {}) => [
    await serve([LoginModule.forRoot({ secret: SECRET, ...one })]),
    await serve([LoginModule.forRoot({ secret: SECRET, ...other })]),
  ] as const; // prettier-ignore

  it('share no login: the cookie of one is nothing in the other, even under one secret', async () => {
    const [one, other] = await twoOf();
    const [here, there] = [one.browser(), other.browser()];
    await here.post('/login/ada');
    expect((await here.get('/guarded')).json).toEqual({ id: 'ada' });
    const cookie = here.cookieHeader();
    expect((await there.get('/guarded', { cookie })).status).toBe(401);
    await there.post('/login/ada');
    await there.post('/logout');
    expect((await there.get('/guarded')).status).toBe(401);
    expect((await here.get('/guarded')).json).toEqual({ id: 'ada' });
  });

  it('share no session of visitors who are not logged in', async () => {
    const [one, other] = await twoOf();
    const visitor = one.browser();
    await visitor.post('/cart');
    expect((await visitor.get('/cart')).json).toEqual({ cart: 'pear' });
    expect((await other.browser().get('/cart', { cookie: visitor.cookieHeader() })).json).toEqual({ cart: null });
  });

  it('share no events', async () => {
    const [one, other] = await twoOf();
    const told: string[] = [];
    one.app.get(LoginManagerService).events.on('loggedIn', ({ userId }) => told.push(`one: ${userId}`));
    other.app.get(LoginManagerService).events.on('loggedIn', ({ userId }) => told.push(`other: ${userId}`));
    await one.browser().post('/login/ada');
    await other.browser().post('/login/bob');
    expect(told).toEqual(['one: ada', 'other: bob']);
  });

  it('share neither guard nor options', async () => {
    const [one, other] = await twoOf({ guard: 'global', loginView: '/sign-in' }, { loginDisabled: true });
    const navigation = { accept: 'text/html', 'sec-fetch-mode': 'navigate' };
    expect((await one.browser(navigation).get('/unmarked')).headers.location).toMatch(/^\/sign-in/);
    expect((await other.browser(navigation).get('/unmarked')).status).toBe(200);
    expect((await other.browser(navigation).get('/guarded')).status).toBe(200);
  });

  it('share no login where both are made of one module class', async () => {
    const AppModule = appModule([LoginModule.forRoot({ secret: SECRET })]);
    const [one, other] = [await listen(await create(AppModule)), await listen(await create(AppModule))];
    const visitor = one();
    await visitor.post('/login/ada');
    expect((await visitor.get('/guarded')).status).toBe(200);
    expect((await other().get('/guarded', { cookie: visitor.cookieHeader() })).status).toBe(401);
  });
});

describe('an application that closes', () => {
  /** Counts the timers that `body` set and that are still running, those that keep no process alive included. */
  async function timersOf(body: (alive: () => Promise<number>) => Promise<void>): Promise<void> {
    const running = new Set<number>();
    const ours = new AsyncLocalStorage<true>();
    const hook = createHook({
      init: (id, type) => void (type === 'Timeout' && ours.getStore() && running.add(id)),
      destroy: (id) => running.delete(id),
    });
    hook.enable();
    try {
      await ours.run(true, body, async () => {
        // Node tells destroyed resources in batches, after the current turn.
        for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
        return running.size;
      });
    } finally {
      hook.disable();
    }
  }

  it('leaves no timer of the storage that it made itself', () =>
    timersOf(async (alive) => {
      const app = await create(appModule([LoginModule.forRoot({ secret: SECRET })]));
      await app.init();
      expect(await alive()).toBe(1);
      await app.close();
      expect(await alive()).toBe(0);
    }));

  it('leaves the storage alone that it was given', () =>
    timersOf(async (alive) => {
      const storage = memoryStorage();
      const app = await create(appModule([LoginModule.forRoot({ secret: SECRET, storage })]));
      await app.init();
      await app.close();
      expect(await alive()).toBe(1);
      storage.close();
      expect(await alive()).toBe(0);
    }));

  it('leaves the storage of another application alone that is made of the same module class', () =>
    timersOf(async (alive) => {
      const AppModule = appModule([LoginModule.forRoot({ secret: SECRET })]);
      const [one, other] = [await create(AppModule), await create(AppModule)];
      await one.init();
      await other.init();
      expect(await alive()).toBe(2);
      await one.close();
      expect(await alive()).toBe(1);
      await other.close();
      expect(await alive()).toBe(0);
    }));

  it('leaves nothing that keeps the process alive', async () => {
    const kinds = () => {
      const counts = new Map<string, number>();
      // The test runner sets timers of its own at any time; ours are counted above.
      const kept = process.getActiveResourcesInfo().filter((kind) => kind !== 'Timeout' && kind !== 'Immediate');
      for (const kind of kept) counts.set(kind, (counts.get(kind) ?? 0) + 1);
      return counts;
    };
    const before = kinds();
    const grown = () => [...kinds()].filter(([kind, count]) => count > (before.get(kind) ?? 0)).map(([kind]) => kind);
    const app = await create(appModule([LoginModule.forRoot({ secret: SECRET })]));
    await app.listen(0, '127.0.0.1');
    expect(grown()).toEqual(['TCPServerWrap']);
    await app.close();
    await new Promise(setImmediate);
    expect(grown()).toEqual([]);
  });

  it('calls no close of a storage that is not its own', async () => {
    const { logins, sessions } = keptStorage();
    let closed = 0;
    const storage: LoginStorage & { close(): void } = { logins, sessions, close: () => void (closed += 1) };
    const app = await create(appModule([LoginModule.forRoot({ secret: SECRET, storage })]));
    await app.init();
    await app.close();
    expect(closed).toBe(0);
  });

  it('finds the logins again at its next start on the same storage, and nobody on its own', async () => {
    const storage = keptStorage();
    for (const [given, status] of [
      [{ storage }, 200],
      [{}, 401],
    ] as const) {
      const AppModule = appModule([LoginModule.forRoot({ secret: SECRET, ...given })]);
      const first = await create(AppModule);
      const visitor = (await listen(first))();
      await visitor.post('/login/ada');
      expect((await visitor.get('/guarded')).status).toBe(200);
      await first.close();
      const again = (await listen(await create(AppModule)))();
      expect((await again.get('/guarded', { cookie: visitor.cookieHeader() })).status).toBe(status);
    }
  });

  it('may be closed before it was initialised', async () => {
    const app = await create(appModule([LoginModule.forRoot({ secret: SECRET })]));
    await expect(app.close()).resolves.toBeUndefined();
  });
});

describe('loginDisabled', () => {
  it.each(['manual', 'global'] as const)('opens every guard, under guard: %p', async (guard) => {
    const { browser } = await serve([LoginModule.forRoot({ secret: SECRET, loginDisabled: true, guard })]);
    const visitor = browser();
    for (const path of ['/guarded', '/marked', '/fresh', '/unmarked'])
      expect({ path, status: (await visitor.get(path)).status }).toEqual({ path, status: 200 });
    expect((await visitor.get('/guarded')).json).toEqual({ id: null });
    await visitor.post('/login/ada');
    expect((await visitor.get('/guarded')).json).toEqual({ id: 'ada' });
  });
});

describe('an application without HTTP', () => {
  const context = (...imports: NonNullable<ModuleMetadata['imports']>) =>
    NestFactory.createApplicationContext(appModule(imports), { logger: false, abortOnError: false });

  it('starts, hands out the service and closes', async () => {
    const app = await context(LoginModule.forRoot({ secret: SECRET }));
    const login = app.get(LoginManagerService);
    await expect(login.currentUser({} as never)).rejects.toMatchObject({ code: 'ERR_LOGIN_NO_REQUEST' });
    await app.close();
  });

  it('is refused for the same mistakes', async () => {
    await expect(context(LoginModule.forRoot({ secret: 'short' }))).rejects.toMatchObject({ code: 'ERR_LOGIN_SECRET' });
    await expect(context(LoginModule)).rejects.toMatchObject({ code: 'ERR_LOGIN_MODULE' });
  });

  it('is refused for a second forRoot, too', async () => {
    const twice = [LoginModule.forRoot({ secret: SECRET }), LoginModule.forRoot({ secret: SECRET })];
    const started = context(...twice).then((app) => app.close());
    await expect(started).rejects.toMatchObject({ code: 'ERR_LOGIN_MODULE' });
  });
});

describe('a test of an application', () => {
  class Whoever implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      context.switchToHttp().getRequest<{ user?: object }>().user = { id: 'stand-in' };
      return true;
    }
  }

  it.each(['/guarded', '/marked', '/fresh'])('replaces the guard by overrideGuard: %s', async (path) => {
    const imports = [appModule([LoginModule.forRoot({ secret: SECRET })])];
    const strict = await Test.createTestingModule({ imports }).compile();
    expect((await (await listen(strict.createNestApplication({ logger: false })))().get(path)).status).toBe(401);
    const lax = await Test.createTestingModule({ imports })
      .overrideGuard(LoginRequiredGuard)
      .useClass(Whoever)
      .compile();
    expect((await (await listen(lax.createNestApplication({ logger: false })))().get(path)).status).toBe(200);
  });

  it('replaces the guard of every route by overrideProvider', async () => {
    const imports = [appModule([LoginModule.forRoot({ secret: SECRET, guard: 'global' })])];
    const strict = await Test.createTestingModule({ imports }).compile();
    expect((await (await listen(strict.createNestApplication({ logger: false })))().get('/unmarked')).status).toBe(401);
    const lax = await Test.createTestingModule({ imports })
      .overrideProvider(LoginRequiredGuard)
      .useValue(new Whoever())
      .compile();
    expect((await (await listen(lax.createNestApplication({ logger: false })))().get('/unmarked')).status).toBe(200);
  });

  it('replaces the service by overrideProvider', async () => {
    const asked: unknown[] = [];
    const module = await Test.createTestingModule({ imports: [appModule([LoginModule.forRoot({ secret: SECRET })])] })
      .overrideProvider(LoginManagerService)
      .useValue({ loginUser: async (_request: unknown, user: unknown) => asked.push(user) > 0 })
      .compile();
    const browser = await listen(module.createNestApplication({ logger: false }));
    expect((await browser().post('/login/ada')).json).toEqual({ ok: true });
    expect(asked).toEqual([{ id: 'ada' }]);
  });

  it('may compile the module and never start it', async () => {
    const module = await Test.createTestingModule({
      imports: [appModule([LoginModule.forRoot({ secret: SECRET })])],
    }).compile();
    expect(module.get(LoginManagerService, { strict: false })).toBeInstanceOf(LoginManagerService);
    await module.close();
  });
});
