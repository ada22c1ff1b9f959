/** The private facts of express-session that lib/express stands on: a new version that breaks one fails here first. */
import type { SessionData } from 'express-session';
import { Cookie, OwnSessions, Recorder, Session } from '../support/recording-store.js';
import type { Built, Holder } from '../support/recording-store.js';

function build<Store extends Recorder>(store: Store): { store: Store; request: Holder; held: Built } {
  const request: Holder = { sessionID: 'first', sessionStore: store };
  const held = new Session(request, { colour: 'red' });
  request.session = held;
  return { store, request, held };
}

const data = (): SessionData => ({ cookie: {} }) as SessionData;

describe('new Session(req, data)', () => {
  it('takes its id from req.sessionID, also where that is null', () => {
    expect(new Session({ sessionID: 'first' }).id).toBe('first');
    expect(new Session({ sessionID: null }).id).toBeNull();
  });

  it('copies the data, and holds no cookie until one is set', () => {
    const given = { colour: 'red' };
    const held = new Session({ sessionID: 'first' }, given);

    held.colour = 'blue';
    expect(given).toEqual({ colour: 'red' });
    expect(Object.keys(held)).toEqual(['colour']);
  });

  it('keeps its request and its id, and hides both from copies and JSON', () => {
    const { held, request } = build(new Recorder());

    expect(held.req).toBe(request);
    expect(Object.entries(held)).toEqual([['colour', 'red']]);
    expect(JSON.stringify(held)).toBe('{"colour":"red"}');
  });
});

describe('a session', () => {
  it('is handed to store.set() itself, under its id, by save()', () => {
    const { store, held } = build(new Recorder());
    const done = (): void => undefined;

    held.save(done);
    expect(store.calls).toEqual([['set', 'first', held, done]]);
    expect(store.calls[0]?.[2]).toBe(held);
  });

  it('is read by store.get() and put in its place by store.createSession(), by reload()', () => {
    const { store, held, request } = build(new OwnSessions());
    store.found = data();
    const answers: unknown[][] = [];

    held.reload((...args) => answers.push(args));
    expect(store.calls).toEqual([
      ['get', 'first'],
      ['createSession', request, store.found],
    ]);
    expect(store.calls[1]?.[1]).toBe(request);
    expect(answers).toEqual([[]]);
  });

  it('is not made again by reload() where the store has none, or fails', () => {
    const { store, held } = build(new OwnSessions());
    const answers: unknown[] = [];

    held.reload((error) => answers.push(error));
    store.error = new Error('away');
    held.reload((error) => answers.push(error));
    expect(answers).toEqual([new Error('failed to load session'), store.error]);
    expect(store.calls.map(([name]) => name)).toEqual(['get', 'get']);
  });

  it('is off its request before store.destroy() is called, by destroy()', () => {
    const { store, held, request } = build(new Recorder());
    const present: boolean[] = [];

    held.destroy(() => present.push('session' in request));
    expect(present).toEqual([false]);
    expect(store.calls).toEqual([['destroy', 'first']]);
  });

  it('goes to store.regenerate() with its request, by regenerate()', () => {
    const { store, held, request } = build(new Recorder());
    const calls: unknown[][] = [];
    store.regenerate = (...args) => calls.push(args);
    const done = (): void => undefined;

    held.regenerate(done);
    expect(calls).toEqual([[request, done]]);
    expect(calls[0]?.[0]).toBe(request);
  });

  it.each(['touch', 'resetMaxAge'] as const)('sets the age of its cookie back and asks no store, by %s()', (name) => {
    const { store, held } = build(new Recorder());
    held.cookie = new Cookie();
    held.cookie.maxAge = 60_000;
    held.cookie.expires = new Date(0);
    held.cookie.originalMaxAge = 60_000;

    expect(held[name]()).toBe(held);
    expect(held.cookie.maxAge).toBeGreaterThan(50_000);
    expect(store.calls).toEqual([]);
  });
});

describe('session.Store', () => {
  it('destroys the session and then generates one for the same request, by regenerate()', () => {
    const { store, request } = build(new Recorder());
    const answers: unknown[] = [];

    store.regenerate(request as never, (error) => answers.push(error));
    expect(store.calls).toEqual([
      ['destroy', 'first'],
      ['generate', request],
    ]);
    expect(store.calls[1]?.[1]).toBe(request);
    expect(answers).toEqual([null]);
  });

  it('generates a session also where destroy() fails, and hands the error on, by regenerate()', () => {
    const { store, request } = build(new Recorder());
    store.error = new Error('away');
    const answers: unknown[] = [];

    store.regenerate(request as never, (error) => answers.push(error));
    expect(store.calls.map(([name]) => name)).toEqual(['destroy', 'generate']);
    expect(answers).toEqual([store.error]);
  });

  it('makes a session for a request of its own by its createSession(), by load()', () => {
    const store = new OwnSessions();
    const answers: unknown[][] = [];

    store.load('first', (...args) => answers.push(args));
    store.found = data();
    store.load('first', (...args) => answers.push(args));
    expect(answers).toEqual([[], [null, 'made here']]);
    expect(store.calls.at(-1)).toEqual(['createSession', { sessionID: 'first', sessionStore: store }, store.found]);
  });

  it('puts a session with a real cookie at the request, by a createSession() that nobody overrides', () => {
    const { store, request, held } = build(new Recorder());

    const made = store.createSession(request as never, { ...data(), colour: 'blue' } as SessionData);
    expect(request.session).toBe(made);
    expect(made).not.toBe(held);
    expect([made instanceof Session, made.cookie instanceof Cookie]).toEqual([true, true]);
  });
});

describe('new Cookie(options)', () => {
  it('takes the options over, and ends with the browser where they say nothing else', () => {
    const options = { path: '/shop', domain: 'example.com', secure: true, httpOnly: false, sameSite: 'strict' };
    const cookie = new Cookie(options);

    expect(cookie).toMatchObject({ ...options, maxAge: null, expires: null, originalMaxAge: null });
    expect(new Cookie({}).domain).toBeUndefined();
  });

  it('moves its end, and notes the age that touch() sets it back to, where maxAge is set', () => {
    const cookie = new Cookie();
    const before = Date.now();

    cookie.maxAge = 60_000;
    expect(Number(cookie.expires)).toBeGreaterThanOrEqual(before + 60_000);
    expect(cookie.originalMaxAge).toBeGreaterThan(50_000);
    expect(cookie.originalMaxAge).toBeLessThanOrEqual(60_000);
  });
});
