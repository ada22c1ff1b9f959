/** The session of one request: which login it belongs to, and what a login or logout makes of it. */
import type { HttpExchange } from '../http/http-exchange.js';
import type {
  ActiveLogin,
  FoundSession,
  LoginClient,
  LoginSnapshot,
  SessionLogin,
  StoredValues,
} from '../logins/login-snapshot.js';
import { toJson } from '../logins/session-values-json.js';
import type { SessionValues } from '../logins/session-values-json.js';
import { FetchedSession, NOT_FOUND } from './fetched-session.js';
import { HandlerSession } from './handler-session.js';
import { clientOf } from './session-identifier.js';
import { EPHEMERAL, identifySession, identityOf, newAnonymousIdentity } from './session-identity.js';
import { decideProtection, isUnchanged } from './session-protection.js';
import type { Protection } from './session-protection.js';
import type { SessionServices } from './session-services.js';

/** Loads no user, and ends no login by itself. The context of the request alone calls the transitions at its end. */
export class RequestSession {
  readonly #fetched: FetchedSession;
  #madeHandlers: HandlerSession | undefined;
  #client: LoginClient | undefined;
  #isTouched = false;

  constructor(
    private readonly exchange: HttpExchange,
    private readonly services: SessionServices,
  ) {
    this.#fetched = new FetchedSession(exchange, services);
  }

  get #handlers(): HandlerSession {
    return (this.#madeHandlers ??= new HandlerSession(this.exchange, this.services));
  }

