/** Filters and guards of the application beside those of LoginModule. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as common from '@nestjs/common';
import {
  Catch,
  Controller,
  Get,
  HttpException,
  Injectable,
  Module,
  Scope,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import type { ArgumentsHost, CanActivate, ExceptionFilter, ExecutionContext, Type } from '@nestjs/common';
import * as core from '@nestjs/core';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import type * as Throttler from '@nestjs/throttler';
import type { Response } from 'express';
import { LoginRequired, LoginRequiredGuard, Public } from 'nestjs-login';
import type { Browser } from '../support/browser-client.js';
import type { TestAppSettings } from '../support/test-app.js';
import { FETCH, BOTH, start, member, holds } from '../support/nest-surroundings.js';
import type { UserHolder } from '../support/nest-surroundings.js';

/**
 * Runs the files of the throttler on the Nest of this test. They are CommonJS, and jest cannot answer their require()
 * with ES modules before Node 24.9.
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

/** A filter as in many applications, which gives every error a form of its own. */
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
