/** The private facts of Express 5 that lib/express stands on: a new version that breaks one fails here first. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';
import express, { Router } from 'express';
import type { ErrorRequestHandler, Express, NextFunction, Request, RequestHandler, Response } from 'express';
import { askOnce } from '../support/ask-once.js';

/** The list of middleware, which the types of Express do not know. */
interface Layer {
  readonly name: string;
  readonly handle: unknown;
}

const stackOf = (app: Express): Layer[] => (app as unknown as { router: { stack: Layer[] } }).router.stack;

const prototypeOf = (value: object): object => Object.getPrototypeOf(value) as object;

/** A middleware that notes that it ran. */
const noting =
  (book: string[], name: string): RequestHandler =>
  (_req, _res, next) => {
    book.push(name);
    next();
  };

const end: RequestHandler = (_req, res) => void res.end();

/** Returns the prototypes of request and response at the moment that a middleware runs. */
function prototypeBook(): { seen: object[][]; look: RequestHandler } {
  const seen: object[][] = [];
  const look: RequestHandler = (req, res, next) => {
    seen.push([prototypeOf(req), prototypeOf(res)]);
    next();
  };
  return { seen, look };
}

describe('the list of middleware at app.router.stack', () => {
  it('is there before anything is mounted, and stays the same list', () => {
    const app = express();
    const stack = stackOf(app);

    app.use(end);
    expect(stackOf(app)).toBe(stack);
  });

  it('holds each middleware itself at "handle", the latest last, and its name at "name"', () => {
    const app = express();
    function session(): void {}
    function later(): void {}

    app.use(session).use(later);
    expect(stackOf(app).map(({ name }) => name)).toEqual(['session', 'later']);
    expect(stackOf(app)[0]?.handle).toBe(session);
    expect(stackOf(app)[1]?.handle).toBe(later);
  });

  it('is the order of a request: a layer that was moved to the front runs first', async () => {
    const [app, book] = [express(), [] as string[]];
    app.use(noting(book, 'first')).use(noting(book, 'second'), noting(book, 'third'));

    const stack = stackOf(app);
    stack.unshift(...stack.splice(-1));
    await askOnce(app.use(end));
    expect(book).toEqual(['third', 'first', 'second']);
  });

  it('is asked anew for every request: a layer that was taken out runs no more', async () => {
    const [app, book] = [express(), [] as string[]];
    app.use(noting(book, 'first')).use(noting(book, 'second')).use(end);

    await askOnce(app);
    stackOf(app).splice(0, 1);
    await askOnce(app);
    expect(book).toEqual(['first', 'second', 'second']);
  });
});

describe('the prototypes app.request and app.response', () => {
  it('belong to one application, and inherit from one for all applications', () => {
    const [one, other] = [express(), express()];

    expect(one.request).not.toBe(other.request);
    expect(one.response).not.toBe(other.response);
    expect([prototypeOf(one.request), prototypeOf(one.response)]).toEqual([express.request, express.response]);
    expect(prototypeOf(one.request)).toBe(prototypeOf(other.request));
    expect(prototypeOf(one.response)).toBe(prototypeOf(other.response));
  });

  it('are put below every request and its response', async () => {
    const [app, { seen, look }] = [express(), prototypeBook()];

    await askOnce(app.use(look).use(end));
    expect(seen).toEqual([[app.request, app.response]]);
    expect(seen[0]?.[0]).toBe(app.request);
  });

  it('give way to those of a mounted application, and come back behind it', async () => {
    const [app, sub, { seen, look }] = [express(), express(), prototypeBook()];
    app.use(sub.use(look)).use(look, end);

    await askOnce(app);
    expect(seen.map(([request]) => request === sub.request)).toEqual([true, false]);
    expect(seen.map(([, response]) => response === app.response)).toEqual([false, true]);
    expect(prototypeOf(sub.request)).toBe(app.request);
    expect(prototypeOf(sub.response)).toBe(app.response);
  });

  it('are not below an application inside of a router: the shared ones alone are', async () => {
    const [app, sub, { seen, look }] = [express(), express(), prototypeBook()];
    app.use(Router().use(sub.use(look, end)));

    await askOnce(app);
    expect(seen[0]?.[0]).toBe(sub.request);
    expect(prototypeOf(sub.request)).toBe(express.request);
    expect(prototypeOf(sub.response)).toBe(express.response);
  });

  it('are others in another copy of Express, which puts its own below a request', async () => {
    jest.resetModules();
    const copy = createRequire(fileURLToPath(import.meta.url))('express') as typeof express;
    const [app, sub, { seen, look }] = [express(), copy(), prototypeBook()];

    await askOnce(app.use(sub.use(look, end)));
    expect(copy.request).not.toBe(express.request);
    expect(seen[0]?.[0]).toBe(sub.request);
  });
});

describe('Express', () => {
  it('puts the response at the request itself, and the request at the response, before the first middleware', async () => {
    const found: unknown[] = [];
    const look: RequestHandler = (req, res, next) => {
      const copy = { ...req };
      found.push(req.res === res, res.req === req, copy.res === res, Object.hasOwn(res, 'req'));
      next();
    };

    await askOnce(express().use(look, end));
    expect(found).toEqual([true, true, true, true]);
  });

  it.each<[string, (res: Response) => unknown]>([
    ['send', (res) => res.send('ok')],
    ['json', (res) => res.json({})],
    ['redirect', (res) => res.redirect('/elsewhere')],
    ['sendStatus', (res) => res.sendStatus(204)],
    ['sendFile', (res) => res.sendFile(fileURLToPath(import.meta.url))],
  ])('ends the answer of res.%s() by res.end()', async (_name, answer) => {
    const ends: unknown[] = [];
    const watch: RequestHandler = (_req, res) => {
      const former = res.end.bind(res) as (...args: unknown[]) => Response;
      res.end = ((...args: unknown[]) => {
        ends.push(args);
        return former(...args);
      }) as never;
      answer(res);
    };

    await askOnce(express().use(watch));
    expect(ends).toHaveLength(1);
  });

  it('hands the error of a second next() to the error handlers behind the handler that answered', async () => {
    const nexts: NextFunction[] = [];
    const first: RequestHandler = (_req, _res, next) => {
      nexts.push(next);
      next();
    };
    const answer = (_req: Request, _res: Response): void => nexts[0]?.(new Error('not saved'));
    const handle: ErrorRequestHandler = (error: Error, _req, res, _next) => void res.status(503).end(error.message);

    const app = express().use(first).get('/', answer).use(handle);
    expect(await askOnce(app)).toMatchObject({ status: 503, body: 'not saved' });
  });

  it('returns the setting "trust proxy" as it was given', () => {
    expect([express(), express().set('trust proxy', true)].map((app) => app.get('trust proxy') as unknown)).toEqual([
      false,
      true,
    ]);
  });
});
