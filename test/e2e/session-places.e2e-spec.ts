/** The first touch of `req.session` works in every place of an application that gets the request. */
import {
  Catch,
  Controller,
  createParamDecorator,
  Get,
  HttpException,
  Injectable,
  Module,
  Req,
  Session,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import type {
  ArgumentsHost,
  CallHandler,
  CanActivate,
  ExceptionFilter,
  ExecutionContext,
  MiddlewareConsumer,
  NestInterceptor,
  NestModule,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { LoginManagerService } from 'nestjs-login';
import { tap } from 'rxjs';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { expectTouch, TouchBook, VISITORS } from '../support/touch-book.js';
import { TestUsers } from '../support/users.js';

type SessionRequest = Request & { session: Record<string, unknown> & Request['session'] };

const book = new TouchBook();

@Injectable()
class TouchingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    book.touch(context.switchToHttp().getRequest<Request>());
    return true;
  }
}

@Injectable()
class BeforeInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): ReturnType<NestInterceptor['intercept']> {
    book.touch(context.switchToHttp().getRequest<Request>());
    return next.handle();
  }
}

@Injectable()
class AfterInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): ReturnType<NestInterceptor['intercept']> {
    return next.handle().pipe(tap(() => book.touch(context.switchToHttp().getRequest<Request>())));
  }
}

@Catch(HttpException)
class TouchingFilter implements ExceptionFilter {
  catch(error: HttpException, host: ArgumentsHost): void {
    book.touch(host.switchToHttp().getRequest<Request>());
    host.switchToHttp().getResponse<Response>().status(error.getStatus()).json({ from: 'filter' });
  }
}

@Catch(HttpException)
class AsyncTouchingFilter extends TouchingFilter {
  override async catch(error: HttpException, host: ArgumentsHost): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    super.catch(error, host);
  }
}

const Touched = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  book.touch(context.switchToHttp().getRequest<Request>());
  return 'touched';
});

@Controller('at')
class Places {
  @Get(['main', 'consumer'])
  middleware(): string {
    return 'ok';
  }

  @Get('guard')
  @UseGuards(TouchingGuard)
  guard(): string {
    return 'ok';
  }

  @Get('interceptor-before')
  @UseInterceptors(BeforeInterceptor)
  before(): string {
    return 'ok';
  }

  @Get('interceptor-after')
  @UseInterceptors(AfterInterceptor)
  after(): string {
    return 'ok';
  }

  @Get('parameter')
  parameter(@Touched() touched: string): string {
    return touched;
  }

  @Get('handler')
  handler(@Req() req: Request): string {
    book.touch(req);
    return 'ok';
  }

  @Get('session-parameter')
  sessionParameter(@Session() session: Request['session']): string {
    book.touch({ headers: { 'x-touch': '1' }, session });
    return 'ok';
  }

  @Get('filter')
  @UseFilters(TouchingFilter)
  fails(): never {
    throw new HttpException('no reason', 418);
  }

  @Get('async-filter')
  @UseFilters(AsyncTouchingFilter)
  failsLater(): never {
    throw new HttpException('no reason', 418);
  }
}

/** Handlers that change the login or the session, and then touch the session for the first time. */
@Controller('after')
class Afterwards {
  constructor(
    private readonly login: LoginManagerService,
    private readonly users: TestUsers,
  ) {}

  @Get('login')
  async in(@Req() req: SessionRequest): Promise<string> {
    await this.login.loginUser(req, this.users.table.get('ada') as object);
    book.touch(req);
    return req.session.id;
  }

  @Get('logout')
  async out(@Req() req: SessionRequest): Promise<string> {
    await this.login.logoutUser(req);
    book.touch(req);
    return req.session.id;
  }

  @Get('regenerate')
  async anew(@Req() req: SessionRequest): Promise<string> {
    await new Promise((resolve) => req.session.regenerate(resolve));
    book.touch(req);
    return req.session.id;
  }
}

@Module({})
class PlacesModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(book.middleware).forRoutes('at/consumer');
  }
}

describe('the first touch of req.session', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({
      imports: [PlacesModule],
      controllers: [Places, Afterwards],
      login: { session: { keepOnLogin: ['earlier'] } },
      setup: (nest) => nest.use('/at/main', book.middleware),
    });
  });
  afterAll(() => app.close());

  describe.each([
    'main',
    'consumer',
    'guard',
    'interceptor-before',
    'interceptor-after',
    'parameter',
    'handler',
    'session-parameter',
    'filter',
    'async-filter',
  ])('in this place: %s,', (place) => {
    it.each(VISITORS)('shows %s the stored values, and stores a new one', (_, visitor) =>
      expectTouch(app, book, { path: `/at/${place}`, visitor }),
    );
  });

  it.each(VISITORS)(
    'after loginUser() shows %s the session of the login, with the values of keepOnLogin',
    (_, visitor) => expectTouch(app, book, { path: '/after/login', visitor: { ...visitor, cookie: 'session' } }),
  );

  it.each(VISITORS)('after logoutUser() shows %s an empty session, and stores a new value', (_, visitor) =>
    expectTouch(app, book, {
      path: '/after/logout',
      visitor: { arrive: visitor.arrive, earlier: {}, cookie: 'session-anonymous' },
    }),
  );

  it.each(VISITORS)('after regenerate() shows %s an empty session, and stores a new value', (_, visitor) =>
    expectTouch(app, book, {
      path: '/after/regenerate',
      visitor: { arrive: visitor.arrive, earlier: {}, cookie: 'session-anonymous' },
    }),
  );

  it.each(['login', 'logout', 'regenerate'])(
    'after a %s in the same handler finds a new session id',
    async (change) => {
      const browser = app.browser();
      await browser.post('/login/ada');
      const former = decodeURIComponent(browser.jar.get('session') as string);
      const { text } = await browser.get(`/after/${change}`, { headers: { 'x-touch': '1' } });
      const sent = decodeURIComponent([...browser.jar.values()].join());
      expect([former.includes(text), sent.includes(text)]).toEqual([false, true]);
    },
  );
});
