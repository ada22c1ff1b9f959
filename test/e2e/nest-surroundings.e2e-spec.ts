/** The redirect, the 401 with its code and the way in hold inside whatever else a Nest application sets up. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import * as common from '@nestjs/common';
import {
  Catch,
  Controller,
  Get,
  Header,
  HttpException,
  Inject,
  Injectable,
  Module,
  Req,
  Res,
  Scope,
  StreamableFile,
  UseFilters,
  UseGuards,
  VersioningType,
} from '@nestjs/common';
import type {
  ArgumentsHost,
  CallHandler,
  CanActivate,
  ExceptionFilter,
  ExecutionContext,
  NestInterceptor,
  Type,
} from '@nestjs/common';
import * as core from '@nestjs/core';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, REQUEST } from '@nestjs/core';
import type * as Throttler from '@nestjs/throttler';
import type { Request, Response } from 'express';
import helmet from 'helmet';
import { CurrentUser, LoginManagerService, LoginRequired, LoginRequiredGuard, Public } from 'nestjs-login';
import type { LoginModuleOptions } from 'nestjs-login';
import type { Answer, Browser } from '../support/browser-client.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp, TestAppSettings } from '../support/test-app.js';
import type { TestUser } from '../support/users.js';

const LOGIN_VIEW = '/login';
const FETCH = { 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin', accept: 'application/json' };
const BOTH: NonNullable<LoginModuleOptions['guard']>[] = ['manual', 'global'];

/**
 * The real @nestjs/throttler. It is CommonJS and asks for Nest by require(), which jest cannot answer with ES modules
 * before Node 24.9: so its own files are run here, on the Nest of this test.
 */
function loadThrottler(): typeof Throttler {
  const real = createRequire(import.meta.url);
  const provided: Record<string, unknown> = { '@nestjs/common': common, '@nestjs/core': core, 'reflect-metadata': {} };
  const loaded = new Map<string, { exports: unknown }>();
  const load = (file: string): unknown => {
    const module = loaded.get(file) ?? { exports: {} };
    if (loaded.has(file)) return module.exports;
    loaded.set(file, module);
    const ask = (name: string): unknown => {
      if (name.startsWith('.')) return load(real.resolve(join(dirname(file), name)));
      return provided[name] ?? real(name);
    };
    // oxlint-disable-next-line typescript/no-implied-eval -- the file is the package's own
    new Function('require', 'module', 'exports', readFileSync(file, 'utf8'))(ask, module, module.exports);
    return module.exports;
  };
  return load(real.resolve('@nestjs/throttler')) as typeof Throttler;
}

const { ThrottlerGuard, ThrottlerModule } = loadThrottler();

type UserHolder = Request & { user?: TestUser };

/** Logs in where every other route is guarded. */
@Public()
@Controller('door')
class Door {
  constructor(readonly login: LoginManagerService) {}

  @Get('in')
  async enter(@Req() req: Request): Promise<{ ok: boolean }> {
    return { ok: await this.login.loginUser(req, { id: typeof req.query.id === 'string' ? req.query.id : 'ada' }) };
  }
}

let running: TestApp | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

async function start(settings: TestAppSettings = {}): Promise<TestApp> {
  running = await startTestApp({
    ...settings,
    controllers: [Door, ...(settings.controllers ?? [])],
    login: { loginView: LOGIN_VIEW, ...settings.login },
  });
  return running;
}

async function member(app: TestApp, door = '/door/in', headers: Record<string, string> = {}): Promise<Browser> {
  const browser = app.browser();
  expect((await browser.get(door, { headers })).json).toEqual({ ok: true });
  return browser;
}

interface Way {
  readonly door?: string;
  readonly headers?: Record<string, string>;
}

/** A stranger's browser is redirected with next, a stranger's fetch gets the code, a member comes in. */
async function holds(app: TestApp, path: string, { door, headers = {} }: Way = {}): Promise<Answer> {
  const page = await app.browser().get(path, { headers });
  expect([page.status, page.headers.location, page.text]).toEqual([302, `${LOGIN_VIEW}?next=${path}`, '']);
  const fetched = await app.browser(FETCH).get(path, { headers });
  expect([fetched.status, fetched.json]).toEqual([401, expect.objectContaining({ code: 'ERR_LOGIN_REQUIRED' })]);
  const answer = await (await member(app, door, headers)).get(path, { headers });
  expect(answer.status).toBe(200);
  return answer;
}

