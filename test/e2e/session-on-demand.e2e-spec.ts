/** `session.load: 'on-demand'` reads nothing before code asks for it. A handler declares that it needs the session. */
import { Controller, Get, Post, Req, Session } from '@nestjs/common';
import type { Request } from 'express';
import { LoginFault, LoginManagerService, LoginRequired, memoryStorage, UseSession } from 'nestjs-login';
import type { Browser } from '../support/browser-client.js';
import { CountingStorage } from '../support/counting-storage.js';
import { LogBook } from '../support/log-book.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { expectTouch, TouchBook, VISITORS } from '../support/touch-book.js';

type SessionRequest = Request & { session: Request['session'] & { colour?: string } };

const book = new TouchBook();
const inner = memoryStorage();
const storage = new CountingStorage(inner);
const log = new LogBook();

/** Replaces a method with another function without a name, as tracing and caching decorators do. */
function Replaced(): MethodDecorator {
  return (_target, _name, descriptor) => {
    const method = descriptor.value as unknown as (...args: unknown[]) => unknown;
    const replacement = function (this: unknown, ...args: unknown[]): unknown {
      return method.apply(this, args);
    };
    descriptor.value = Object.defineProperty(replacement, 'name', { value: '' }) as never;
  };
}

@Controller('marked')
class Marked {
  @Get('parameter')
  parameter(@Session() session: Request['session']): string {
    book.touch({ headers: { 'x-touch': '1' }, session });
    return 'ok';
  }

  @Get('method')
  @UseSession()
  method(@Req() req: Request): string {
    book.touch(req);
    return 'ok';
  }

  @Get('replaced')
  @Replaced()
  replaced(@Session() session: Request['session']): string {
    book.touch({ headers: { 'x-touch': '1' }, session });
    return 'ok';
  }

  @UseSession()
  @Get('replaced-method')
  @Replaced()
  replacedMethod(@Req() req: Request): string {
    book.touch(req);
    return 'ok';
  }

  @Get('guarded')
  @LoginRequired()
  guarded(@Session() session: Request['session']): string {
    book.touch({ headers: { 'x-touch': '1' }, session });
    return 'ok';
  }
}

class Base {
  @Get('parameter')
  parameter(@Session() session: Request['session']): string {
    book.touch({ headers: { 'x-touch': '1' }, session });
    return 'ok';
  }

  @Get('method')
  @UseSession()
  method(@Req() req: Request): string {
    book.touch(req);
    return 'ok';
  }
}

@Controller('inherited')
class Inherited extends Base {}

@UseSession()
class MarkedBase {}

@Controller('marked-base')
class BelowMarkedBase extends MarkedBase {
  @Get()
  page(@Req() req: Request): string {
    book.touch(req);
    return 'ok';
  }
}

@UseSession()
@Controller('marked-class')
class MarkedClass {
  @Get()
  page(@Req() req: Request): string {
    book.touch(req);
    return 'ok';
  }
}

@Controller('unmarked')
class Unmarked {
  constructor(private readonly login: LoginManagerService) {}

  @Get('asked')
  async asked(@Req() req: SessionRequest): Promise<object> {
    await this.login.session(req);
    book.touch(req);
    return {};
  }

  @Get('typed')
  async typed(@Req() req: SessionRequest): Promise<object> {
    const session = await this.login.session(req);
    const colour: string | undefined = session.colour;
    return { colour: colour ?? null, same: session === req.session };
  }

  @Get('guarded')
  @LoginRequired()
  async guarded(@Req() req: Request): Promise<object> {
    await this.login.session(req);
    return {};
  }

  @Get('bare')
  bare(@Req() req: Request): object {
    const codes = (['session', 'sessionID', 'sessionStore'] as const).map((name) => {
      try {
        return typeof req[name];
      } catch (error) {
        return (error as LoginFault).code;
      }
    });
    return { codes, found: 'session' in req };
  }

  @Post('bare')
  fails(@Req() req: SessionRequest): string {
    return req.session.colour ?? 'none';
  }
}

let app: TestApp;
const wanted: boolean[] = [];
beforeAll(async () => {
  const { logins } = inner;
  const find = logins.find.bind(logins);
  logins.find = (id, what) => {
    wanted.push(what.values);
    return find(id, what);
  };
  app = await startTestApp({
    storage,
    login: { session: { load: 'on-demand' } },
    controllers: [Marked, Inherited, BelowMarkedBase, MarkedClass, Unmarked],
    setup: (nest) => nest.useLogger(log),
  });
});
afterAll(async () => {
  await app.close();
  inner.close();
});

