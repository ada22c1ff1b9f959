/** `req.session` is there in Express applications that the Nest application mounts, however they are mounted. */
import { All, Controller, Get, Module, Next, Req, Res } from '@nestjs/common';
import type { MiddlewareConsumer, NestModule } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import express, { Router } from 'express';
import type { Express, NextFunction, Request, Response } from 'express';
import { LoginManagerService } from 'nestjs-login';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { expectTouch, TouchBook, VISITORS } from '../support/touch-book.js';

const book = new TouchBook();

/** Returns an Express application that touches the session, and answers the request or passes it back. */
function subApp({ answers }: { readonly answers: boolean }): Express {
  const sub = express();
  sub.use(book.middleware);
  if (answers) sub.use((_req, res) => void res.json({ from: 'sub' }));
  return sub;
}

/** Returns two nested applications with a router between them. */
function nestedApp(): Router {
  const outer = express();
  outer.use('/inner', Router().use(subApp({ answers: true })));
  return Router().use('/outer', outer);
}

@Controller()
class Handlers {
  readonly #sub = subApp({ answers: true });

  constructor(private readonly login: LoginManagerService) {}

  @Get(['applied', 'passed'])
  behind(): string {
    return 'ok';
  }

  @All('handed-on')
  handOn(@Req() req: Request, @Res() res: Response, @Next() next: NextFunction): void {
    this.#sub(req, res, next);
  }

  @Get('passed/user')
  async user(@Req() req: Request): Promise<unknown> {
    return { user: await this.login.currentUser(req) };
  }
}

@Module({})
class SubAppModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(subApp({ answers: false })).forRoutes('applied');
  }
}

/** Mounts applications as main.ts does before it listens. */
function mount(nest: NestExpressApplication): void {
  nest.use('/mounted', subApp({ answers: true }));
  nest.use('/routed', Router().use('/deep', subApp({ answers: true })));
  nest.use('/nested', nestedApp());
  nest.use('/passed', subApp({ answers: false }));
}

describe('the first touch of req.session in a sub-application', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({ imports: [SubAppModule], controllers: [Handlers], setup: mount });
  });
  afterAll(() => app.close());

  describe.each([
    ['mounted by app.use()', '/mounted'],
    ['mounted in a router', '/routed/deep'],
    ['mounted in another sub-application', '/nested/outer/inner'],
    ['that passes the request back', '/passed'],
    ['applied by consumer.apply()', '/applied'],
    ['that a handler passes the request to', '/handed-on'],
  ])('%s', (_how, path) => {
    it.each(VISITORS)('shows %s the stored values, and stores a new one', (_, visitor) =>
      expectTouch(app, book, { path, visitor }),
    );
  });

  it('leaves the user of the request to the handlers behind it', async () => {
    const browser = app.browser();
    await browser.post('/login/ada');
    const { json } = await browser.get('/passed/user', { headers: { 'x-touch': '1' } });
    expect(json).toEqual({ user: expect.objectContaining({ id: 'ada' }) });
  });
});

describe('a sub-application that is mounted after the start', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({});
    const outer = app.app.getHttpAdapter().getInstance() as Express;
    outer.use('/late', subApp({ answers: true }));
    outer.use('/late-routed', Router().use(subApp({ answers: true })));
    // The handler of Nest for unknown paths comes before both.
    const { stack } = outer.router as unknown as { stack: unknown[] };
    stack.splice(1, 0, ...stack.splice(-2));
  });
  afterAll(() => app.close());

  it.each(['/late', '/late-routed'])('finds req.session: %s', async (path) => {
    for (const [, visitor] of VISITORS) await expectTouch(app, book, { path, visitor });
  });
});
