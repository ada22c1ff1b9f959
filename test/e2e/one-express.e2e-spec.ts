/** Start and shutdown on one Express instance, and an application with a LoginModule inside another one. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import 'reflect-metadata';
import { Controller, Get, Module, Post, Req } from '@nestjs/common';
import type { DynamicModule, MiddlewareConsumer, NestModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import express from 'express';
import type { Express, NextFunction, Request, Response } from 'express';
import { LoginFault, LoginManagerService, LoginModule, LoginRequired, memoryStorage } from 'nestjs-login';
import { Browser } from '../support/browser-client.js';
import { LogBook } from '../support/log-book.js';
import { SECRET, startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

type SessionRequest = Request & { session: Request['session'] & Record<string, unknown> };

const storage = memoryStorage();
const log = new LogBook();
const running: NestExpressApplication[] = [];
afterEach(async () => {
  for (const app of running.splice(0).toReversed()) await app.close();
});
afterAll(() => storage.close());

const options = { secret: SECRET, storage };
const forRoot = (): DynamicModule => LoginModule.forRoot(options);
const forRootAsync = (): DynamicModule =>
  LoginModule.forRootAsync({ useFactory: () => new Promise((resolve) => setImmediate(resolve, options)) });

@Controller()
class Home {
  constructor(
    private readonly login: LoginManagerService,
    private readonly users: TestUsers,
  ) {}

  @Post('in/:id')
  async in(@Req() req: Request): Promise<object> {
    return { ok: await this.login.loginUser(req, this.users.table.get(req.params.id as string) as object) };
  }

  @Get('home')
  @LoginRequired()
  home(@Req() req: SessionRequest): object {
    return { user: (req as unknown as { user: { id: string } }).user.id, visits: req.session.visits ?? null };
  }
}

function appModule(login: DynamicModule): Type {
  @Module({ imports: [login], controllers: [Home], providers: [TestUsers] })
  class AppModule {}
  return AppModule;
}

async function create(module: Type, instance?: Express): Promise<NestExpressApplication> {
  const settings = { logger: log, abortOnError: false };
  const adapter = new ExpressAdapter(instance ?? express());
  const app = await NestFactory.create<NestExpressApplication>(module, adapter, settings);
  running.push(app);
  return app;
}

async function createForTests(module: Type): Promise<NestExpressApplication> {
  const compiled = await Test.createTestingModule({ imports: [module] }).compile();
  const app = compiled.createNestApplication<NestExpressApplication>({ logger: false });
  running.push(app);
  return app;
}

async function browserOf(app: NestExpressApplication): Promise<Browser> {
  await app.listen(0, '127.0.0.1');
  return new Browser(await app.getUrl());
}

/** Counts visits in the session, as middleware of main.ts may do. */
function countVisits(req: SessionRequest, _res: Response, next: NextFunction): void {
  req.session.visits = Number(req.session.visits ?? 0) + 1;
  next();
}

describe('middleware of main.ts', () => {
  it.each<[string, (module: Type) => Promise<NestExpressApplication>, () => DynamicModule]>([
    ['NestFactory and forRoot()', create, forRoot],
    ['NestFactory and forRootAsync()', create, forRootAsync],
    ['a testing module and forRoot()', createForTests, forRoot],
    ['a testing module and forRootAsync()', createForTests, forRootAsync],
  ])('sees req.session under %s', async (_, make, login) => {
    const app = await make(appModule(login()));
    app.use(countVisits);
    const browser = await browserOf(app);
    await browser.post('/in/ada');
    await browser.get('/home');
    expect((await browser.get('/home')).json).toEqual({ user: 'ada', visits: 2 });
  });
});

