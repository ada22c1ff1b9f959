/** The session of a request: opens it, says which login it belongs to, and moves it to a new login or to nobody. */
import { clientAddress, isSecure, responseOf, userAgent } from '../http/login-request.js';
import type { LoginRequest } from '../http/login-request.js';
import { keepOutOfCaches } from '../http/login-response.js';
import type { FoundSession, LiveLogin, LoginClient, SeenLogin, SessionLogin } from '../logins/live-login.js';
import { isAnonymousSessionId, loginIdOf } from '../logins/login-id.js';
import type { LoginRegistry } from '../logins/login-registry.js';
import type { ResolvedLoginOptions } from '../options/resolved-login-options.js';
import { ExpressSession } from './express-session.js';
import type { OpenedSession } from './login-session-store.js';
import { sessionIdentifier } from './session-identifier.js';
import { judgeProtection } from './session-protection.js';
import type { Protection } from './session-protection.js';
import type { SessionValues } from './session-values.js';

/** What is remembered about one request. */
interface RequestState {
  readonly presented: string | undefined;
  /** the logins that this browser holds: those of its cookies, whatever is left of them, and those made since */
  readonly held: Set<string>;
  client: LoginClient | undefined;
  found: Promise<FoundSession> | undefined;
  /** `found` is what the store has answered, and nothing that this request has done since */
  isRead: boolean;
  readAt: number;
  opening: Promise<void> | undefined;
  opened: OpenedSession | undefined;
  touched: boolean;
}

/** Milliseconds after which what was read at the beginning of a request is read again. */
const STALE = 5_000;

/** No session in any store: whatever a handler saves of one that it held before goes nowhere. */
const THROWN_AWAY: OpenedSession = { sessionId: '', startedAt: null, savedValues: '' };

const NOBODY: FoundSession = { verdict: 'gone', seen: null };

/** Sessions by request. Nothing here loads a user or ends a login by itself. */
export class LoginSession {
  readonly #states = new WeakMap<LoginRequest, RequestState>();
  readonly #express: ExpressSession;

  constructor(
    private readonly options: ResolvedLoginOptions,
    private readonly logins: LoginRegistry,
  ) {
    const openedBy = (request: LoginRequest): OpenedSession | undefined => this.#state(request).opened;
    const regenerate = (request: LoginRequest): void => this.#regenerate(request);
    this.#express = new ExpressSession(options, logins, options.storage.sessions, openedBy, regenerate);
  }

  /**
   * Opens express-session for this request, once.
   * @throws LoginUnavailableException where a cookie names a session and the store cannot be asked
   */
  open(request: LoginRequest): Promise<void> {
    const state = this.#state(request);
    return (state.opening ??= this.#open(request, state));
  }

  /** The login that the request's session cookie names: one round trip, asked once a request. */
  async find(request: LoginRequest): Promise<FoundSession> {
    const state = this.#state(request);
    const { presented } = state;
    // A handler may ask minutes after the request has come, and the login may be over by then.
    const isOld = state.isRead && performance.now() - state.readAt > STALE;
    if (presented !== undefined && (!state.found || isOld)) {
      state.found = this.logins.find(presented);
      state.isRead = true;
      state.readAt = performance.now();
    }
    const found = await (state.found ??= Promise.resolve(NOBODY));
    // `req.session.destroy()` by the application ends the login.
    const ended =
      found.verdict === 'alive' && state.opened && this.#express.currentId(request) !== state.opened.sessionId;
    if (ended) this.#known(state, NOBODY);
    return ended ? NOBODY : found;
  }

  /** What session protection says of this login in this browser. */
  protection(request: LoginRequest, { record }: LiveLogin): Protection {
    const mode = this.options.sessionProtection;
    return mode === false ? 'intact' : judgeProtection(mode, record, this.client(request).identifier);
  }

  /** The browser of this request, as a login notes it. */
  client(request: LoginRequest): LoginClient {
    return (this.#state(request).client ??= {
      identifier: sessionIdentifier(request),
      userAgent: userAgent(request),
      ip: clientAddress(request),
    });
  }

  /** True while the answer can still set the session cookie. Nothing may be handed out that does not arrive. */
  canSetCookie(request: LoginRequest): boolean {
    const isSent = !this.options.sessionCookie.attributes.secure || isSecure(request);
    return isSent && !responseOf(request).headersSent;
  }

  /** The record of this id, null where there is none; undefined where finding the session of this request has not read it. */
  async seen(request: LoginRequest, loginId: string): Promise<SeenLogin | null | undefined> {
    const found = await this.find(request);
    const { presented, isRead } = this.#state(request);
    const isAsked = isRead && presented !== undefined && loginIdOf(presented) === loginId;
    return isAsked ? (found.verdict === 'alive' ? found.login : found.seen) : undefined;
  }

  /** Moves the login's idle end on, where that is due; once a request. */
  async touch(request: LoginRequest, login: SeenLogin): Promise<void> {
    const state = this.#state(request);
    if (state.touched) return;
    state.touched = true;
    await this.logins.touch(login);
  }

  /** The application's values in the session of this request. */
  values(request: LoginRequest): SessionValues {
    return this.#express.values(request);
  }

  /** Those of its values that live on when an anonymous visitor becomes somebody: the ones that `keepOnLogin` names. */
  valuesToKeep(request: LoginRequest): SessionValues {
    const values = Object.entries(this.values(request));
    return Object.fromEntries(values.filter(([key]) => this.options.keepOnLogin.includes(key)));
  }