/** What many applications have: every error in a shape of their own. */
@Catch()
class CatchAll implements ExceptionFilter {
  catch(exception: unknown, host: ArgumentsHost): void {
    const status = exception instanceof HttpException ? exception.getStatus() : 500;
    host.switchToHttp().getResponse<Response>().status(status).json({ shape: 'our own', status });
  }
}

@Catch(HttpException)
class CatchHttp extends CatchAll {}

@Controller()
class Fails {
  @Get('fails')
  @Public()
  fails(): never {
    throw new HttpException('no reason', 418);
  }
}

describe.each(BOTH)("an application's own catch-all filter, guard: %s", (guard) => {
  const asProvider = (useClass: Type, scope?: Scope): NonNullable<TestAppSettings['providers']> => [
    { provide: APP_FILTER, useClass, ...(scope === undefined ? {} : { scope }) },
  ];
  const inFeature = (providers: NonNullable<TestAppSettings['providers']>): NonNullable<TestAppSettings['imports']> => {
    @Module({ providers })
    class Feature {}
    return [Feature];
  };
  const table: [string, TestAppSettings][] = [
    ['by app.useGlobalFilters()', { setup: (app) => app.useGlobalFilters(new CatchAll()) }],
    ['by app.useGlobalFilters(), of HttpException', { setup: (app) => app.useGlobalFilters(new CatchHttp()) }],
    ['as APP_FILTER of the root module', { providers: asProvider(CatchAll) }],
    ['as APP_FILTER of a feature module', { imports: inFeature(asProvider(CatchAll)) }],
    ['as APP_FILTER per request', { providers: asProvider(CatchAll, Scope.REQUEST) }],
    ['as APP_FILTER per request of a feature module', { imports: inFeature(asProvider(CatchAll, Scope.REQUEST)) }],
  ];
  it.each(table)('%s does not answer in our place, and answers everything else', async (_, settings) => {
    const app = await start({ ...settings, controllers: [Fails], login: { guard } });
    await holds(app, '/protected');
    const failed = await (await member(app)).get('/fails');
    expect([failed.status, failed.json]).toEqual([418, { shape: 'our own', status: 418 }]);
  });

  it('on a controller is nearer than ours and answers: it was put there for that', async () => {
    @Controller()
    @UseFilters(CatchAll)
    class Near {
      @Get('near')
      @LoginRequired()
      near(): string {
        return 'page';
      }
    }
    const app = await start({ controllers: [Near], login: { guard } });
    const answer = await app.browser().get('/near');
    expect([answer.status, answer.json]).toEqual([401, { shape: 'our own', status: 401 }]);
  });
});

/** The roles guard of Nest's manual. */
@Injectable()
class RolesGuard implements CanActivate {
  static readonly seen: (string | undefined)[] = [];

