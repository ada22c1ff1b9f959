/** Touches `req.session` in any place of an application, and records the values there and in the next request. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Browser } from './browser-client.js';
import type { TestApp } from './test-app.js';

/** The visitor before the request that touches the session, and the stored values by then. */
export interface Visitor {
  readonly arrive: (browser: Browser) => Promise<unknown>;
  readonly earlier: Readonly<Record<string, string>>;
  /** the session cookie that the browser holds after the touch */
  readonly cookie: string;
}

/** The visitors that every place is tried with. */
export const VISITORS: readonly (readonly [string, Visitor])[] = [
  ['a stranger', { arrive: async () => undefined, earlier: {}, cookie: 'session-anonymous' }],
  [
    'an anonymous visitor with a session',
    { arrive: (browser) => browser.get('/set?earlier=1'), earlier: { earlier: '1' }, cookie: 'session-anonymous' },
  ],
  [
    'a user',
    {
      arrive: async (browser) => {
        await browser.post('/login/ada');
        await browser.get('/set?earlier=1');
      },
      earlier: { earlier: '1' },
      cookie: 'session',
    },
  ],
];

/** The value that `touch` writes. */
const MARK = 'written here';

/** Records the values at each touch of the session. */
export class TouchBook {
  readonly seen: object[] = [];

  /** Reads the session of a request that a test has sent by `visit`, and writes one value into it. */
  readonly touch = (request: object): void => {
    const { headers } = request as { readonly headers: IncomingHttpHeaders };
    // The other requests of a test are not to be disturbed.
    if (headers['x-touch'] === undefined) return;
    const { session } = request as { readonly session: Record<string, unknown> };
    const { cookie: _cookie, ...values } = session;
    this.seen.push(values);
    session.mark = MARK;
  };

  /** The same as a middleware of Express. */
  readonly middleware = (request: object, _response: unknown, next: () => void): void => {
    this.touch(request);
    next();
  };
}

/** Expects that a visitor's stored values are seen in a place, and that the value written there comes back. */
export async function expectTouch(app: TestApp, book: TouchBook, visit: { path: string; visitor: Visitor }) {
  const { path, visitor } = visit;
  const browser = app.browser();
  await visitor.arrive(browser);
  book.seen.length = 0;
  await browser.get(path, { headers: { 'x-touch': '1' } });

  expect(book.seen).toEqual([visitor.earlier]);
  expect((await browser.get('/values')).json).toEqual({ ...visitor.earlier, mark: MARK });
  expect([...browser.jar.keys()]).toEqual([visitor.cookie]);
}
