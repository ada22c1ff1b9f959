/** While the store is down, a request that needs no session is answered. Each other one is a 503 and waits once. */
import { setTimeout as pause } from 'node:timers/promises';
import { Catch, Controller, Get, HttpException, Req, Session, UseFilters } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { LoginManagerService, LoginRequired, memoryStorage, UseSession } from 'nestjs-login';
import type { Browser } from '../support/browser-client.js';
import { CountingStorage, fails, hangs } from '../support/counting-storage.js';
import type { StorageMethod } from '../support/counting-storage.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

type SessionRequest = Request & { session: Request['session'] & Record<string, unknown> };

@Catch(HttpException)
class TouchingFilter implements ExceptionFilter {
  catch(error: HttpException, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    http.getRequest<SessionRequest>().session.lastError = error.message;
    http.getResponse<Response>().status(error.getStatus()).json({});
  }
}

@Controller('down')
class DownController {
  constructor(private readonly login: LoginManagerService) {}

  @Get('handler')
  @UseSession()
  handler(@Req() req: SessionRequest): object {
    return { session: typeof req.session };
  }

  @Get('parameter')
  parameter(@Session() session: object): object {
    return { session: typeof session };
  }

  @Get('asked')
  async asked(@Req() req: SessionRequest): Promise<object> {
    return { session: typeof (await this.login.session(req)) };
  }

  @Get('id')
  @UseSession()
  id(@Req() req: SessionRequest): object {
    return { id: req.sessionID };
  }

  @Get('filter')
  @UseSession()
  @UseFilters(TouchingFilter)
  filter(): never {
    throw new HttpException('no reason', 418);
  }

  @Get('marked')
  @UseSession()
  marked(): object {
    return { touched: false };
  }

  @Get('caught')
  @UseSession()
  caught(@Req() req: SessionRequest): object {
    const outcomes = [1, 2, 3].map(() => {
      try {
        return typeof req.session;
      } catch (error) {
        return (error as { code: string }).code;
      }
    });
    return { outcomes };
  }

  @Get('asks-often')
  async asksOften(@Req() req: SessionRequest): Promise<object> {
    const asks = [
      () => this.login.currentUser(req),
      () => this.login.isAuthenticated(req),
      () => this.login.session(req),
    ];
    const outcomes: string[] = [];
    for (const ask of asks) outcomes.push(await ask().then(typeOf, ({ code }: { code: string }) => code));
    return { outcomes };
  }

  @Get('guarded-and-touched')
  @LoginRequired()
  guarded(@Session() session: object): object {
    return { session: typeof session };
  }
}

const typeOf = (value: unknown): string => typeof value;

/** The types or error codes that requests with an `x-late` header find at `req.session` after their response. */
const late: string[] = [];

/** Touches the session after the response, as a logger does that names the session of each request. */
function touchesLate(req: Request, res: Response, next: NextFunction): void {
  if (req.header('x-late') !== undefined)
    res.once('finish', () => {
      try {
        late.push(typeof req.session);
      } catch (error) {
        late.push((error as { code: string }).code);
      }
    });
  next();
}

const READS: readonly StorageMethod[] = ['logins.find', 'sessions.get'];
const VISITORS: [string, StorageMethod, (browser: Browser) => Promise<unknown>][] = [
  ['an anonymous visitor', 'sessions.get', (browser) => browser.get('/set?earlier=1')],
  ['a user', 'logins.find', (browser) => browser.post('/login/ada').then(() => browser.get('/set?earlier=1'))],
];