async function visitor(arrive: (browser: Browser) => Promise<unknown>): Promise<Browser> {
  const browser = app.browser();
  await arrive(browser);
  storage.reset();
  wanted.length = 0;
  return browser;
}

const member = (): Promise<Browser> => visitor((browser) => browser.post('/login/ada'));

describe('a public handler', () => {
  it.each(VISITORS)('that needs no session costs %s no store call', async (_, { arrive }) => {
    const browser = await visitor(arrive);
    expect((await browser.get('/public')).status).toBe(200);
    expect([storage.reads, storage.writes]).toEqual([0, 0]);
  });

  it.each(VISITORS)(
    'of %s that touches an undeclared session fails, and the log has the remedy',
    async (_, { arrive }) => {
      const browser = await visitor(arrive);
      const codes = Array.from({ length: 3 }, () => 'ERR_LOGIN_SESSION_NOT_LOADED');
      expect((await browser.get('/unmarked/bare')).json).toEqual({ codes, found: true });
      expect((await browser.post('/unmarked/bare')).status).toBe(500);
      expect(log.text()).toMatch(/ERR_LOGIN_SESSION_NOT_LOADED: .*@UseSession\(\), or await login\.session\(req\)/);
      expect([storage.reads, storage.writes]).toEqual([0, 0]);
    },
  );
});

describe('a guard', () => {
  it('reads the record once, without the values of the session', async () => {
    const browser = await member();
    expect((await browser.get('/protected')).json).toEqual({ id: 'ada' });
    expect([storage.reads, storage.writes, wanted]).toEqual([1, 0, [false]]);
  });

  it('and @Session() read record and values together, once', async () => {
    const browser = await member();
    expect((await browser.get('/marked/guarded', { headers: { 'x-touch': '1' } })).status).toBe(200);
    expect([storage.reads, wanted]).toEqual([1, [true]]);
  });

  it('and login.session() in the handler read twice: first the record, then the values as well', async () => {
    const browser = await member();
    expect((await browser.get('/unmarked/guarded')).status).toBe(200);
    expect([storage.reads, wanted]).toEqual([2, [false, true]]);
  });

  it('refuses a visitor without a login without a store call', async () => {
    const browser = await visitor(async () => undefined);
    expect((await browser.get('/marked/guarded')).status).toBe(401);
    expect([storage.reads, storage.writes]).toEqual([0, 0]);
  });
});

describe.each([
  ['@Session()', '/marked/parameter'],
  ['@UseSession() on a method', '/marked/method'],
  ['@UseSession() on a class', '/marked-class'],
  ['@UseSession() on a base class', '/marked-base'],
  ['@Session() of an inherited method', '/inherited/parameter'],
  ['@UseSession() on an inherited method', '/inherited/method'],
  ['@Session() of a method that a decorator has replaced', '/marked/replaced'],
  ['@UseSession() on a method that a decorator has replaced', '/marked/replaced-method'],
  ['login.session()', '/unmarked/asked'],
])('%s', (_what, path) => {
  it.each(VISITORS)('shows %s the stored values, and stores a new one', (_, one) =>
    expectTouch(app, book, { path, visitor: one }),
  );

  it('reads record and values once', async () => {
    const browser = await member();
    await browser.get(path);
    expect([storage.reads, wanted]).toEqual([1, [true]]);
  });
});

it('login.session() returns the object that req.session is from then on, with its type', async () => {
  const browser = await visitor((one) => one.get('/set?colour=red'));
  expect((await browser.get('/unmarked/typed')).json).toEqual({ colour: 'red', same: true });
});

it('session.load: on-demand leaves logins, confirmations, restored logins and logouts as they are', async () => {
  const browser = app.browser();
  await browser.get('/set?earlier=1');
  expect((await browser.post('/login/ada?remember=1')).json).toEqual({ ok: true });
  expect((await browser.get('/values')).json).toEqual({});
  expect((await browser.close().get('/whoami')).json).toEqual(expect.objectContaining({ id: 'ada', fresh: false }));
  expect((await browser.post('/confirm')).json).toEqual({ ok: true });
  expect((await browser.get('/fresh')).json).toEqual({ id: 'ada' });
  expect((await browser.post('/logout')).status).toBe(201);
  expect([(await browser.get('/protected')).status, browser.jar.size]).toEqual([401, 0]);
});