  canActivate(context: ExecutionContext): boolean {
    RolesGuard.seen.push(context.switchToHttp().getRequest<UserHolder>().user?.id);
    return true;
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestRolesGuard extends RolesGuard {}

@Injectable()
class UserThrottler extends ThrottlerGuard {
  protected override async getTracker(request: UserHolder): Promise<string> {
    return request.user?.id ?? 'nobody';
  }
}

describe('guards of the application', () => {
  const feature = (useClass: Type): Type => {
    @Module({ providers: [{ provide: APP_GUARD, useClass }] })
    class Feature {}
    return Feature;
  };
  const table: [string, TestAppSettings][] = [
    ['by app.useGlobalGuards()', { setup: (app) => app.useGlobalGuards(new RolesGuard()) }],
    ['as APP_GUARD of the root module', { providers: [{ provide: APP_GUARD, useClass: RolesGuard }] }],
    ['as APP_GUARD of a feature module', { imports: [feature(RolesGuard)] }],
    ['as APP_GUARD per request', { providers: [{ provide: APP_GUARD, useClass: RequestRolesGuard }] }],
  ];
  it.each(table)('%s run after the global guard and find req.user', async (_, settings) => {
    const app = await start({ ...settings, login: { guard: 'global' } });
    RolesGuard.seen.length = 0;
    await holds(app, '/protected');
    expect(RolesGuard.seen).toEqual([undefined, 'ada']);
  });

  it('on the same handler find req.user under guard: manual', async () => {
    @Controller()
    class Admin {
      @Get('admin')
      @UseGuards(LoginRequiredGuard, RolesGuard)
      admin(): string {
        return 'page';
      }
    }
    const app = await start({ controllers: [Admin] });
    RolesGuard.seen.length = 0;
    await holds(app, '/admin');
    expect(RolesGuard.seen).toEqual(['ada']);
  });

  it('may count by user: ThrottlerGuard with a tracker that reads req.user', async () => {
    const app = await start({
      imports: [ThrottlerModule.forRoot([{ ttl: 600_000, limit: 2 }])],
      providers: [{ provide: APP_GUARD, useClass: UserThrottler }],
      login: { guard: 'global' },
    });
    const ada = app.browser();
    const bob = app.browser();
    await ada.get('/door/in');
    await bob.get('/door/in?id=bob');
    const statuses = async (browser: Browser): Promise<number[]> => {
      const found = [];
      for (let n = 0; n < 3; n += 1) found.push((await browser.get('/protected')).status);
      return found;
    };
    expect(await statuses(ada)).toEqual([200, 200, 429]);
    expect(await statuses(bob)).toEqual([200, 200, 429]);
    expect(await statuses(app.browser())).toEqual([302, 302, 302]);
    expect((await app.browser(FETCH).get('/protected')).status).toBe(401);
  });

  it('may be ThrottlerGuard as it comes', async () => {
    for (const guard of BOTH) {
      const app = await start({
        imports: [ThrottlerModule.forRoot([{ ttl: 600_000, limit: 100 }])],
        providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
        login: { guard },
      });
      await holds(app, '/protected');
      await app.close();
    }
  });
});

describe.each(BOTH)('under guard: %s', (guard) => {
  it('a global prefix is part of the page to go on to, and leaves excluded paths alone', async () => {
    @Controller()
    class Excluded {
      @Get('excluded')
      @LoginRequired()
      excluded(): string {
        return 'page';
      }
    }
    const app = await start({
      controllers: [Excluded],
      login: { guard },
      setup: (nest) => nest.setGlobalPrefix('api', { exclude: ['excluded'] }),
    });
    await holds(app, '/api/protected', { door: '/api/door/in' });
    await holds(app, '/excluded', { door: '/api/door/in' });
    expect((await app.browser().get('/protected')).status).toBe(404);
  });

  it('versions in the address or in a header change nothing', async () => {
    @Controller({ path: 'versioned', version: '2' })
    class Versioned {
      @Get()
      @LoginRequired()
      page(@CurrentUser('id') id: string): unknown {
        return { id };
      }
    }
    const address = await start({
      controllers: [Versioned],
      login: { guard },
      setup: (nest) => nest.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
    });
    expect((await holds(address, '/v2/versioned', { door: '/v1/door/in' })).json).toEqual({ id: 'ada' });
    await address.close();
    const setup: TestAppSettings['setup'] = (nest) =>
      nest.enableVersioning({ type: VersioningType.HEADER, header: 'x-version', defaultVersion: ['1', '2'] });
    const header = await start({ controllers: [Versioned], login: { guard }, setup });
    expect((await holds(header, '/versioned', { headers: { 'x-version': '2' } })).json).toEqual({ id: 'ada' });
    expect((await header.browser().get('/versioned', { headers: { 'x-version': '3' } })).status).toBe(404);
  });

  it('CORS: a preflight passes, and a page of another origin can read the 401', async () => {
    const origin = 'https://spa.example';
    const app = await start({ login: { guard }, setup: (nest) => nest.enableCors({ origin, credentials: true }) });
    await holds(app, '/protected');
    const preflight = await app.browser(FETCH).request('OPTIONS', '/protected', {
      headers: { origin, 'access-control-request-method': 'POST' },
    });
    expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([204, origin]);
    const refused = await app.browser(FETCH).get('/protected', { headers: { origin } });
    expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([401, origin]);
    expect(refused.headers['access-control-allow-credentials']).toBe('true');
    const vary = String(refused.headers.vary).split(/,\s*/);
    expect(vary).toEqual(expect.arrayContaining(['Origin', 'Cookie']));
  });

  it('helmet: its headers stand on redirect and 401', async () => {
    const app = await start({ login: { guard }, setup: (nest) => void nest.use(helmet()) });
    await holds(app, '/protected');
    for (const browser of [app.browser(), app.browser(FETCH)]) {
      const { headers } = await browser.get('/protected');
      expect([headers['x-content-type-options'], headers['cache-control']]).toEqual(['nosniff', 'no-store']);
    }
  });

  it('helmet: a form on plain http whose origin the browser hides can still log in where it says same-origin', async () => {
    const app = await start({ setup: (nest) => void nest.use(helmet()) });
    const browser = app.browser();
    const headers = { origin: 'null', 'sec-fetch-site': 'same-origin' };
    expect((await browser.post('/login/ada', { headers })).json).toEqual({ ok: true });
  });

  it('global interceptors find req.user', async () => {
    const seen: unknown[] = [];
    @Injectable()
    class Audit implements NestInterceptor {
      intercept(context: ExecutionContext, next: CallHandler): ReturnType<NestInterceptor['intercept']> {
        const request = context.switchToHttp().getRequest<UserHolder>();
        if (request.path === '/protected') seen.push(request.user?.id);
        return next.handle();
      }
    }
    const settings: TestAppSettings[] = [
      { providers: [{ provide: APP_INTERCEPTOR, useClass: Audit }] },
      { setup: (nest) => nest.useGlobalInterceptors(new Audit()) },
    ];
    for (const one of settings) {
      const app = await start({ ...one, login: { guard } });
      await holds(app, '/protected');
      await app.close();
    }
    expect(seen).toEqual(['ada', 'ada']);
  });

  it('controllers and providers per request work with guard and @CurrentUser()', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Basket {
      constructor(@Inject(REQUEST) readonly request: UserHolder) {}
      owner(): string | undefined {
        return this.request.user?.id;
      }
    }
    @Controller({ path: 'scoped', scope: Scope.REQUEST })
    class Scoped {
      constructor(
        readonly basket: Basket,
        readonly login: LoginManagerService,
      ) {}
      @Get()
      @LoginRequired()
      async page(
        @CurrentUser() user: TestUser,
        @CurrentUser('name') name: string,
        @Req() req: Request,
      ): Promise<unknown> {
        return [user.id, name, this.basket.owner(), ((await this.login.currentUser(req)) as TestUser).id];
      }
    }
    const app = await start({ controllers: [Scoped], providers: [Basket], login: { guard } });
    expect((await holds(app, '/scoped')).json).toEqual(['ada', 'ADA', 'ada', 'ada']);
    expect(app.users.loads).toHaveLength(1);
  });

  it('answers of every kind: @Res() with and without passthrough, a stream, HEAD', async () => {
    @LoginRequired()
    @Controller('kinds')
    class Kinds {
      @Get('passthrough')
      passthrough(@Res({ passthrough: true }) res: Response): unknown {
        res.setHeader('x-own', '1');
        return { kind: 'passthrough' };
      }
      @Get('manual')
      manual(@Res() res: Response): void {
        res.send('manual');
      }
      @Get('stream')
      @Header('content-type', 'text/plain')
      stream(): StreamableFile {
        return new StreamableFile(Readable.from(['a ', 'stream']));
      }
      @Get('promise')
      async later(): Promise<string> {
        return 'later';
      }
    }
    const app = await start({ controllers: [Kinds], login: { guard } });
    const passed = await holds(app, '/kinds/passthrough');
    expect([passed.json, passed.headers['x-own']]).toEqual([{ kind: 'passthrough' }, '1']);
    expect((await holds(app, '/kinds/manual')).text).toBe('manual');
    expect((await holds(app, '/kinds/stream')).text).toBe('a stream');
    expect((await holds(app, '/kinds/promise')).text).toBe('later');
    for (const path of ['/kinds/passthrough', '/kinds/manual', '/kinds/stream', '/kinds/promise']) {
      const stranger = await app.browser().request('HEAD', path);
      expect([stranger.status, stranger.headers.location]).toEqual([302, `${LOGIN_VIEW}?next=${path}`]);
      expect((await app.browser(FETCH).request('HEAD', path)).status).toBe(401);
      const answer = await (await member(app)).request('HEAD', path);
      expect([answer.status, answer.text, answer.headers['cache-control']]).toEqual([200, '', 'no-store']);
    }
  });
});
