/** A session value that cannot be stored leads to a response and a log line with its key, and ends no login. */
import { Readable } from 'node:stream';
import { Controller, Get, Param, Post, Query, Req, Res, StreamableFile } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request, Response } from 'express';
import { LoginManagerService } from 'nestjs-login';
import type { Browser } from '../support/browser-client.js';
import { LogBook } from '../support/log-book.js';
import { watchProcess } from '../support/process-watch.js';
import type { ProcessWatch } from '../support/process-watch.js';
import { STORAGES } from '../support/storages.js';
import type { TestStorage } from '../support/storages.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

type Values = Record<string, unknown> & { save(done?: (error?: unknown) => void): void };

const held = (req: Request): Values => (req as unknown as { session: Values }).session;

function circular(): object {
  const value: Record<string, unknown> = {};
  value.self = value;
  return value;
}

const refuse = (): never => {
  throw new Error('not now');
};

/** Functions that put a value under the key "cart" that cannot be stored. */
const BAD: Record<string, (session: Values) => void> = {
  'a BigInt': (session) => (session.cart = 1n),
  'a BigInt in a list': (session) => (session.cart = [{ id: 1n }]),
  'a circular value': (session) => (session.cart = circular()),
  'a toJSON that throws': (session) => (session.cart = { toJSON: refuse }),
  'a getter that throws': (session) =>
    (session.cart = Object.defineProperty({}, 'x', { get: refuse, enumerable: true })),
  'a key that throws when it is read': (session) =>
    void Object.defineProperty(session, 'cart', { get: refuse, enumerable: true, configurable: true }),
  'a list nested 20,000 deep': (session) => (session.cart = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000))),
};

@Controller('bad')
class BadController {
  constructor(
    private readonly login: LoginManagerService,
    private readonly users: TestUsers,
  ) {}

  @Get('answers/:way')
  answer(@Req() req: Request, @Res() res: Response, @Param('way') way: string, @Query('value') value: string): unknown {
    BAD[value]?.(held(req));
    switch (way) {
      case 'json':
        return res.json({ done: true });
      case 'send':
        return res.set('Content-Length', '4').send('done');
      case 'end':
        return res.type('text').end('done');
      case 'redirect':
        return res.redirect('/elsewhere');
      case 'status':
        return res.sendStatus(204);
      case 'save':
        return held(req).save((error) => res.json({ saved: !error }));
      case 'save without a callback':
        held(req).save();
        return res.json({ done: true });
      case 'save and forget the error':
        return held(req).save(() => setImmediate(() => res.json({ done: true })));
      case 'pipe':
        return Readable.from(['do', 'ne']).pipe(res);
      default:
        return res.status(200).write('do', () => res.end('ne'));
    }
  }

  @Get('returns')
  back(@Req() req: Request, @Query('value') value: string): object {
    BAD[value]?.(held(req));
    return { done: true };
  }

  @Get('throws')
  fail(@Req() req: Request, @Query('value') value: string): never {
    BAD[value]?.(held(req));
    throw new Error('for another reason');
  }

  @Get('streams')
  stream(@Req() req: Request, @Query('value') value: string): StreamableFile {
    BAD[value]?.(held(req));
    return new StreamableFile(Readable.from([Buffer.from('done')]));
  }

  @Post('then/:action')
  async act(@Req() req: Request, @Param('action') action: string, @Query('value') value: string): Promise<object> {
    BAD[value]?.(held(req));
    const ada = this.users.table.get('ada') as object;
    if (action === 'login') return { ok: await this.login.loginUser(req, ada) };
    if (action === 'confirm') return { ok: await this.login.confirmLogin(req) };
    return { ok: await this.login.logoutUser(req) };
  }

  @Get('dropped')
  drop(@Req() req: Request): object {
    Object.assign(held(req), { run: refuse, mark: Symbol('mark'), none: undefined, kept: [refuse, 1], colour: 'red' });
    return { done: true };
  }
}

/** Responses that have not begun when the value is found. */
const REPLACED = ['json', 'send', 'end', 'redirect', 'status', 'save without a callback', 'save and forget the error'];
/** Responses with a head that was sent by then. */
const STREAMED = ['answers/pipe', 'answers/write', 'streams'];

const CASES = STORAGES.filter(({ servers }) => !servers.length);