  /** The browser of this request, as a login notes it. */
  get client(): LoginClient {
    return (this.#client ??= clientOf(this.exchange));
  }

  /** The login ids of the session cookies that the request brought, expired ones included, and of logins made since. */
  get presentedLoginIds(): readonly string[] {
    return this.#fetched.loginIds;
  }

  /** A hash of the first genuine session id that the request brought, of a login or of a stranger; null for none. */
  get presentedHash(): string | null {
    return this.#fetched.presentedHash;
  }

  /** Reads what the cookies name, so that a session can be built. Never rejects. Null: there is nothing to wait for. */
  load(): Promise<void> | null {
    return this.#fetched.load();
  }

  /** Returns the login that the session cookie names: one round trip, once a request. */
  find(wanted?: { readonly values: boolean }): Promise<FoundSession> {
    const finding = this.#fetched.find(wanted);
    return this.isBuilt ? finding.then((found) => this.#unlessTakenOff(found)) : finding;
  }

  /** Returns the record of this id where the session cookie led to it; undefined where it was not read. */
  snapshotOf(loginId: string): Promise<LoginSnapshot | null | undefined> {
    return this.#fetched.snapshotOf(loginId);
  }

  /** Decides what session protection says of a login in this browser. */
  protectionOf({ record }: ActiveLogin): Protection {
    const mode = this.services.options.sessionProtection;
    if (mode === false || isUnchanged(record, this.exchange)) return 'intact';
    return decideProtection(mode, record, this.client);
  }

  /** Moves the idle end of a login on, once a request. Null: it is not due. */
  touchLogin(login: LoginSnapshot): Promise<void> | null {
    if (this.#isTouched) return null;
    this.#isTouched = true;
    return this.services.logins.touch(login);
  }

  /** Returns the session id of this request without building a session. @throws as `build` does */
  get id(): string | null {
    this.#identifyForHandlers();
    return this.#handlers.identity?.sessionId ?? null;
  }

  /**
   * Builds the session that handlers see, synchronously. Once the response has ended it never throws.
   * @throws LoginUnavailableException where the store has failed; LoginFault ERR_LOGIN_SESSION_NOT_LOADED
   */
  build(): void {
    if (this.#handlers.isBuilt) return;
    this.#identifyForHandlers();
    this.#handlers.build();
  }

  /** True once handlers hold a session, or the application has put something else in its place. */
  get isBuilt(): boolean {
    return this.#madeHandlers?.isBuilt ?? false;
  }

  /** Notes what the application has put at `req.session` itself. */
  leaveToApplication(value: unknown): void {
    this.#handlers.leaveToApplication(value);
  }

  /** Goes on with the values that the store has now (`req.session.reload()`). */
  reload(values: SessionValues): void {
    this.#handlers.reload(values);
  }

  /**
   * Saves what handlers have written; null where there is nothing to save.
   * @throws LoginFault ERR_LOGIN_SESSION_VALUE
   */
  save(sessionId?: string): Promise<void> | null {
    if (!this.isBuilt) return null;
    // An explicit save of a session that the request has left goes nowhere.
    if (sessionId !== undefined && this.#handlers.identity?.sessionId !== sessionId) return null;
    return this.#handlers.save();
  }

  /** Returns the values of the session of this request. @throws as `build` does */
  get values(): SessionValues {
    if (!this.#handlers.isBuilt) this.#identify();
    return this.#handlers.values;
  }

  /** Refuses values that handlers have written and no store can take. @throws LoginFault ERR_LOGIN_SESSION_VALUE */
  requireStorable(): void {
    toJson(this.#handlers.values);
  }

  /** Returns the values that stay when an anonymous visitor becomes a user: those that `keepOnLogin` names. */
  valuesToKeep(): SessionValues {
    const { keepOnLogin } = this.services.options.session;
    if (!keepOnLogin.length) return {};
    return Object.fromEntries(Object.entries(this.values).filter(([key]) => keepOnLogin.includes(key)));
  }

  /**
   * Deletes every anonymous session that the request brought, without reading it, and one that it has stored itself.
   * Null: there is none.
   */
  deleteAnonymous(): Promise<void> | null {
    return this.#fetched.deleteAnonymous(this.#madeHandlers?.storedNewId ?? null);
  }

  /**
   * Deletes every login named by this browser's cookies, even if its session id is outdated or its cookies conflict.
   * Otherwise a logout would not be final.
   * @param rememberedIds the logins that its remember cookies name
   * @returns whether this call deleted any; null: they name none
   */
  deletePresentedLogins(rememberedIds: readonly string[]): Promise<boolean> | null {
    return this.#fetched.deleteLogins(rememberedIds);
  }

  /** Notes that the login has changed in the store, under the same session id. */
  updateLogin(login: SessionLogin): void {
    this.#fetched.update(login);
  }

  /** Goes on with another login, whose values are stored already. Its cookie goes out with this response. */
  attachLogin(login: SessionLogin, stored: StoredValues): void {
    this.#useLogin(login, stored);
    this.services.cookies.clearAnonymous(this.exchange);
  }

  /** Goes on with the same login under a new session id. What handlers have written since is saved with it. */
  rotateId(login: SessionLogin): void {
    const { values } = this;
    this.#useLogin(login, { values, json: this.#handlers.savedJson });
  }

  /** Goes on with a new anonymous session. Clears the session cookies that the request brought. */
  resetToAnonymous(): void {
    const { cookies } = this.services;
    this.#fetched.know(NOT_FOUND);
    this.#handlers.use(newAnonymousIdentity());
    cookies.clearLogin(this.exchange);
    cookies.clearAnonymous(this.exchange);
    this.exchange.keepPrivate();
  }

  /**
   * Goes on with an ephemeral session: usable, never stored, without a cookie. For a request that is let in beside the
   * one whose response brings the session, because what it stores would not belong to that session.
   */
  makeEphemeral(): void {
    this.#fetched.know(NOT_FOUND);
    this.#handlers.use(EPHEMERAL);
    this.services.cookies.cancel(this.exchange);
    this.exchange.keepPrivate();
  }

  /** Takes the session off the request, so that the response after a failed login carries no cookie. */
  detach(): void {
    this.#fetched.know(NOT_FOUND);
    this.#handlers.remove();
    this.services.cookies.cancel(this.exchange);
  }

  #useLogin(login: SessionLogin, stored: StoredValues): void {
    const { cookie } = this.services.options.session;
    const maxAge = cookie.persistent ? login.record.session.endsAt - login.now : null;

    this.#fetched.addLogin(login.record.id);
    this.#fetched.know({ verdict: 'alive', login, values: stored });
    this.#handlers.use(identityOf(login), { values: stored.values, savedJson: stored.json, maxAge });
    this.services.cookies.writeLogin(this.exchange, login.sessionId, maxAge);
  }

  /** `req.session.destroy()` by the application ends the login. */
  #unlessTakenOff(found: FoundSession): FoundSession {
    if (found.verdict !== 'alive' || !this.#handlers.isTakenOff) return found;
    this.#fetched.know(NOT_FOUND);
    return NOT_FOUND;
  }

  /** Finds out which session this is. Nobody could answer an error of a response that has ended. */
  #identifyForHandlers(): void {
    try {
      this.#identify();
    } catch (error) {
      if (!this.exchange.isEnded) throw error;
      this.#handlers.identify(EPHEMERAL);
    }
  }

  /** Finds out which session this is, from what was read. */
  #identify(): void {
    if (this.#handlers.identity) return;
    const fetched = this.#fetched.requireLoaded();
    const { identity, start } = identifySession(fetched, (login) => this.#isHidden(login));
    this.#handlers.identify(identity, start);

    const isNew = identity.kind === 'anonymous' && identity.isNew;
    if (!isNew) this.exchange.keepPrivate();
    // Nobody waits for it: where it fails, the login is idle sooner, and the next call to the store says why.
    if (identity.kind === 'login' && fetched.found.verdict === 'alive')
      this.touchLogin(fetched.found.login)?.catch(() => undefined);
  }

  /** Whether the login ends is decided when somebody asks for the user. */
  #isHidden(login: SessionLogin): boolean {
    const protection = this.protectionOf(login);
    return (
      protection === 'broken' || (protection === 'unknown' && this.services.options.sessionProtection === 'strong')
    );
  }
}
