/** The ways in which LoginModule takes its options. */
import 'reflect-metadata';
import { Controller, Get, Inject, Injectable, Module, Req, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import type { Request } from 'express';
import { CurrentUser, Fresh, LoginManagerService, LoginModule, LoginRequiredGuard } from 'nestjs-login';
import type { LoginModuleAsyncOptions, LoginOptions, LoginOptionsFactory } from 'nestjs-login';
import { SECRET } from '../support/test-app.js';
import { Users, Pages, closers, keptStorage, serve } from '../support/module-app.js';

describe('LoginModule takes its options', () => {
  /** The service that an application takes its options from. */
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
