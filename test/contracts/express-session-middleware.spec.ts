/** The private facts of express-session's middleware by which lib/express notices one of the application's own. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import session from 'express-session';
import { callSites } from '../../lib/exceptions/call-sites.js';
import { askOnce } from '../support/ask-once.js';

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

const PROPERTIES = ['session', 'sessionID', 'sessionStore'] as const;

const makeMiddleware = (): Middleware =>
  session({ secret: 'x'.repeat(32), resave: false, saveUninitialized: true }) as unknown as Middleware;

/** Returns the object that the middleware gets in place of it. */
async function run(
  prepare: (request: IncomingMessage) => IncomingMessage,
): Promise<{ readonly request: IncomingMessage; readonly cookies: readonly string[] }> {
  const seen: IncomingMessage[] = [];
  const { headers } = await askOnce((request, response) => {
    seen.push(request);
    makeMiddleware()(prepare(request), response, () => response.end());
  });
  return { request: seen[0] as IncomingMessage, cookies: headers['set-cookie'] ?? [] };
}

describe("express-session's middleware", () => {
  it('is a function with the name "session"', () => {
    expect(makeMiddleware().name).toBe('session');
  });

  it('reads req.session itself, as a function of this name in a file below the folder "express-session"', async () => {
    const readers: NodeJS.CallSite[] = [];
    const held: unknown[] = [];
    const get = (): unknown => {
      readers.push(callSites(2)[1] as NodeJS.CallSite);
      return held.at(-1);
    };
    const set = (value: unknown): void => {
      held.push(value);
    };

    await run((request) => Object.defineProperty(request, 'session', { get, set }));
    expect(readers[0]?.getFunctionName()).toBe('session');
    expect(readers[0]?.getFileName()).toMatch(/[\\/]express-session[\\/]/);
  });

  it('reads req.session before anything else of the request', async () => {
    const names: (string | symbol)[] = [];
    const get = (request: IncomingMessage, name: string | symbol): unknown => {
      names.push(name);
      return Reflect.get(request, name);
    };

    await run((request) => new Proxy(request, { get }));
    expect(names.length).toBeGreaterThan(1);
    expect(names[0]).toBe('session');
  });

  it('skips itself where there is a session', async () => {
    const present = { colour: 'red' };

    const { request, cookies } = await run((given) => Object.assign(given, { session: present }));
    expect(PROPERTIES.filter((name) => name in request)).toEqual(['session']);
    expect(request).toHaveProperty('session', present);
    expect(cookies).toEqual([]);
  });

  it('makes a session where there is none, and puts it at the request itself', async () => {
    const { request, cookies } = await run((given) => given);
    expect(PROPERTIES.filter((name) => Object.hasOwn(request, name))).toEqual(PROPERTIES);
    expect(cookies).toHaveLength(1);
  });

  it('assigns what it puts at a request, so that a setter hears of it', async () => {
    const heard = new Map<string, unknown>();
    const accessor = (name: string): PropertyDescriptor => ({
      get: () => heard.get(name),
      set: (value: unknown) => {
        heard.set(name, value);
      },
    });

    await run((given) =>
      Object.defineProperties(given, Object.fromEntries(PROPERTIES.map((name) => [name, accessor(name)]))),
    );
    expect([...heard.keys()].toSorted()).toEqual(PROPERTIES);
    expect(heard.get('session')).toHaveProperty('id', heard.get('sessionID'));
  });
});