describe('one Express instance', () => {
  it('serves one application with a LoginModule: a second one is refused, and the first one goes on', async () => {
    const instance = express();
    const browser = await browserOf(await create(appModule(forRoot()), instance));
    await browser.post('/in/ada');

    const second = await create(appModule(forRoot()), instance);
    const refused = (await second.init().catch((error: unknown) => error)) as LoginFault;
    expect(refused).toBeInstanceOf(LoginFault);
    expect(refused.message).toMatch(/^ERR_LOGIN_MODULE: This Express instance serves another application/);
    expect((await browser.get('/home')).json).toEqual({ user: 'ada', visits: null });
  });

  it('goes on with the first application after the refused one is closed', async () => {
    const instance = express();
    const browser = await browserOf(await create(appModule(forRoot()), instance));
    const second = await create(appModule(forRoot()), instance);
    await second.init().catch(() => undefined);
    running.pop();
    await second.close();
    expect((await browser.post('/in/ada')).json).toEqual({ ok: true });
    expect((await browser.get('/home')).status).toBe(200);
  });

  it('accepts an application after a failed start', async () => {
    let starts = 0;
    @Module({ imports: [appModule(forRoot())] })
    class FailsOnce implements NestModule {
      // Fails before Nest maps its routes, because Nest would leave them behind.
      configure(): void {
        starts += 1;
        if (starts === 1) throw new Error('not yet');
      }
    }
    const instance = express();
    const failed = await create(FailsOnce, instance);
    await expect(failed.init()).rejects.toThrow('not yet');
    running.pop();

    const app = await create(FailsOnce, instance);
    app.use(countVisits);
    const browser = await browserOf(app);
    await browser.post('/in/ada');
    expect((await browser.get('/home')).json).toEqual({ user: 'ada', visits: 1 });
  });

  it('accepts another application after the first one is closed', async () => {
    const instance = express();
    // Nest leaves its routes behind. The page of both applications is therefore a page of the instance.
    instance.use('/own', (req, res) => res.json({ session: typeof (req as unknown as SessionRequest).session }));
    const first = await create(appModule(forRoot()), instance);
    expect((await (await browserOf(first)).get('/own')).json).toEqual({ session: 'object' });
    running.pop();
    await first.close();

    const server = instance.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bare = new Browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect((await bare.get('/own')).json).toEqual({ session: 'undefined' });
    server.closeAllConnections();
    server.close();

    const browser = await browserOf(await create(appModule(forRoot()), instance));
    expect((await browser.get('/own')).json).toEqual({ session: 'object' });
  });
});

describe('an inner application', () => {
  /** Mounts `inner` in an outer application, under /admin. */
  async function outerOf(inner: Express, how: 'app.use' | 'consumer.apply', touches: boolean): Promise<Browser> {
    @Module({ imports: [appModule(forRoot())] })
    class Outer implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        if (how === 'consumer.apply') consumer.apply(inner).forRoutes('admin/*path');
      }
    }
    const outer = await create(Outer);
    if (touches) outer.use(countVisits);
    if (how === 'app.use') outer.use('/admin', inner);
    return browserOf(outer);
  }

  it.each([
    ['app.use', 'untouched', '/admin/home'],
    ['app.use', 'touched', '/admin/home'],
    ['consumer.apply', 'untouched', '/admin/home'],
    ['consumer.apply', 'touched', '/admin/home'],
  ] as const)(
    'mounted by %s is refused with ERR_LOGIN_MODULE, if the outer session is %s',
    async (how, state, path) => {
      const inner = await create(appModule(LoginModule.forRoot({ ...options, guard: 'global' })));
      await inner.init();
      const browser = await outerOf(inner.getHttpAdapter().getInstance() as Express, how, state === 'touched');
      await browser.post('/in/ada');
      log.lines.length = 0;

      const answer = await browser.get(path);
      expect([answer.status, answer.text.includes('ada')]).toEqual([500, false]);
      expect(log.text()).toContain('ERR_LOGIN_MODULE: A request has passed the LoginModule of another application');
      expect((await browser.get('/home')).status).toBe(200);
    },
  );
});

describe("another application's service", () => {
  let [first, second]: TestApp[] = [];

  @Controller('foreign')
  class Foreign {
    @Get()
    async ask(@Req() req: Request): Promise<object> {
      const { login, users } = second as TestApp;
      const user = users.table.get('ada') as object;
      const asks: (() => unknown)[] = [
        () => login.currentUser(req),
        () => login.isAuthenticated(req),
        () => login.isFresh(req),
        () => login.isRemembered(req),
        () => login.loginUser(req, user),
        () => login.logoutUser(req),
        () => login.confirmLogin(req),
        () => login.logoutOthers(req),
        () => login.logins('ada', req),
        () => login.session(req),
        () => login.loginUrl(req),
        () => login.nextUrl(req),
        () => login.flashes(req),
        () => login.currentUser({ ...req } as Request),
      ];
      const codes = await Promise.all(asks.map(codeOf));
      return { codes: [...new Set(codes)] };
    }
  }

  beforeAll(async () => {
    first = await startTestApp({ storage, controllers: [Foreign] });
    second = await startTestApp({ storage });
  });
  afterAll(async () => {
    await first?.close();
    await second?.close();
  });

  it('refuses a request of this application with ERR_LOGIN_NO_REQUEST', async () => {
    const browser = (first as TestApp).browser();
    await browser.post('/login/ada');
    expect((await browser.get('/foreign')).json).toEqual({ codes: ['ERR_LOGIN_NO_REQUEST'] });
    expect((await browser.get('/protected')).json).toEqual({ id: 'ada' });
  });
});

/** Returns the code of the error that a call fails with. */
async function codeOf(ask: () => unknown): Promise<string> {
  try {
    await ask();
    return 'none';
  } catch (error) {
    return (error as LoginFault).code;
  }
}