describe.each(CASES)('on $name,', ({ make }) => {
  let made: TestStorage;
  let app: TestApp;
  let log: LogBook;
  let watch: ProcessWatch;
  let stranger: Browser;
  let visitor: Browser;
  let ada: Browser;

  beforeEach(async () => {
    made = await make();
    log = new LogBook();
    watch = watchProcess();
    app = await startTestApp({
      storage: made.storage,
      controllers: [BadController],
      login: { session: { keepOnLogin: ['cart'] } },
      setup: (nest: NestExpressApplication) => nest.useLogger(log),
    });
    [stranger, visitor, ada] = [app.browser(), app.browser(), app.browser()];
    await visitor.get('/set?colour=red');
    await ada.post('/login/ada');
    await ada.get('/set?colour=blue');
    log.lines.length = 0;
  });
  afterEach(async () => {
    await app.close();
    await made.close();
    watch.stop();
    expect(watch.uncaught).toEqual([]);
  });

  /** Expects that no visitor lost a value or a login, and that no browser has the cookie of a missing session. */
  async function expectUnharmed(): Promise<void> {
    expect((await ada.get('/fresh')).status).toBe(200);
    expect((await ada.get('/values')).json).toEqual({ colour: 'blue' });
    expect((await visitor.get('/values')).json).toEqual({ colour: 'red' });
    expect([...stranger.jar.keys()]).toEqual([]);
    expect(await made.records()).toBe(1);
  }

  describe.each(Object.keys(BAD))('%s in the session', (value) => {
    const query = `?value=${encodeURIComponent(value)}`;
    const browsers = (): Browser[] => [stranger, visitor, ada];

    it.each([...REPLACED.map((way) => `answers/${encodeURIComponent(way)}`), 'returns'])(
      'leads to a 500, and the log names its key: %s',
      async (route) => {
        for (const browser of browsers()) {
          log.lines.length = 0;
          const answer = await browser.get(`/bad/${route}${query}`);
          expect(answer.status).toBe(500);
          expect(answer.json).toEqual({ statusCode: 500, message: 'Internal server error' });
          expect([answer.headers.location, answer.cookies]).toEqual([undefined, []]);
          expect(log.text()).toMatch(/ERR_LOGIN_SESSION_VALUE: The session value "cart" cannot be stored/);
        }
        await expectUnharmed();
      },
    );

    it('leads to a 500 if save() has a callback, and the log names its key', async () => {
      for (const browser of browsers()) {
        const answer = await browser.get(`/bad/answers/save${query}`);
        // The value is still there at the end of the response.
        expect(answer.status).toBe(500);
        expect(log.text()).toContain('The session value "cart"');
      }
      await expectUnharmed();
    });

    it('does not hide the error of a handler from the log', async () => {
      for (const browser of browsers()) expect((await browser.get(`/bad/throws${query}`)).status).toBe(500);
      expect(log.text()).toContain('for another reason');
      expect(log.text()).toContain('The session value "cart"');
      await expectUnharmed();
    });

    it.each(STREAMED)('is logged if the head was sent before, and the body is complete: %s', async (route) => {
      for (const browser of browsers()) {
        log.lines.length = 0;
        const answer = await browser.get(`/bad/${route}${query}`);
        expect([answer.status, answer.text, answer.cookies]).toEqual([200, 'done', []]);
        expect(log.text()).toMatch(/The answer had begun.*The session value "cart" cannot be stored/s);
      }
      await expectUnharmed();
    });

    it('prevents a login that would keep it, and leaves the sessions and logins as they are', async () => {
      for (const browser of browsers()) {
        const answer = await browser.post(`/bad/then/login${query}`);
        expect([answer.status, answer.cookies]).toEqual([500, []]);
        expect(log.text()).toContain('The session value "cart"');
      }
      await expectUnharmed();
    });

    it('makes a confirmation fail, and the browser keeps its login', async () => {
      expect((await stranger.post(`/bad/then/confirm${query}`)).status).toBe(500);
      expect((await ada.post(`/bad/then/confirm${query}`)).status).toBe(500);
      await expectUnharmed();
    });

    it('prevents no logout', async () => {
      for (const browser of browsers()) expect((await browser.post(`/bad/then/logout${query}`)).status).toBe(201);
      expect([stranger, visitor, ada].map(({ jar }) => jar.size)).toEqual([0, 0, 0]);
      expect(await made.records()).toBe(0);
    });
  });

  it('functions and symbols are dropped as JSON drops them', async () => {
    for (const browser of [stranger, visitor, ada]) {
      expect((await browser.get('/bad/dropped')).status).toBe(200);
      expect((await browser.get('/values')).json).toEqual({ colour: 'red', kept: [null, 1] });
    }
    expect(log.text()).toBe('');
  });
});