  /** Goes on with another login, whose values are stored already: the cookie is sent with this answer. */
  become(request: LoginRequest, login: SessionLogin, values: SessionValues): void {
    this.#goOn(request, login, values, JSON.stringify(values));
  }

  /** Goes on with the same login under a new id: the cookie is sent with this answer, and what was written since is saved with it. */
  renew(request: LoginRequest, login: SessionLogin): void {
    this.#goOn(request, login, this.values(request), this.#state(request).opened?.savedValues ?? '{}');
  }

  #goOn(request: LoginRequest, login: SessionLogin, values: SessionValues, savedValues: string): void {
    const state = this.#state(request);
    const maxAge = this.options.sessionCookie.persistent ? login.record.session.endsAt - login.now : null;
    this.#express.begin(request, login.sessionId, values, maxAge);
    state.held.add(login.record.id);
    this.#known(state, { verdict: 'alive', login, values: savedValues });
    state.opened = { sessionId: login.sessionId, startedAt: login.record.session.startedAt, savedValues };
    keepOutOfCaches(responseOf(request));
  }

  /** Notes that the login of this request has changed in the store, under the same session id. */
  update(request: LoginRequest, login: SessionLogin): void {
    this.#known(this.#state(request), { verdict: 'alive', login, values: null });
  }

  /**
   * Goes on with a throw-away session: usable, never stored, without a cookie. For a request that is let in beside the one
   * whose answer brings the session: a cookie of its own would land in the browser next to that one, and undo it.
   */
  throwAway(request: LoginRequest): void {
    const state = this.#state(request);
    this.#express.begin(request, null);
    this.#known(state, NOBODY);
    state.opened = THROWN_AWAY;
    keepOutOfCaches(responseOf(request));
  }

  /** `req.session.regenerate()` by the application, which has ended the login of that session by then. A throw-away one stays one. */
  #regenerate(request: LoginRequest): void {
    if (this.#state(request).opened === THROWN_AWAY) this.#express.begin(request, null);
    else this.leave(request);
  }

  /** Goes on as nobody: a new anonymous session, and a cookie that clears the one before. */
  leave(request: LoginRequest): void {
    const state = this.#state(request);
    const sessionId = this.#express.beginAnew(request);
    this.#known(state, NOBODY);
    state.opened = { sessionId, startedAt: null, savedValues: '{}' };
    keepOutOfCaches(responseOf(request));
  }

  /** The logins that the session cookies of this browser name, whatever is left of them, and those made since. */
  held(request: LoginRequest): string[] {
    return [...this.#state(request).held];
  }

  /**
   * Ends every login that this browser holds, also one whose id a confirmation in another tab has just changed, one that the
   * application took off the request, and one of two cookies that contradict each other: else a logout would not be final.
   * @param remembered the logins that its remember cookies name
   * @returns whether it was this call that ended any
   */
  async endHeld(request: LoginRequest, remembered: readonly string[]): Promise<boolean> {
    const { held } = this.#state(request);
    const ended = await Promise.all([...new Set([...held, ...remembered])].map((id) => this.logins.end(id)));
    held.clear();
    return ended.includes(true);
  }

  /** Takes the session off the request, so that an answer after a failed login carries no cookie. */
  drop(request: LoginRequest): void {
    this.#known(this.#state(request), NOBODY);
    this.#express.drop(request);
  }

  /** Forgets the anonymous session that the request brought, if it brought one. */
  async forgetAnonymous(request: LoginRequest): Promise<void> {
    const { presented } = this.#state(request);
    if (presented !== undefined && isAnonymousSessionId(presented)) await this.#express.destroy(presented);
  }

  async #open(request: LoginRequest, state: RequestState): Promise<void> {
    const { presented } = state;
    const found = await this.find(request);
    if (found.verdict !== 'alive') {
      // The id of a login that has ended opens nothing; an anonymous one is looked up by express-session.
      const anonymous = presented !== undefined && isAnonymousSessionId(presented);
      return this.#express.open(request, anonymous ? presented : undefined, false);
    }
    keepOutOfCaches(responseOf(request));
    // Only hidden here: whether the login ends is for the resolver, when somebody asks for the user.
    if (this.protection(request, found.login) === 'broken') return this.#express.open(request, undefined, true);
    const { record, sessionId } = found.login;
    state.opened = { sessionId, startedAt: record.session.startedAt, savedValues: found.values ?? '{}' };
    await this.#express.open(request, sessionId, false);
    await this.touch(request, found.login);
  }

  /** What this request has done counts from now on, whatever the store would say. */
  #known(state: RequestState, found: FoundSession): void {
    state.found = Promise.resolve(found);
    state.isRead = false;
  }

  #state(request: LoginRequest): RequestState {
    let state = this.#states.get(request);
    if (!state) {
      const ids = this.#express.presented(request);
      // Two different ids that both verify contradict each other, and nobody is logged in.
      const presented = ids.length === 1 ? ids[0] : undefined;
      const held = new Set(ids.flatMap((id) => loginIdOf(id) ?? []));
      const nothing = { client: undefined, found: undefined, opening: undefined, opened: undefined };
      state = { presented, held, ...nothing, isRead: false, readAt: 0, touched: false };
      this.#states.set(request, state);
    }
    return state;
  }
}
