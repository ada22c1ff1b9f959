/** The private facts of express-session that lib/session stands on, each by name: a new version that breaks one fails here first. */
import { createServer, get } from 'node:http';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import session from 'express-session';
import type { SessionOptions } from 'express-session';

type Facts = Record<string, unknown>;
type SessionRequest = IncomingMessage & { session: Record<string, unknown> & { cookie: Facts }; sessionID: string };

/** Runs one request through express-session and hands back the answer and what the handler saw. */
async function ask(
  options: Partial<SessionOptions>,
  handle: (request: SessionRequest) => void,
  cookie?: string,
): Promise<{ cookies: string[] }> {
  const run = session({ secret: 'x'.repeat(32), resave: false, saveUninitialized: false, ...options });
  const listener: RequestListener = (request, response) =>
    run(request as never, response as never, () => {
      handle(request as SessionRequest);
      response.end('ok');
    });
  const server = createServer(listener).listen(0, '127.0.0.1');
  try {
    await new Promise((resolve) => server.once('listening', resolve));
    return await new Promise((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      get({ host: '127.0.0.1', port, agent: false, headers: cookie ? { cookie } : {} }, (response) => {
        response.resume();
        response.once('end', () => resolve({ cookies: response.headers['set-cookie'] ?? [] }));
      }).once('error', reject);
    });
  } finally {
    server.close();
  }
}

class Recorder extends session.Store {
  readonly calls: string[] = [];
  found: Facts | null = null;
  onGet: () => void = () => undefined;

  override get(sid: string, callback: (error: unknown, found?: never) => void): void {
    this.calls.push(`get ${sid}`);
    this.onGet();
    callback(null, this.found as never);
  }
  override set(sid: string, data: object, callback?: () => void): void {
    this.calls.push(`set ${sid} ${'req' in data ? 'with its request' : 'alone'}`);
    callback?.();
  }
  override destroy(sid: string, callback?: () => void): void {
    this.calls.push(`destroy ${sid}`);
    callback?.();
  }
  override touch(sid: string, _data: object, callback?: () => void): void {
    this.calls.push(`touch ${sid}`);
    callback?.();
  }
}

/** The cookie that the first request of a test got. */
async function cookieOf(options: Partial<SessionOptions>): Promise<string> {
  const { cookies } = await ask(options, (request) => (request.session.seen = 1));
  return cookies[0]?.split(';')[0] as string;
}

const generate = (store: session.Store, request: SessionRequest): void =>
  (store as unknown as { generate: (request: SessionRequest) => void }).generate(request);

describe('express-session', () => {
  it('names its middleware "session", by which a second one is noticed at start', () => {
    expect(session({ secret: 'x', resave: false, saveUninitialized: false }).name).toBe('session');
  });

  it('reads the Cookie header and asks the store before the middleware returns', async () => {
    const store = new Recorder();
    const cookie = await cookieOf({ genid: () => 'first', store });
    const run = session({ secret: 'x'.repeat(32), resave: false, saveUninitialized: false, store });
    let isInside = false;
    const asked: boolean[] = [];
    store.onGet = () => asked.push(isInside);
    isInside = true;
    run({ headers: { cookie }, url: '/', method: 'GET' } as never, { end: () => undefined } as never, () => undefined);
    isInside = false;
    expect(asked).toEqual([true]);
    expect(store.calls.at(-1)).toBe('get first');
  });

  it('makes a session with the id that genid answers, and sends it once something is written', async () => {
    const store = new Recorder();
    expect(await cookieOf({ genid: () => 'made-here', store })).toContain('s%3Amade-here.');
    expect(store.calls).toEqual(['set made-here with its request']);
  });

  it('neither saves nor sends a session whose id is no text', async () => {
    const store = new Recorder();
    const { cookies } = await ask({ genid: () => null as never, store }, (request) => (request.session.seen = 1));
    expect([cookies, store.calls]).toEqual([[], []]);
  });

  it('sends a cookie for a session that store.generate put in place of the opened one', async () => {
    const store = new Recorder();
    const ids = ['second', 'first'];
    const { cookies } = await ask({ genid: () => ids.pop() as string, store }, (request) => generate(store, request));
    expect(cookies).toEqual([expect.stringContaining('s%3Asecond.')]);
    expect(store.calls).toEqual(['set second with its request']);
  });

  it('keeps the id of a session that the store found, and touches it when nothing was written', async () => {
    const store = new Recorder();
    const cookie = await cookieOf({ genid: () => 'known', store });
    store.calls.length = 0;
    store.found = { cookie: { originalMaxAge: null }, seen: 1 };
    const { cookies } = await ask({ store }, (request) => expect(request.sessionID).toBe('known'), cookie);
    expect([cookies, store.calls]).toEqual([[], ['get known', 'touch known']]);
  });

  it('serialises the cookie from an own property "data" where there is one', async () => {
    const { cookies } = await ask({}, (request) => {
      request.session.seen = 1;
      Object.defineProperty(request.session.cookie, 'data', { get: () => ({ path: '/', expires: new Date(0) }) });
    });
    expect(cookies).toEqual([expect.stringContaining('Expires=Thu, 01 Jan 1970')]);
  });

  it('does nothing for a request whose session was taken off', async () => {
    const store = new Recorder();
    const { cookies } = await ask({ store }, (request) => {
      request.session.seen = 1;
      (request as { session: unknown }).session = undefined;
    });
    expect([cookies, store.calls]).toEqual([[], []]);
  });
});
