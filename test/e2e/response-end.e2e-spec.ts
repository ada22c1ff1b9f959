/** The end of a response waits for the store. Neither a second response nor a client that hangs up disturbs it. */
import { once } from 'node:events';
import { request as send } from 'node:http';
import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { memoryStorage } from 'nestjs-login';
import type { Browser } from '../support/browser-client.js';
import { CountingStorage, fails } from '../support/counting-storage.js';
import { LogBook } from '../support/log-book.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

type SessionRequest = Request & { session: Request['session'] & Record<string, unknown> };

const inner = memoryStorage();
const storage = new CountingStorage(inner);
const log = new LogBook();

/** Holds store calls until the test lets them go. */
class Gate {
  #open: () => void = () => undefined;
  #arrived: () => void = () => undefined;
  readonly opened = new Promise<void>((resolve) => (this.#open = resolve));
  readonly reached = new Promise<void>((resolve) => (this.#arrived = resolve));

  close(...methods: Parameters<CountingStorage['disturb']> extends [unknown, ...infer Rest] ? Rest : never): void {
    const before = (): Promise<void> => {
      this.#arrived();
      return this.opened;
    };
    storage.disturb({ before }, ...methods);
  }

  open(): void {
    storage.recover();
    this.#open();
  }
}

/** Calls of a handler after it has sent its response. */
const SECOND: Record<string, (res: Response) => void> = {
  'res.json()': (res) => res.status(500).cookie('late', '1').set('X-Late', '1').json({ answer: 'second' }),
  'res.redirect()': (res) => res.redirect('/elsewhere'),
  'res.end()': (res) => res.end('second'),
  'res.writeHead()': (res) => res.writeHead(500, { 'X-Late': '1' }).end('second'),
  'res.write()': (res) => res.write('second'),
  'res.flushHeaders()': (res) => res.status(500).flushHeaders(),
  'res.removeHeader()': (res) => res.removeHeader('X-Own'),
  'an error': () => {
    throw new Error('after the answer');
  },
};

@Controller('ends')
class Ends {
  static gate = new Gate();
  static handled = 0;

  @Post('twice/:second')
  twice(@Req() req: SessionRequest, @Res() res: Response): void {
    req.session.written = 'in time';
    res.status(202).cookie('own', '1').set('X-Own', '1').json({ answer: 'first' });
    try {
      SECOND[req.params.second as string]?.(res);
    } finally {
      setImmediate(() => Ends.gate.open());
    }
  }

  @Get('counts')
  counts(): object {
    Ends.handled += 1;
    return {};
  }

  @Post('cyclic')
  cyclic(@Req() req: SessionRequest, @Res() res: Response): void {
    req.session.cyclic = req.session;
    res.set('ETag', '"x"').type('text/csv').send('a,b');
  }

  @Post('fine')
  fine(@Req() req: SessionRequest, @Res() res: Response): void {
    req.session.written = 'in time';
    res.statusMessage = 'Fine';
    res.set('X-Own', '1').type('text/csv').send('a,b');
  }

  @Post('saves')
  saves(@Req() req: SessionRequest): object {
    req.session.written = 'in time';
    return { answer: 'first' };
  }
}

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({
    storage,
    login: { storeTimeout: '60s' },
    controllers: [Ends],
    setup: (nest) => nest.useLogger(log),
  });
});
afterEach(() => storage.recover());
afterAll(async () => {
  await app.close();
  inner.close();
});

const VISITORS: [string, 'sessions.set' | 'logins.saveValues', (browser: Browser) => Promise<unknown>][] = [
  ['a stranger', 'sessions.set', async () => undefined],
  ['a user', 'logins.saveValues', (browser) => browser.post('/login/ada')],
];

describe.each(VISITORS)('while the session of %s is being saved,', (_, save, arrive) => {
  it.each(Object.keys(SECOND))(
    '%s changes nothing of the response that the handler has sent before',
    async (second) => {
      const browser = app.browser();
      await arrive(browser);
      Ends.gate = new Gate();
      Ends.gate.close(save);

      const answer = await browser.post(`/ends/twice/${encodeURIComponent(second)}`);
      expect([answer.status, answer.json]).toEqual([202, { answer: 'first' }]);
      expect([answer.headers['x-own'], answer.headers['x-late']]).toEqual(['1', undefined]);
      expect([browser.jar.get('own'), browser.jar.has('late')]).toEqual(['1', false]);
      expect((await browser.get('/values')).json).toEqual({ written: 'in time' });
    },
  );

  it('the client gets nothing before the session is saved', async () => {
    const browser = app.browser();
    await arrive(browser);
    const gate = new Gate();
    gate.close(save);
    let isAnswered = false;
    const answering = browser.post('/ends/saves').then((answer) => {
      isAnswered = true;
      return answer;
    });

    await gate.reached;
    await app.browser().get('/public');
    expect(isAnswered).toBe(false);
    gate.open();
    expect((await answering).json).toEqual({ answer: 'first' });
  });

  it('a failing store turns the response into a 503 that sets no cookie', async () => {
    const browser = app.browser();
    await arrive(browser);
    storage.disturb(fails, save);
    const answer = await browser.post('/ends/saves');
    expect([answer.status, answer.cookies]).toEqual([503, []]);
    expect(answer.json).toEqual(expect.objectContaining({ code: 'ERR_LOGIN_UNAVAILABLE' }));
  });

  it('a failing store resets the status text and content type of the response', async () => {
    const browser = app.browser();
    await arrive(browser);
    storage.disturb(fails, save);
    const answer = await fetch(`${app.origin}/ends/fine`, {
      method: 'POST',
      headers: { cookie: browser.cookieHeader() },
    });
    expect([answer.status, answer.statusText]).toEqual([503, 'Service Unavailable']);
    expect([answer.headers.get('content-type'), answer.headers.get('x-own')]).toEqual([
      'application/json; charset=utf-8',
      '1',
    ]);
  });

  it('a value that cannot be stored turns the response into a 500 without its headers', async () => {
    const browser = app.browser();
    await arrive(browser);
    const answer = await browser.post('/ends/cyclic');
    expect([answer.status, answer.cookies]).toEqual([500, []]);
    expect([answer.headers.etag, answer.headers['content-type']]).not.toContain('"x"');
    expect(answer.json).toEqual(expect.objectContaining({ statusCode: 500 }));
    expect(log.text()).toContain('ERR_LOGIN_SESSION_VALUE: The session value "cyclic" cannot be stored');
  });
});

describe('a client that hangs up while its session is being read', () => {
  /** Sends a request, and hangs up once the store is asked. */
  async function hangUp(browser: Browser, gate: Gate, method: string): Promise<void> {
    const { hostname, port } = new URL(app.origin);
    const headers = { cookie: browser.cookieHeader(), 'content-length': method === 'POST' ? '100' : '0' };
    const request = send({ hostname, port, path: '/ends/counts', method, headers, agent: false });
    request.once('error', () => undefined);
    if (method === 'POST') request.write('{');
    else request.end();

    const [socket] = (await Promise.all([once(app.app.getHttpServer(), 'connection'), gate.reached])).flat();
    const closed = new Promise((resolve) => (socket as NodeJS.EventEmitter).once('close', resolve));
    request.destroy();
    await closed;
  }

  it.each(['GET', 'POST'])('by %s reaches no handler, and leaves no store call behind', async (method) => {
    const browser = app.browser();
    await browser.post('/login/ada');
    Ends.handled = 0;
    const gate = new Gate();
    gate.close('logins.find');
    await hangUp(browser, gate, method);

    gate.open();
    // The next request finds the store free, and is answered after the lost one would have been.
    expect((await browser.get('/protected')).status).toBe(200);
    expect([Ends.handled, storage.underWay]).toEqual([0, 0]);
  });
});
