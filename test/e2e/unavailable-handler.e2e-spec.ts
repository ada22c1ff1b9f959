/** Responses during an outage by a method of the application with `@UnavailableHandler()`. */
import { ConflictException, Controller, Get, HttpException, Injectable, Req, Res } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request, Response } from 'express';
import Database from 'libsql';
import { LoginManagerService, LoginUnavailableException, memoryStorage, UnavailableHandler } from 'nestjs-login';
import { migrateLoginTables, sqlStorage } from 'nestjs-login/sql';
import type { Answer } from '../support/browser-client.js';
import { CountingStorage, fails } from '../support/counting-storage.js';
import { LogBook } from '../support/log-book.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp, TestAppSettings } from '../support/test-app.js';

type Answering = (request: Request, response: Response, login: LoginManagerService) => unknown;
let answering: Answering;
let calls: number;

@Injectable()
class Outages {
  constructor(private readonly login: LoginManagerService) {}

  @UnavailableHandler()
  unavailable(request: Request, response: Response): unknown {
    calls += 1;
    return answering(request, response, this.login);
  }
}

/** A page that has begun its response when the outage occurs. */
@Controller()
class Half {
  @Get('half')
  half(@Req() _request: Request, @Res() response: Response): never {
    response.write('half');
    throw new LoginUnavailableException('A store of the application', new Error('a secret detail'));
  }
}

let running: TestApp | undefined;
let goDown: () => void;
let cleanUp: () => void;
const logBook = new LogBook();

/** Starts an application on a real database, which `goDown` closes. */
async function start(settings: TestAppSettings = { providers: [Outages] }): Promise<TestApp> {
  const database = new Database(':memory:');
  await migrateLoginTables(database);
  const storage = sqlStorage(database);
  goDown = () => void database.close();
  cleanUp = () => {
    storage.close();
    if (database.open) database.close();
  };
  const setup = (app: NestExpressApplication): void => app.useLogger(logBook);
  running = await startTestApp({ storage, controllers: [Half], setup, ...settings });
  return running;
}

beforeEach(() => {
  answering = () => undefined;
  calls = 0;
  logBook.lines.length = 0;
});
afterEach(async () => {
  await running?.close();
  running = undefined;
  cleanUp();
});

const codeOf = (answer: Answer): unknown => (answer.json as { code?: unknown } | undefined)?.code;

/** The visitors that meet an outage. Each function logs a visitor in, starts the outage and sends a request. */
const WAYS: readonly [string, (app: TestApp) => Promise<Answer>][] = [
  [
    'a user, on a public page that reads the session',
    async (app) => {
      const browser = app.browser();
      await browser.post('/login/ada');
      goDown();
      return browser.get('/values');
    },
  ],
  [
    'a visitor with session values, on a public page that reads them',
    async (app) => {
      const browser = app.browser();
      await browser.get('/set?colour=red');
      goDown();
      return browser.get('/values');
    },
  ],
  [
    'a user that comes back by a remember cookie, at a guard',
    async (app) => {
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      browser.close();
      goDown();
      return browser.get('/protected');
    },
  ],
  [
    'a user that cannot be loaded, at a guard',
    async (app) => {
      const browser = app.browser();
      await browser.post('/login/ada');
      app.users.failure = new Error('The users are away.');
      return browser.get('/protected');
    },
  ],
  [
    'a user that logs in, in a handler',
    async (app) => {
      goDown();
      return app.browser().post('/login/ada');
    },
  ],
];
const [[, atSession], , , [, atGuard]] = WAYS as [(typeof WAYS)[0], unknown, unknown, (typeof WAYS)[0]];

