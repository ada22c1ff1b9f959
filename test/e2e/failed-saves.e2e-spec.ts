/** A store that fails while it saves a session leads to a 503 or a log line, and never to a 200 with lost values. */
import { Readable } from 'node:stream';
import { Controller, Get, Param, Post, Req, Res, StreamableFile } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request, Response } from 'express';
import { LoginManagerService, memoryStorage, UnauthorizedHandler } from 'nestjs-login';
import type { MemoryStorage } from 'nestjs-login';
import type { Browser } from '../support/browser-client.js';
import { CountingStorage, fails, hangs } from '../support/counting-storage.js';
import type { Disturbance, StorageMethod } from '../support/counting-storage.js';
import { LogBook } from '../support/log-book.js';
import { watchProcess } from '../support/process-watch.js';
import type { ProcessWatch } from '../support/process-watch.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

type Call = (done?: (error?: unknown) => void) => void;
type Values = Record<string, unknown> & { save: Call; reload: Call; destroy: Call };

const SAVES: readonly StorageMethod[] = ['sessions.set', 'logins.saveValues'];
const FULL: Disturbance = {
  before: () => {
    throw new Error("OOM command not allowed when used memory > 'maxmemory'");
  },
};
const held = (req: Request): Values => (req as unknown as { session: Values }).session;
const settled = (session: Values, method: 'save' | 'reload' | 'destroy'): Promise<string> =>
  new Promise((resolve) => session[method]((error) => resolve(error instanceof Error ? error.message : 'done')));

const inner: MemoryStorage = memoryStorage();
const storage = new CountingStorage(inner);

@Controller('saves')
class SavesController {
  constructor(
    private readonly login: LoginManagerService,
    private readonly users: TestUsers,
  ) {}

  @Get('answers/:way')
  answer(@Req() req: Request, @Res() res: Response, @Param('way') way: string): unknown {
    held(req).cart = 'new';
    switch (way) {
      case 'json':
        return res.json({ done: true });
      case 'redirect':
        return res.redirect('/elsewhere');
      case 'cached':
        return res.set('Cache-Control', 'private, max-age=60').type('text').send('done');
      case 'download':
        return res.attachment('all.csv').send('done');
      default:
        return Readable.from(['do', 'ne']).pipe(res);
    }
  }

  @Get('returns')
  back(@Req() req: Request): object {
    held(req).cart = 'new';
    return { done: true };
  }

  @Get('streams')
  stream(@Req() req: Request): StreamableFile {
    held(req).cart = 'new';
    return new StreamableFile(Readable.from([Buffer.from('done')]));
  }

  @Get('saves')
  async save(@Req() req: Request): Promise<object> {
    held(req).cart = 'new';
    return { told: await settled(held(req), 'save') };
  }

  /** Saves while the store is down, and answers once it is there again. */
  @Get('saves-too-early')
  async saveTooEarly(@Req() req: Request): Promise<object> {
    held(req).cart = 'new';
    storage.disturb(fails, ...SAVES);
    const told = await settled(held(req), 'save');
    storage.recover();
    return { told };
  }

  @Get('twice')
  twice(@Req() req: Request, @Res() res: Response): void {
    held(req).cart = 'new';
    res.status(202).json({ answer: 'first' });
    res.status(500).set('X-Second', 'yes').json({ answer: 'second' });
  }

  @Post('saves-then/:action')
  async saveThen(@Req() req: Request, @Param('action') action: string): Promise<object> {
    held(req).cart = 'new';
    await settled(held(req), 'save');
    if (action === 'login') await this.login.loginUser(req, this.users.table.get('ada') as object);
    else await this.login.logoutUser(req);
    return {};
  }

  @Get('at-once')
  async atOnce(@Req() req: Request): Promise<object> {
    const session = held(req);
    return { told: await Promise.all([settled(session, 'reload'), settled(session, 'destroy')]) };
  }
}

class Refusals {
  /** Answers every refusal itself, and notes it in the session. */
  @UnauthorizedHandler()
  refuse(req: Request, res: Response): void {
    held(req).refused = true;
    res.status(418).send('Please log in first.');
  }
}

let app: TestApp;
let log: LogBook;
let watch: ProcessWatch;
let stranger: Browser;
let visitor: Browser;
let ada: Browser;

