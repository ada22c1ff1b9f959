/** The store that express-session sees: sends each session to where it lives, a login's to its record, any other to the session store. */
import session from 'express-session';
import type { SessionData } from 'express-session';
import { keepOutOfCaches } from '../http/login-response.js';
import { responseOf } from '../http/login-request.js';
import type { LoginRequest } from '../http/login-request.js';
import { hashOf, loginIdOf } from '../logins/login-id.js';
import type { LoginRegistry } from '../logins/login-registry.js';
import type { SessionStore, StoredSession } from '../logins/login-storage.js';
import { storeCall } from '../logins/store-call.js';
import { valuesOf } from './session-values.js';

type Callback<Answer = void> = (error?: unknown, answer?: Answer) => void;

/** A session whose values in the store are known, so that nothing is asked or written twice. */
export interface OpenedSession {
  readonly sessionId: string;
  /** when the session of a login began; null for the session of a visitor who is not logged in */
  readonly startedAt: number | null;
  /** the values as they stand in the store, as JSON text */
  savedValues: string;
}

/** Routes the calls of express-session. Session ids never reach a store: a login's session is named by its record, any other by a hash. */
export class LoginSessionStore extends session.Store {
  constructor(
    private readonly logins: LoginRegistry,
    private readonly sessions: SessionStore,
    private readonly timeout: number,
    private readonly openedBy: (request: LoginRequest) => OpenedSession | undefined,
    private readonly opening: () => LoginRequest | undefined,
  ) {
    super();
  }

  override get(sessionId: string, callback: Callback<SessionData | null>): void {
    // `reload()` of a throw-away session, which has no id.
    if (typeof sessionId !== 'string') return callback(null, null);
    const request = this.opening();
    const opened = request && this.openedBy(request);
    if (opened?.sessionId === sessionId) return callback(null, asSession(opened.savedValues));
    answer(callback, async () => {
      if (loginIdOf(sessionId) !== undefined) {
        const found = await this.logins.find(sessionId);
        return found.verdict === 'alive' ? asSession(found.values ?? '{}') : null;
      }
      const stored = await this.#sessionsCall<StoredSession | null | undefined>((done) =>
        this.sessions.get(hashOf(sessionId), done),
      );
      if (request && stored) keepOutOfCaches(responseOf(request));
      return (stored ?? null) as SessionData | null;
    });
  }

  override set(sessionId: string, data: SessionData, callback: Callback = () => undefined): void {
    // A throw-away session has no id.
    if (typeof sessionId !== 'string') return callback();
    const request = (data as { req?: LoginRequest }).req;
    const opened = request && this.openedBy(request);
    const json = JSON.stringify(valuesOf(data));
    if (opened?.sessionId === sessionId && opened.savedValues === json) return callback();
    if (request) keepOutOfCaches(responseOf(request));
    const loginId = loginIdOf(sessionId);
    const isOpened = opened?.sessionId === sessionId;
    // A session that this request has left is over: what a handler saves of it goes nowhere.
    if (opened && !isOpened) return callback();
    answer(callback, async () => {
      if (loginId === undefined) await this.#sessionsCall((done) => this.sessions.set(hashOf(sessionId), data, done));
      // So is a login's session that this request has not opened.
      else if (isOpened && opened.startedAt !== null) await this.logins.saveValues(loginId, opened.startedAt, json);
      if (isOpened) opened.savedValues = json;
    });
  }

  override destroy(sessionId: string, callback: Callback = () => undefined): void {
    if (typeof sessionId !== 'string') return callback();
    const loginId = loginIdOf(sessionId);
    answer(callback, async () => {
      if (loginId !== undefined) await this.logins.end(loginId);
      else await this.#sessionsCall((done) => this.sessions.destroy(hashOf(sessionId), done));
    });
  }

  /** Asked at the end of every opened request, which waits for it: a login's idle time follows its record instead. */
  override touch(sessionId: string, data: SessionData, callback: () => void = () => undefined): void {
    const { sessions } = this;
    if (loginIdOf(sessionId) !== undefined || !sessions.touch) return callback();
    // A touch that fails or hangs costs the visitor a shorter session at most, and not this answer.
    void this.#sessionsCall((done) => sessions.touch?.(hashOf(sessionId), data, () => done(null))).then(
      () => setImmediate(callback),
      () => setImmediate(callback),
    );
  }

  #sessionsCall<Answer>(start: (done: (error: unknown, answer?: Answer) => void) => void): Promise<Answer | undefined> {
    const call = (): Promise<Answer | undefined> =>
      new Promise((resolve, reject) => start((error, found) => (error ? reject(error as Error) : resolve(found))));
    return storeCall(this.timeout, call);
  }
}

/** A login's session as express-session wants it. Its cookie was sent at the login: without an expiry it is never sent again. */
function asSession(values: string): SessionData {
  return { ...(JSON.parse(values) as object), cookie: { originalMaxAge: null } } as SessionData;
}

function answer<Answer>(callback: Callback<Answer>, work: () => Promise<Answer>): void {
  // The callback stands outside the chain: what it throws is express-session's affair, not a failed store call.
  void work().then(
    (found) => setImmediate(callback, null, found),
    (error: unknown) => setImmediate(callback, error),
  );
}
