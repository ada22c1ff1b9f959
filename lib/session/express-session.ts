/** Runs express-session for one request, with the session id that was decided on. Every private fact of it that we stand on is used here. */
import session from 'express-session';
import type { Session } from 'express-session';
import { LoginFault } from '../exceptions/login-fault.js';
import type { LoginRequest } from '../http/login-request.js';
import { newAnonymousSessionId } from '../logins/login-id.js';
import type { LoginRegistry } from '../logins/login-registry.js';
import type { SessionStore } from '../logins/login-storage.js';
import type { ResolvedLoginOptions } from '../options/resolved-login-options.js';
import { LoginSessionStore } from './login-session-store.js';
import type { OpenedSession } from './login-session-store.js';
import { SessionCookie } from './session-cookie.js';
import { putValues, valuesOf } from './session-values.js';
import type { SessionValues } from './session-values.js';

type SessionRequest = LoginRequest & {
  session?: (Session & Record<string, unknown>) | undefined;
  sessionID?: string | null;
};

/** null: a throw-away session, usable, never stored, without a cookie: express-session saves none whose id is no string. */
export type SessionId = string | null;

/**
 * express-session, held to these facts of its 1.19: the middleware calls `store.get` synchronously; `store.generate` makes
 * `req.session` with the id that `genid` answers; a non-string id is neither saved nor sent; a session whose id differs
 * from the one it was opened with gets a cookie. `test/contracts/express-session.spec.ts` names each one that breaks.
 */
export class ExpressSession {
  readonly #run: (request: never, response: never, next: (error?: unknown) => void) => void;
  readonly #store: LoginSessionStore;
  readonly #generate: (request: SessionRequest) => void;
  readonly #cookie: SessionCookie;
  #opening: SessionRequest | undefined;
  #nextId: SessionId = null;

  constructor(
    private readonly options: ResolvedLoginOptions,
    logins: LoginRegistry,
    sessions: SessionStore,
    openedBy: (request: LoginRequest) => OpenedSession | undefined,
    regenerate: (request: LoginRequest) => void,
  ) {
    const { name, attributes } = options.sessionCookie;
    const { domain, secure, httpOnly, sameSite } = attributes;
    this.#cookie = new SessionCookie(name, options.secrets);
    this.#store = new LoginSessionStore(logins, sessions, options.storeTimeout, openedBy, () => this.#opening);
    this.#run = session({
      name,
      secret: [...options.secrets],
      store: this.#store,
      resave: false,
      saveUninitialized: false,
      genid: () => this.#nextId as string,
      // The path is put in below: with it here, express-session would not run at all outside of it.
      cookie: { path: '/', secure, httpOnly, sameSite, ...(domain === null ? {} : { domain }) },
    }) as never;
    const generate = (this.#store as unknown as { generate: (request: SessionRequest) => void }).generate;
    this.#generate = generate;
    // Of a request that has a session already it is `req.session.regenerate()` that asks.
    (this.#store as unknown as { generate: (request: SessionRequest) => void }).generate = (request) =>
      this.isOpen(request) ? regenerate(request) : this.begin(request, newAnonymousSessionId());
  }

  /** The session ids that the request brings under a signature of ours: one, unless its cookies contradict each other. */
  presented(request: LoginRequest): string[] {
    return this.#cookie.read(request);
  }

  /** True once express-session has made or loaded a session for this request. */
  isOpen(request: LoginRequest): boolean {
    return (request as SessionRequest).session !== undefined;
  }

  /**
   * Runs the middleware as if the request brought this session id, or none.
   * @param hidden the session that a handler sees is a throw-away one
   */
  open(request: LoginRequest, sessionId: string | undefined, hidden: boolean): Promise<void> {
    if (this.isOpen(request))
      throw new LoginFault(
        'ERR_LOGIN_SESSION_MOUNTED',
        'The application runs an express-session of its own.',
        'Take app.use(session(...)) out and move its cookie options and its store into LoginModule.forRoot({ session, storage }).',
      );
    return new Promise((resolve, reject) => {
      const restore = presentOnly(request, sessionId === undefined ? undefined : this.#cookie.header(sessionId));
      this.#opening = request;
      try {
        this.#run(request as never, request.res as never, (error) => (error ? reject(error as Error) : resolve()));
        if (hidden) this.begin(request, null);
      } finally {
        this.#opening = undefined;
        restore();
      }
    });
  }

  /**
   * Puts a new session in place of the request's, without asking the store.
   * @param maxAge milliseconds until the browser drops the cookie; null: when the browser closes
   */
  begin(request: LoginRequest, sessionId: SessionId, values: SessionValues = {}, maxAge: number | null = null): void {
    const opened = request as SessionRequest;
    this.#nextId = sessionId;
    this.#generate(opened);
    if (!opened.session) return;
    opened.session.cookie.path = this.options.sessionCookie.attributes.path;
    if (maxAge !== null) opened.session.cookie.maxAge = maxAge;
    putValues(opened.session, values);
  }

  /** Puts an empty anonymous session in place of the request's; unless something is written into it, its cookie clears the one before. */
  beginAnew(request: LoginRequest): string {
    const sessionId = newAnonymousSessionId();
    this.begin(request, sessionId);
    const { session: blank } = request as SessionRequest;
    if (blank) {
      const attributes = (blank.cookie as unknown as { data: object }).data;
      const cleared = { ...attributes, expires: new Date(0) };
      Object.defineProperty(blank.cookie, 'data', {
        get: () => (Object.keys(valuesOf(blank)).length ? attributes : cleared),
      });
    }
    return sessionId;
  }

  /** Forgets a stored session. */
  destroy(sessionId: string): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#store.destroy(sessionId, (error) => (error ? reject(error as Error) : resolve())),
    );
  }

  /** The values of the request's session. */
  values(request: LoginRequest): SessionValues {
    return valuesOf((request as SessionRequest).session ?? {});
  }

  /** The id of the request's session, null for a throw-away one, undefined where the application ended it. */
  currentId(request: LoginRequest): SessionId | undefined {
    const { session: current, sessionID } = request as SessionRequest;
    return current && (sessionID ?? null);
  }

  /** Takes the session off the request: neither it nor a cookie for it goes anywhere. */
  drop(request: LoginRequest): void {
    (request as SessionRequest).session = undefined;
  }
}

/**
 * Lets express-session, which reads them before it returns, see this Cookie header and no other. A cookie-parser in front
 * of us leaves copies in two more places where express-session looks (CVE-2026-39324 is of this kind).
 * @returns a function that puts everything back
 */
function presentOnly(request: LoginRequest, header: string | undefined): () => void {
  const parsed = request as { cookies?: unknown; signedCookies?: unknown };
  const { cookies, signedCookies } = parsed;
  const { cookie } = request.headers;
  const show = (shown: string | undefined, plain: unknown, signed: unknown): void => {
    if (shown === undefined) delete request.headers.cookie;
    else request.headers.cookie = shown;
    if (cookies !== undefined) parsed.cookies = plain;
    if (signedCookies !== undefined) parsed.signedCookies = signed;
  };
  show(header, undefined, undefined);
  return () => show(cookie, cookies, signedCookies);
}