beforeAll(async () => {
  log = new LogBook();
  app = await startTestApp({
    storage,
    controllers: [SavesController],
    providers: [Refusals],
    login: { storeTimeout: 50, loginView: '/login' },
    setup: (nest: NestExpressApplication) => nest.useLogger(log),
  });
});
afterAll(async () => {
  await app.close();
  inner.close();
});
beforeEach(async () => {
  watch = watchProcess();
  [stranger, visitor, ada] = [app.browser(), app.browser(), app.browser()];
  await visitor.get('/set?cart=old');
  await ada.post('/login/ada');
  await ada.get('/set?cart=old');
  log.lines.length = 0;
});
afterEach(async () => {
  storage.recover();
  await app.login.logoutEverywhere('ada');
  watch.stop();
  expect(watch.uncaught).toEqual([]);
});

const cartOf = async (browser: Browser): Promise<unknown> =>
  ((await browser.get('/values')).json as { cart?: unknown }).cart ?? null;

describe.each<[string, Disturbance]>([
  ['is down', fails],
  ['is full', FULL],
  ['does not answer', hangs],
])('while the store %s, a value that a handler writes', (_case, disturbance) => {
  /** No browser holds a cookie that names nothing, and no visitor has lost a value. */
  async function expectUnharmed(): Promise<void> {
    storage.recover();
    expect([...stranger.jar.keys()]).toEqual([]);
    expect([await cartOf(visitor), await cartOf(ada)]).toEqual(['old', 'old']);
    expect((await ada.get('/fresh')).status).toBe(200);
  }

  it.each(['returns', 'answers/json', 'answers/redirect', 'answers/cached', 'answers/download', 'saves'])(
    'is answered 503: %s',
    async (route) => {
      storage.disturb(disturbance, ...SAVES);
      const rows = inner.sessions.size;
      for (const browser of [stranger, visitor, ada]) {
        log.lines.length = 0;
        const { status, json, headers, cookies } = await browser.get(`/saves/${route}`);
        expect([status, json]).toMatchObject([503, { code: 'ERR_LOGIN_UNAVAILABLE' }]);
        expect(headers).toMatchObject({ 'retry-after': '1', 'cache-control': 'no-store' });
        expect([headers.location, headers['content-disposition'], cookies]).toEqual([undefined, undefined, []]);
        expect(log.text()).toContain('The store failed');
      }
      await expectUnharmed();
      expect(inner.sessions.size).toBe(rows);
    },
  );

  it.each(['streams', 'answers/pipe'])('is told to the log where the head has gone out: %s', async (route) => {
    storage.disturb(disturbance, ...SAVES);
    for (const browser of [visitor, ada]) {
      log.lines.length = 0;
      const answer = await browser.get(`/saves/${route}`);
      expect([answer.status, answer.text, answer.cookies]).toEqual([200, 'done', []]);
      expect(log.text()).toContain('The answer had begun when its session values could not be stored');
    }
    await expectUnharmed();
  });
});

describe('a session that is saved', () => {
  it('after a save that failed is stored with its cookie', async () => {
    for (const browser of [stranger, visitor, ada]) {
      const answer = await browser.get('/saves/saves-too-early');
      expect([answer.status, answer.json]).toEqual([200, { told: expect.stringContaining('Try again') }]);
      expect(await cartOf(browser)).toBe('new');
    }
  });

  it('before the answer is sent once, with its cookie', async () => {
    storage.reset();
    expect((await stranger.get('/saves/saves')).json).toEqual({ told: 'done' });
    expect(storage.count('sessions.set')).toBe(1);
    expect(await cartOf(stranger)).toBe('new');
  });

  it.each(['login', 'logout'])('before a %s leaves no row behind', async (action) => {
    const rows = inner.sessions.size;
    await stranger.post(`/saves/saves-then/${action}`);
    expect(inner.sessions.size).toBe(rows);
  });

  it('while a handler answers a second time goes out with the first answer', async () => {
    for (const browser of [stranger, visitor, ada]) {
      const answer = await browser.get('/saves/twice');
      expect([answer.status, answer.json, answer.headers['x-second']]).toEqual([202, { answer: 'first' }, undefined]);
    }
  });

  it("while the application's own handler refuses goes out with the refusal, and with no message", async () => {
    const answer = await stranger.get('/protected');
    expect([answer.status, answer.text, answer.headers.location]).toEqual([418, 'Please log in first.', undefined]);
    expect([...stranger.jar.keys()]).toEqual(['session-anonymous']);
    expect((await stranger.get('/flashes')).json).toEqual([]);
  });

  it('and destroyed and reloaded at once is answered, and gone', async () => {
    for (const browser of [stranger, visitor, ada]) {
      const answer = await browser.get('/saves/at-once');
      expect([answer.status, (answer.json as { told: unknown[] }).told]).toEqual([
        200,
        expect.arrayContaining(['done']),
      ]);
      expect(await cartOf(browser)).toBeNull();
    }
    expect((await ada.get('/protected')).status).toBe(418);
  });
});
