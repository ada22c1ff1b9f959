/** The first touch of `req.session` inside a wrapper that middleware puts around `res.end` or `res.writeHead`. */
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { Controller, Get, Redirect, Res, StreamableFile } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { expectTouch, TouchBook, VISITORS } from '../support/touch-book.js';

type Method = (...args: unknown[]) => unknown;

const book = new TouchBook();

/** Calls `before` in front of a method of one response, once, as on-headers does. */
function wrap(res: Response, name: 'end' | 'writeHead', before: () => void): void {
  const holder = res as unknown as Record<string, Method>;
  const inner = holder[name] as Method;
  let isCalled = false;
  holder[name] = function wrapped(this: unknown, ...args: unknown[]) {
    if (!isCalled) before();
    isCalled = true;
    return inner.apply(this, args);
  };
}

const touchIn =
  (name: 'end' | 'writeHead') =>
  (req: Request, res: Response, next: NextFunction): void => {
    wrap(res, name, () => book.touch(req));
    next();
  };

/** Holds the body back, and sends the head itself at the end of the response, as the package compression does. */
function compress(req: Request, res: Response, next: NextFunction): void {
  const holder = res as unknown as { end: Method; _implicitHeader(): void };
  const inner = holder.end.bind(res);
  wrap(res, 'writeHead', () => {
    book.touch(req);
    res.setHeader('Content-Encoding', 'gzip');
    res.removeHeader('Content-Length');
  });
  holder.end = (chunk) => {
    holder._implicitHeader();
    return inner(gzipSync((chunk as string | Buffer | undefined) ?? ''));
  };
  next();
}

@Controller(['in-end', 'in-head'])
class Answers {
  @Get('json')
  json(): object {
    return { ok: true };
  }

  @Get('bare')
  bare(@Res() res: Response): void {
    res.end('ok');
  }

  @Get('empty')
  empty(@Res() res: Response): void {
    res.status(204).end();
  }

  @Get('redirect')
  @Redirect('/public')
  redirect(): void {
    return undefined;
  }

  @Get('head-first')
  headFirst(@Res() res: Response): void {
    res.writeHead(200, { 'Content-Type': 'text/plain' });
    res.end('ok');
  }

  @Get('written')
  written(@Res() res: Response): void {
    res.write('one ');
    res.end('two');
  }

  @Get('file')
  file(): StreamableFile {
    return new StreamableFile(Readable.from(['one ', 'two']));
  }
}

@Controller('compressed')
class Compressed {
  @Get()
  page(): string {
    return 'page';
  }
}

function mount(nest: NestExpressApplication): void {
  nest.use('/in-end', touchIn('end'));
  nest.use('/in-head', touchIn('writeHead'));
  nest.use('/compressed', compress);
}

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ controllers: [Answers, Compressed], setup: mount });
});
afterAll(() => app.close());

const UNSENT = ['json', 'bare', 'empty', 'redirect'];
const SENT = ['head-first', 'written', 'file'];

describe.each(UNSENT)('in a wrapper of res.end (response: %s),', (answer) => {
  it.each(VISITORS)('%s finds the stored values, and a new value is stored', (_, visitor) =>
    expectTouch(app, book, { path: `/in-end/${answer}`, visitor }),
  );
});

describe.each(SENT)('in a wrapper of res.end, after the head was sent (response: %s),', (answer) => {
  it.each(VISITORS.slice(1))('%s finds the stored values, and a new value is stored', (_, visitor) =>
    expectTouch(app, book, { path: `/in-end/${answer}`, visitor }),
  );

  it('a stranger gets no stored session, because no cookie could name it', async () => {
    const browser = app.browser();
    book.seen.length = 0;
    const { size } = app.storage.sessions;
    const { status, cookies } = await browser.get(`/in-end/${answer}`, { headers: { 'x-touch': '1' } });
    expect([status, cookies, book.seen]).toEqual([200, [], [{}]]);
    expect(app.storage.sessions.size).toBe(size);
  });
});

describe.each([...UNSENT, ...SENT])('in a wrapper of res.writeHead (response: %s),', (answer) => {
  it.each(VISITORS)('%s finds the stored values, and a new value is stored', (_, visitor) =>
    expectTouch(app, book, { path: `/in-head/${answer}`, visitor }),
  );
});

describe('under a middleware that compresses,', () => {
  it.each(VISITORS)('%s finds the stored values, and a new value is stored', (_, visitor) =>
    expectTouch(app, book, { path: '/compressed', visitor }),
  );
});