describe('@UnavailableHandler() answers', () => {
  it.each(WAYS)('%s: a 503 with Retry-After and no-store, without a cookie', async (_who, meet) => {
    answering = (request, response) => response.end(`${request.method} ${request.originalUrl}: back in a moment`);
    const answer = await meet(await start());
    expect(answer.text).toMatch(/^(GET|POST) \/[a-z/]+: back in a moment$/);
    expect([answer.status, answer.headers['retry-after'], answer.cookies]).toEqual([503, '1', []]);
    expect([answer.headers['cache-control'], answer.headers.vary]).toEqual(['no-store', 'Cookie']);
    expect(calls).toBe(1);
  });

  it.each(WAYS)('%s, after status and headers are set and the cause is logged', async (_who, meet) => {
    const found: unknown[] = [];
    answering = (_request, response) => {
      const headers = ['retry-after', 'cache-control', 'vary'].map((name) => response.getHeader(name));
      found.push(response.statusCode, ...headers);
      found.push(logBook.lines.some((line) => /^The (store|user loader) failed.*Error: /.test(line)));
    };
    await meet(await start());
    expect(found).toEqual([503, '1', 'no-store', 'Cookie', true]);
  });

  it.each([
    ['where the session is read', atSession],
    ['at a guard', atGuard],
  ])('as it decides, even later and with another status or a redirect (%s)', async (_where, meet) => {
    answering = async (_request, response) => {
      await new Promise<void>((resolve) => setTimeout(resolve, 10));
      response.redirect(307, 'https://status.example/');
    };
    const answer = await meet(await start());
    expect([answer.status, answer.headers.location]).toEqual([307, 'https://status.example/']);
  });

  it('a logout that cannot be stored, which still clears the cookies of the browser', async () => {
    answering = (_request, response) => response.end('later');
    const memory = memoryStorage();
    const storage = new CountingStorage(memory);
    const app = await start({ providers: [Outages], storage });
    const browser = app.browser();
    await browser.post('/login/ada?remember=1');
    storage.disturb(fails, 'logins.delete');
    const answer = await browser.post('/logout');
    memory.close();
    expect([answer.status, answer.text, browser.jar.size]).toEqual([503, 'later', 0]);
  });

  it('no refusal: a visitor without a login gets the 401', async () => {
    const answer = await (await start()).browser().get('/protected');
    expect([answer.status, codeOf(answer), calls]).toEqual([401, 'ERR_LOGIN_REQUIRED', 0]);
  });
});

describe.each([
  ['where the session is read', atSession],
  ['at a guard', atGuard],
])('@UnavailableHandler() %s', (_where, meet) => {
  it('may throw an HttpException, which becomes the response', async () => {
    answering = () => {
      throw new ConflictException('not now');
    };
    const answer = await meet(await start());
    expect([answer.status, (answer.json as { message: string }).message]).toEqual([409, 'not now']);
  });

  it.each<[string, Answering]>([
    ['does nothing', () => undefined],
    ['only sets another status', (_request, response) => void response.status(200)],
    ['asks for the user, which fails', (request, _response, login) => login.currentUser(request)],
  ])('leaves the JSON 503 if it %s', async (_what, idle) => {
    answering = idle;
    const answer = await meet(await start());
    expect([answer.status, codeOf(answer), answer.headers['retry-after']]).toEqual([503, 'ERR_LOGIN_UNAVAILABLE', '1']);
    expect(calls).toBe(1);
  });

  it.each<[string, Answering]>([
    ['throws an error', () => raise(new Error('a secret detail'))],
    ['rejects', async () => raise(new Error('a secret detail'))],
    ['throws no error at all', () => raise('a secret detail')],
    ['throws undefined', () => raise(undefined)],
    ['throws an HttpException that cannot be sent', () => raise(new HttpException(circular(), 503))],
    ['throws after it has set a type', (_, response) => raise(response.type('html') && new Error('a secret detail'))],
  ])('leads to a 500 without detail and with no-store if it %s, and the process goes on', async (_what, failing) => {
    answering = failing;
    const app = await start();
    const answer = await meet(app);
    expect([answer.status, answer.headers['cache-control'], answer.json]).toEqual([
      500,
      'no-store',
      { statusCode: 500, message: 'Internal server error' },
    ]);
    expect((await app.browser().get('/public')).status).toBe(200);
  });

  it('ends the response if it fails after it has sent a part of it', async () => {
    answering = (_request, response) => {
      response.write('half');
      throw new Error('a secret detail');
    };
    const answer = await meet(await start());
    expect([answer.status, answer.text]).toEqual([503, 'half']);
  });
});

describe('an outage', () => {
  it.each([
    ['without a handler', []],
    ['with a handler', [Outages]],
  ])('adds nothing to a response that has begun, and ends it (%s)', async (_what, providers) => {
    answering = (_request, response) => response.end('and more');
    const answer = await (await start({ providers })).browser().get('/half');
    expect([answer.status, answer.text, calls]).toEqual([200, 'half', 0]);
    expect(logBook.text()).toContain('a secret detail');
  });
});

function raise(thrown: unknown): never {
  throw thrown;
}

function circular(): object {
  const one: { self?: unknown } = {};
  one.self = one;
  return one;
}
