/** The private facts of a running Nest application that LoginModule stands on, each by name. */
import 'reflect-metadata';
import { Catch, Controller, Get, HttpException, Injectable, Module, Scope } from '@nestjs/common';
import type { ArgumentsHost, CanActivate, DynamicModule, ExceptionFilter, NestModule, Provider } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import {
  APP_FILTER,
  APP_GUARD,
  ApplicationConfig,
  DiscoveryModule,
  DiscoveryService,
  HttpAdapterHost,
  ModulesContainer,
  NestFactory,
} from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';

class Base {
  @Get('inherited')
  inherited(): void {}
}

@Controller()
class Routes extends Base {
  @Get('route')
  route(): void {}

  @Get('fails')
  fails(): never {
    throw new HttpException('no reason', 418);
  }
}

/** The parts that ran, in order. */
const book: unknown[] = [];

/** A guard that lets every request pass, and records the value of `req.user`. */
const guard = (look: (execution: ExecutionContext) => unknown): CanActivate => ({
  canActivate: (execution) => {
    book.push(look(execution));
    return true;
  },
});

/** Answers every error with the name of its class. */
@Catch()
class NamedFilter implements ExceptionFilter {
  catch(_error: unknown, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<Response>().json(this.constructor.name);
  }
}
class OursFilter extends NamedFilter {}
class MainFilter extends NamedFilter {}
class StaticFilter extends NamedFilter {}
class RequestFilter extends NamedFilter {}

function middlewareOfMain(_req: Request, _res: Response, next: NextFunction): void {
  next();
}

/** The layers of Express as configure() finds them, and after it has mounted one more. */
const layers: { readonly name: string; readonly handle: unknown }[][] = [];
const mounted = middlewareOfMain.bind(null);

/** Changes the application in the same way as LoginModule. */
@Module({ providers: [OursFilter] })
class Ours implements NestModule {
  constructor(
    private readonly config: ApplicationConfig,
    private readonly modules: ModulesContainer,
    private readonly adapterHost: HttpAdapterHost,
    private readonly filter: OursFilter,
  ) {
    config.getGlobalGuards().unshift(guard(() => 'constructor'));
  }

  configure(): void {
    const { httpAdapter } = this.adapterHost;
    const { stack } = (httpAdapter.getInstance() as { router: { stack: (typeof layers)[number] } }).router;
    layers.push([...stack]);
    httpAdapter.use(mounted);
    layers.push([...stack]);

    this.config.getGlobalGuards().unshift(guard(() => 'configure'));
    this.config.addGlobalFilter(this.filter);
    const own = [...this.modules.values()].find(({ metatype }) => metatype === Ours)?.providers.get(OursFilter);
    if (this.config.getGlobalRequestFilters().length) this.config.addGlobalRequestFilter(own as never);
  }
}

/** Starts an application with these providers, asks one path, and hands back the answer. */
async function ask(
  path: string,
  providers: Provider[],
  main?: (app: NestExpressApplication) => void,
): Promise<unknown> {
  @Module({ imports: [Ours], controllers: [Routes], providers })
  class App {}
  book.length = layers.length = 0;
  const app = await NestFactory.create<NestExpressApplication>(App, { logger: false, abortOnError: false });

  try {
    main?.(app);
    await app.listen(0, '127.0.0.1');
    const body = await (await fetch(new URL(path, await app.getUrl()))).text();
    return body && (JSON.parse(body) as unknown);
  } finally {
    await app.close();
  }
}

describe('a Nest application', () => {
  it('calls guards in the order of its list: configure() comes last, and a guard that it puts first is first', async () => {
    const asAppGuard = { provide: APP_GUARD, useValue: guard(() => 'APP_GUARD') };

    await ask('/route', [asAppGuard], (app) => app.useGlobalGuards(guard(() => 'main.ts')));
    expect(book).toEqual(['configure', 'constructor', 'APP_GUARD', 'main.ts']);
  });

  it.each([
    ['/route', 'route', Routes.prototype],
    ['/inherited', 'inherited', Base.prototype],
  ])(
    'tells a guard of %s the function on the prototype, and the class of the controller',
    async (path, name, place) => {
      const look = (execution: ExecutionContext): unknown => [execution.getHandler(), execution.getClass()];

      await ask(path, [{ provide: APP_GUARD, useValue: guard(look) }]);
      expect(book.at(-1)).toEqual([Object.getOwnPropertyDescriptor(place, name)?.value, Routes]);
    },
  );

  it('asks the last of its global filters first', async () => {
    const main = (app: NestExpressApplication): unknown => app.useGlobalFilters(new MainFilter());
    expect(await ask('/fails', [{ provide: APP_FILTER, useClass: StaticFilter }], main)).toBe('OursFilter');
  });

  it('asks before them the last filter in the list of those that live as long as a request', async () => {
    const scoped = { provide: APP_FILTER, useClass: RequestFilter, scope: Scope.REQUEST };
    expect(await ask('/fails', [scoped])).toBe('OursFilter');
  });

  it('mounts what its adapter is given as the last layer of Express, behind what main.ts has mounted', async () => {
    await ask('/route', [], (app) => app.use(middlewareOfMain));
    const [before, after] = layers;

    expect(before?.map(({ handle }) => handle)).toContain(middlewareOfMain);
    expect(after).toHaveLength((before?.length ?? 0) + 1);
    expect(after?.at(-1)?.handle).toBe(mounted);
  });

  it('says "express" as the type of its adapter', async () => {
    const types: string[] = [];

    await ask('/route', [], (app) => types.push(app.getHttpAdapter().getType()));
    expect(types).toEqual(['express']);
  });
});

@Module({})
class Repeated {
  static with(value: number): DynamicModule {
    return { module: Repeated, providers: [{ provide: 'value', useValue: value }] };
  }
}

@Injectable()
class Single {}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {}

@Injectable()
class OverRequest {
  constructor(readonly inner: PerRequest) {}
}

@Injectable({ scope: Scope.TRANSIENT })
class PerUse {}

@Module({
  imports: [DiscoveryModule, Repeated.with(1), Repeated.with(2)],
  providers: [Single, PerRequest, OverRequest, PerUse],
})
class Found {}

describe('the containers of Nest', () => {
  it('hold a module once for each of its imports with options, under its class', async () => {
    const context = await NestFactory.createApplicationContext(Found, { logger: false });
    const found = [...context.get(ModulesContainer).values()].filter(({ metatype }) => metatype === Repeated);

    await context.close();
    expect(found).toHaveLength(2);
  });

  it.each([
    [Single, true],
    [PerRequest, false],
    [OverRequest, false],
    [PerUse, false],
  ])('tell by isDependencyTreeStatic() and isTransient whether there is one %p', async (type, isOne) => {
    const context = await NestFactory.createApplicationContext(Found, { logger: false });
    const wrapper = context
      .get(DiscoveryService)
      .getProviders()
      .find(({ metatype }) => metatype === type);

    await context.close();
    expect(wrapper?.isDependencyTreeStatic() && !wrapper.isTransient).toBe(isOne);
    expect(wrapper?.instance).toBeInstanceOf(type);
  });
});
