/** The session of one request, and its changes by a login or logout. */
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

/**
 * Determines the session of a request and changes it. Loads no user, and ends no login by itself. Only the context of
 * the request calls the transitions at the end of this class.
 */
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

  /** The browser of this request, as a login record keeps it. */
  get client(): LoginClient {
    return (this.#client ??= clientOf(this.exchange));
  }

  /**
   * The login ids of the session cookies of this request, expired logins included, and of the logins that it has made.
   */
  get presentedLoginIds(): readonly string[] {
    return this.#fetched.loginIds;
  }

  /**
   * A hash of the first genuine session id of this request. A login comes before an anonymous session. Null: there is
   * none.
   */
  get presentedHash(): string | null {
    return this.#fetched.presentedHash;
  }

  /** Reads the data that a session is built from. Never rejects. Returns null if there is nothing to wait for. */
  load(): Promise<void> | null {
    return this.#fetched.load();
  }

  /** Returns the login that the session cookie names. Costs one round trip per request. */
  find(wanted?: { readonly values: boolean }): Promise<FoundSession> {
    const finding = this.#fetched.find(wanted);
    return this.isBuilt ? finding.then((found) => this.#unlessTakenOff(found)) : finding;
  }

  /** Returns the record of this id if the session cookie led to it. Returns undefined if it was not read. */
  snapshotOf(loginId: string): Promise<LoginSnapshot | null | undefined> {
    return this.#fetched.snapshotOf(loginId);
  }

  /** Decides whether session protection accepts a login in this browser. */
  protectionOf({ record }: ActiveLogin): Protection {
    const mode = this.services.options.sessionProtection;
    if (mode === false || isUnchanged(record, this.exchange)) return 'intact';
    return decideProtection(mode, record, this.client);
  }

  /** Postpones the idle end of a login, once per request. Returns null if that is not due. */
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
   * Builds the session of handlers synchronously. Never throws once the response has ended.
   * @throws LoginUnavailableException if the store has failed; LoginFault ERR_LOGIN_SESSION_NOT_LOADED
   */
  build(): void {
    if (this.#handlers.isBuilt) return;
    this.#identifyForHandlers();
    this.#handlers.build();
  }

  /** True once the session is built, or the application has put another value in its place. */
  get isBuilt(): boolean {
    return this.#madeHandlers?.isBuilt ?? false;
  }

  /** Leaves `req.session` to the application, which has set it. */
  leaveToApplication(value: unknown): void {
    this.#handlers.leaveToApplication(value);
  }

  /** Replaces the values by those that the store has now (`req.session.reload()`). */
  reload(values: SessionValues): void {
    this.#handlers.reload(values);
  }

  /**
   * Saves the values that handlers have written. Returns null if there is nothing to save.
   * @throws LoginFault ERR_LOGIN_SESSION_VALUE
   */
  save(sessionId?: string): Promise<void> | null {
    if (!this.isBuilt) return null;
    // A handler may save a former session of this request. That session is not stored.
    if (sessionId !== undefined && this.#handlers.identity?.sessionId !== sessionId) return null;
    return this.#handlers.save();
  }

  /** Returns the values of the session of this request. @throws as `build` does */
  get values(): SessionValues {
    if (!this.#handlers.isBuilt) this.#identify();
    return this.#handlers.values;
  }

  /** Refuses values that no store can keep. @throws LoginFault ERR_LOGIN_SESSION_VALUE */
  requireStorable(): void {
    toJson(this.#handlers.values);
  }

  /** Returns the values that stay when an anonymous visitor logs in. The option `keepOnLogin` names them. */
  valuesToKeep(): SessionValues {
    const { keepOnLogin } = this.services.options.session;
    if (!keepOnLogin.length) return {};
    return Object.fromEntries(Object.entries(this.values).filter(([key]) => keepOnLogin.includes(key)));
  }

  /**
   * Deletes every anonymous session that the request named, without reading it, and one that it has stored itself.
   * Returns null if there is none.
   */
  deleteAnonymous(): Promise<void> | null {
    return this.#fetched.deleteAnonymous(this.#madeHandlers?.storedNewId ?? null);
  }

  /**
   * Deletes every login named by this browser's cookies, even if its session id is outdated or its cookies conflict.
   * Otherwise a logout would not be final.
   * @param rememberedIds the logins that the remember cookies name
   * @returns whether this call deleted any; null if the cookies name none
   */
  deletePresentedLogins(rememberedIds: readonly string[]): Promise<boolean> | null {
    return this.#fetched.deleteLogins(rememberedIds);
  }

  /** Updates the login, which has changed in the store under the same session id. */
  updateLogin(login: SessionLogin): void {
    this.#fetched.update(login);
  }

  /** Attaches another login, with values that are stored already. Its cookie goes out with this response. */
  attachLogin(login: SessionLogin, stored: StoredValues): void {
    this.#useLogin(login, stored);
    this.services.cookies.clearAnonymous(this.exchange);
  }

  /** Gives the same login a new session id. Later changes by handlers are saved with it. */
  rotateId(login: SessionLogin): void {
    const { values } = this;
    this.#useLogin(login, { values, json: this.#handlers.savedJson });
  }

  /** Replaces the session by a new anonymous one. Clears the session cookies that the request carried. */
  resetToAnonymous(): void {
    const { cookies } = this.services;
    this.#fetched.setFound(NOT_FOUND);
    this.#handlers.use(newAnonymousIdentity());
    cookies.clearLogin(this.exchange);
    cookies.clearAnonymous(this.exchange);
    this.exchange.keepPrivate();
  }

  /**
   * Replaces the session by an ephemeral one. Handlers can use it, but it is never stored and gets no cookie. The
   * session of the login goes out with the response to another request, and values from this request would not belong
   * to it.
   */
  makeEphemeral(): void {
    this.#fetched.setFound(NOT_FOUND);
    this.#handlers.use(EPHEMERAL);
    this.services.cookies.cancel(this.exchange);
    this.exchange.keepPrivate();
  }

  /** Removes the session from the request, so that the response after a failed login carries no cookie. */
  detach(): void {
    this.#fetched.setFound(NOT_FOUND);
    this.#handlers.remove();
    this.services.cookies.cancel(this.exchange);
  }

  #useLogin(login: SessionLogin, stored: StoredValues): void {
    const { cookie } = this.services.options.session;
    const maxAge = cookie.persistent ? login.record.session.endsAt - login.now : null;

    this.#fetched.addLogin(login.record.id);
    this.#fetched.setFound({ verdict: 'alive', login, values: stored });
    this.#handlers.use(identityOf(login), { values: stored.values, savedJson: stored.json, maxAge });
    this.services.cookies.writeLogin(this.exchange, login.sessionId, maxAge);
  }

  /** Returns the login, unless the application has ended it by `req.session.destroy()`. */
  #unlessTakenOff(found: FoundSession): FoundSession {
    if (found.verdict !== 'alive' || !this.#handlers.isTakenOff) return found;
    this.#fetched.setFound(NOT_FOUND);
    return NOT_FOUND;
  }

  /**
   * Determines the session for handlers. After the end of the response nobody could handle an error, so it uses an
   * ephemeral session then.
   */
  #identifyForHandlers(): void {
    try {
      this.#identify();
    } catch (error) {
      if (!this.exchange.isEnded) throw error;
      this.#handlers.identify(EPHEMERAL);
    }
  }

  /** Determines the session from the data that was read. */
  #identify(): void {
    if (this.#handlers.identity) return;
    const fetched = this.#fetched.requireLoaded();
    const { identity, start } = identifySession(fetched, (login) => this.#hidesValues(login));
    this.#handlers.identify(identity, start);

    const isNew = identity.kind === 'anonymous' && identity.isNew;
    if (!isNew) this.exchange.keepPrivate();
    // This runs in the background. If it fails, the login is idle sooner, and the next store call reports the error.
    if (identity.kind === 'login' && fetched.found.verdict === 'alive')
      this.touchLogin(fetched.found.login)?.catch(() => undefined);
  }

  /** Tells whether session protection hides the values. The search for the user decides whether the login ends. */
  #hidesValues(login: SessionLogin): boolean {
    const protection = this.protectionOf(login);
    return (
      protection === 'broken' || (protection === 'unknown' && this.services.options.sessionProtection === 'strong')
    );
  }
}