describe.each([
  ['fails', 'always', fails],
  ['hangs', 'always', hangs],
  ['fails', 'on-demand', fails],
  ['hangs', 'on-demand', hangs],
] as const)('while the store %s, with session.load: %s,', (_how, load, disturbance) => {
  const inner = memoryStorage();
  const storage = new CountingStorage(inner);
  let app: TestApp;
  beforeAll(async () => {
    const login = { storeTimeout: '50ms', session: { load } } as const;
    const setup = (nest: NestExpressApplication): unknown => nest.use(touchesLate);
    app = await startTestApp({ storage, login, controllers: [DownController], setup });
  });
  afterEach(() => storage.recover());
  afterAll(async () => {
    await app.close();
    inner.close();
  });

  async function visitor(arrive: (browser: Browser) => Promise<unknown>): Promise<Browser> {
    const browser = app.browser();
    await arrive(browser);
    storage.reset();
    storage.disturb(disturbance, ...READS);
    return browser;
  }

  describe.each(VISITORS)('%s', (kind, read, arrive) => {
    it.each(['/public', '/down/marked'])('gets a page that needs no session: %s', async (path) => {
      const browser = await visitor(arrive);
      const { status, cookies } = await browser.get(path);
      expect([status, cookies]).toEqual([200, []]);
      expect(storage.count(...READS)).toBe(load === 'always' || path === '/down/marked' ? 1 : 0);
    });

    it('gets a 404 for an unknown page', async () => {
      const browser = await visitor(arrive);
      expect((await browser.get('/no-such-page')).status).toBe(404);
    });

    it.each(['handler', 'parameter', 'asked', 'id', 'filter'])(
      'gets a 503 at a touch of the session, and keeps the cookie: %s',
      async (path) => {
        const browser = await visitor(arrive);
        const { status, json, headers, cookies } = await browser.get(`/down/${path}`);
        expect([status, json]).toEqual([503, expect.objectContaining({ code: 'ERR_LOGIN_UNAVAILABLE' })]);
        expect([headers['retry-after'], headers['cache-control'], cookies]).toEqual(['1', 'no-store', []]);
        expect(storage.count(read)).toBe(1);

        storage.recover();
        expect((await browser.get('/values')).json).toEqual({ earlier: '1' });
      },
    );

    it('gets the same failure at each touch, and the store is asked once', async () => {
      const browser = await visitor(arrive);
      const outcomes = Array.from({ length: 3 }, () => 'ERR_LOGIN_UNAVAILABLE');
      expect((await browser.get('/down/caught')).json).toEqual({ outcomes });
      expect(storage.count(...READS)).toBe(1);
    });

    it('causes no error in a listener that touches the session after the response', async () => {
      const browser = await visitor(arrive);
      late.length = 0;
      expect((await browser.get('/public', { headers: { 'x-late': '1' } })).status).toBe(200);
      while (!late.length) await new Promise((resolve) => setImmediate(resolve));
      expect(late).toEqual(['object']);
    });

    it('has the same login as before once the store is back', async () => {
      const browser = await visitor(arrive);
      await browser.get('/down/handler');
      storage.recover();
      expect((await browser.get('/whoami')).json).toEqual(
        expect.objectContaining({ id: kind === 'a user' ? 'ada' : null }),
      );
    });
  });

  it.each(['/protected', '/down/guarded-and-touched', '/whoami'])(
    'a user gets a 503 from a guard, which asks the store once: %s',
    async (path) => {
      const browser = await visitor((one) => one.post('/login/ada'));
      expect((await browser.get(path)).status).toBe(503);
      expect(storage.count(...READS)).toBe(1);
    },
  );

  it('a user gets the same failure from each call of the service, and the store is asked once', async () => {
    const browser = await visitor((one) => one.post('/login/ada'));
    const outcomes = Array.from({ length: 3 }, () => 'ERR_LOGIN_UNAVAILABLE');
    expect((await browser.get('/down/asks-often')).json).toEqual({ outcomes });
    expect(storage.count(...READS)).toBe(1);
  });

  it('a stranger gets a new session, and is refused by a guard without a store call', async () => {
    const browser = await visitor(async () => undefined);
    expect((await browser.get('/down/handler')).json).toEqual({ session: 'object' });
    expect((await browser.get('/protected')).status).toBe(401);
    expect(storage.count(...READS)).toBe(0);
  });
});

describe('while the store hangs, a guard', () => {
  it('answers each request in time, while others wait and after a pause', async () => {
    const inner = memoryStorage();
    const storage = new CountingStorage(inner);
    const app = await startTestApp({ storage, login: { storeTimeout: '50ms' } });
    const browser = app.browser();
    await browser.post('/login/ada');
    storage.disturb(hangs, 'logins.find');
    const tooLate = (): Promise<string> => pause(2_000, 'too late', { ref: false });
    const ask = (): Promise<unknown> =>
      Promise.race([browser.get('/protected').then(({ status }) => status), tooLate()]);

    const waiting: Promise<unknown>[] = [];
    for (const time of [20, 20, 0]) {
      waiting.push(ask());
      await pause(time);
    }
    expect(await Promise.all(waiting)).toEqual([503, 503, 503]);
    await pause(200);
    expect(await ask()).toBe(503);

    storage.recover();
    await app.close();
    inner.close();
  });
});
