/** The first touch of `req.session` after the head was sent. A known session is saved, and a new one is not. */
import { Readable } from 'node:stream';
import { setImmediate as tick } from 'node:timers/promises';
import { Controller, Get, Req, Res, Sse, StreamableFile } from '@nestjs/common';
import type { MessageEvent } from '@nestjs/common';
import type { Request, Response } from 'express';
import { LoginManagerService, memoryStorage } from 'nestjs-login';
import { concat, defer, of } from 'rxjs';
import type { Observable } from 'rxjs';
import { LogBook } from '../support/log-book.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { expectTouch, TouchBook, VISITORS } from '../support/touch-book.js';
import { TestUsers } from '../support/users.js';

const book = new TouchBook();
const inner = memoryStorage();
const log = new LogBook();

@Controller('stream')
class Streams {
  constructor(
    private readonly login: LoginManagerService,
    private readonly users: TestUsers,
  ) {}

  @Get('written')
  async written(@Req() req: Request, @Res() res: Response): Promise<void> {
    res.write('one ');
    await tick();
    book.touch(req);
    res.end('two');
  }

  @Get('flushed')
  flushed(@Req() req: Request, @Res() res: Response): void {
    res.flushHeaders();
    book.touch(req);
    res.end('two');
  }

  @Get('file')
  file(@Req() req: Request): StreamableFile {
    async function* parts(): AsyncGenerator<string> {
      yield 'one ';
      while (!req.res?.headersSent) await tick();
      book.touch(req);
      yield 'two';
    }
    return new StreamableFile(Readable.from(parts()));
  }

  @Sse('events')
  events(@Req() req: Request): Observable<MessageEvent> {
    const late = defer(() => {
      book.touch(req);
      return of({ data: 'two' });
    });
    return concat(of({ data: 'one' }), late);
  }

  @Get('login')
  async logIn(@Req() req: Request, @Res() res: Response): Promise<void> {
    res.write('one ');
    const outcome = this.login.loginUser(req, this.users.table.get('ada') as object);
    res.end(await outcome.then(String, (error: Error) => error.message));
  }
}

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ storage: inner, controllers: [Streams], setup: (nest) => nest.useLogger(log) });
});
afterAll(async () => {
  await app.close();
  inner.close();
});

const WAYS = ['written', 'flushed', 'file', 'events'];
const WARNING = 'A new session was written and could not be kept.';

describe.each(WAYS)('after the head of a stream was sent (%s),', (way) => {
  it.each(VISITORS.slice(1))('the stored values of %s are seen, and a new value is stored', (_, visitor) =>
    expectTouch(app, book, { path: `/stream/${way}`, visitor }),
  );

  it('a stranger has a session for this request only: no cookie, no row', async () => {
    const browser = app.browser();
    const { size } = inner.sessions;
    book.seen.length = 0;
    const { status, cookies } = await browser.get(`/stream/${way}`, { headers: { 'x-touch': '1' } });
    expect([status, cookies, book.seen]).toEqual([200, [], [{}]]);
    expect([inner.sessions.size, (await browser.get('/values')).json]).toEqual([size, {}]);
  });
});

it('a session that cannot be stored after the head is logged once, with the remedy', async () => {
  for (let visit = 0; visit < 3; visit += 1)
    await app.browser().get('/stream/written', { headers: { 'x-touch': '1' } });
  const told = log.lines.filter((line) => line.includes(WARNING));
  expect(told).toEqual([
    expect.stringContaining('Log in, and write the first session value, before the handler writes'),
  ]);
});

it('a login after the head was sent is refused, and leaves no record', async () => {
  const { size } = inner.logins;
  const { text, cookies } = await app.browser().get('/stream/login');
  expect(text).toContain('ERR_LOGIN_HEADERS_SENT');
  expect([cookies, inner.logins.size]).toEqual([[], size]);
});
