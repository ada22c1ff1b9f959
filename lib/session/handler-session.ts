/** The session that the handlers of one request see. It is built at the first access, and saved at the end. */
import type { HttpExchange } from '../http/http-exchange.js';
import { toJson } from '../logins/session-values-json.js';
import type { SessionValues } from '../logins/session-values-json.js';
import type { CurrentSession } from './session-engine.js';
import { EMPTY_SESSION, EPHEMERAL } from './session-identity.js';
import type { SessionIdentity, SessionStart, StoredIdentity } from './session-identity.js';
import type { SessionServices } from './session-services.js';

/** Holds the session at `req.session`. Builds nothing if no code reads the session. */
export class HandlerSession {
  #identity: SessionIdentity | undefined;
  #start = EMPTY_SESSION;
  #savedJson = EMPTY_SESSION.savedJson;
  #isBuilt = false;
  #isForeign = false;
  /** The state of the cookie of a new anonymous session. */
  #announcement: 'none' | 'made' | 'withdrawn' = 'none';

  constructor(
    private readonly exchange: HttpExchange,
    private readonly services: SessionServices,
  ) {}

  /** The identity of the session. Undefined: it was not determined yet. */
  get identity(): SessionIdentity | undefined {
    return this.#identity;
  }

  /** True once the session is built, or the application has put another value in its place. */
  get isBuilt(): boolean {
    return this.#isBuilt;
  }

  /** The values that handlers see, or would see. @throws LoginFault ERR_LOGIN_SESSION_VALUE */
  get values(): SessionValues {
    return this.#isBuilt ? (this.#currentSession()?.readValues() ?? {}) : this.#start.values;
  }

  /** The stored values, as JSON. */
  get savedJson(): string {
    return this.#savedJson;
  }

  /** The id of a new anonymous session that this request has stored, or null. Its cookie has not gone out yet. */
  get storedNewId(): string | null {
    const identity = this.#identity;
    const isStored = identity?.kind === 'anonymous' && identity.isNew && this.#savedJson !== this.#start.savedJson;
    return isStored ? identity.sessionId : null;
  }

  /** True if the application has removed the session, by `destroy()` or by `req.session = null`. */
  get isTakenOff(): boolean {
    return this.#isBuilt && !this.#isForeign && !this.#currentSession();
  }

  /**
   * Sets the identity of the session that the request came with. A session that the application has removed stays
   * removed.
   */
  identify(identity: SessionIdentity, start: SessionStart = EMPTY_SESSION): void {
    this.#identity = identity;
    this.#start = start;
    this.#savedJson = start.savedJson;
    this.#announcement = 'none';
  }

  /** Replaces the session. If handlers hold one already, the new one replaces it at once. */
  use(identity: SessionIdentity, start?: SessionStart): void {
    this.identify(identity, start);
    if (this.#isBuilt) this.#put();
  }

  /** Builds the session. Called once, at the first access. */
  build(): void {
    this.#isBuilt = true;
    this.#put();
    // A streamed response sends its head before its end.
    this.exchange.beforeHead(() => this.#announceWritten());
  }

  /** Leaves `req.session` to the application, which has set it before a session was built. An object there stays. */
  leaveToApplication(value: unknown): void {
    this.#isBuilt = true;
    this.#isForeign = typeof value === 'object' && value !== null;
  }

  /** Replaces the values by those that the store has now (`req.session.reload()`). */
  reload(values: SessionValues): void {
    this.#savedJson = toJson(values);
    this.#start = { ...this.#start, values };
    this.#put();
  }

  /** Removes the session from the request. Nothing is saved, and no cookie is sent. */
  remove(): void {
    this.#isBuilt = true;
    this.#identity = EPHEMERAL;
    this.services.engine.remove(this.exchange);
  }

  /**
   * Saves the values that handlers have written.
   * @returns null if nothing has to be saved
   * @throws LoginFault ERR_LOGIN_SESSION_VALUE for a value that JSON cannot hold
   */
  save(): Promise<void> | null {
    const identity = this.#identity;
    const held = this.#isBuilt ? this.#currentSession() : null;
    if (!held || !identity || identity.kind === 'ephemeral') return null;
    const values = held.readValues();
    const json = toJson(values);
    if (json === this.#savedJson) return null;

    if (identity.kind === 'anonymous' && identity.isNew && !this.#announce(identity.sessionId)) return null;
    this.exchange.keepPrivate();
    return this.#store(identity, values, json);
  }

  async #store(identity: StoredIdentity, values: SessionValues, json: string): Promise<void> {
    const { logins, anonymous, cookies } = this.services;

    try {
      if (identity.kind === 'login') await logins.saveValues(identity.loginId, identity.startedAt, json);
      else await anonymous.save(anonymous.keyOf(identity.sessionId), values);
    } catch (error) {
      // A cookie of a session that was not stored would name nothing.
      if (this.#identity === identity && identity.kind === 'anonymous' && identity.isNew) {
        cookies.clearAnonymous(this.exchange);
        this.#announcement = 'withdrawn';
      }
      throw error;
    }
    if (this.#identity === identity) this.#savedJson = json;
  }

  /** Sets the cookie of a new anonymous session with values, before the head of the response goes out. */
  #announceWritten(): void {
    const identity = this.#identity;
    if (identity?.kind !== 'anonymous' || !identity.isNew || this.#announcement !== 'none') return;
    if (this.#hasStorableChanges()) this.#announce(identity.sessionId);
  }

  /**
   * Tells whether there are changes that can be stored. For a value that cannot be stored, the end of the response
   * reports the error, and the session gets no cookie.
   */
  #hasStorableChanges(): boolean {
    try {
      return toJson(this.values) !== this.#savedJson;
    } catch {
      return false;
    }
  }

  /**
   * Sets the cookie of a new session. Returns false if the cookie cannot reach the browser, because no row may be
   * stored without a cookie.
   */
  #announce(sessionId: string): boolean {
    if (this.#announcement === 'made') return true;
    const fault = this.exchange.cookieFault(this.services.options.session.anonymousCookie);
    if (fault) {
      this.services.log.warn(`A new session was written and could not be kept. ${fault.message}`);
      return false;
    }

    this.services.cookies.writeAnonymous(this.exchange, sessionId);
    this.#announcement = 'made';
    return true;
  }

  #put(): void {
    if (this.#isForeign) return;
    const { values, maxAge } = this.#start;
    this.services.engine.put(this.exchange, { id: this.#identity?.sessionId ?? null, values, maxAge });
  }

  /**
   * Returns the session of handlers. A former session of this request does not count, even if a handler keeps a
   * reference to it.
   */
  #currentSession(): CurrentSession | null {
    const held = this.services.engine.read(this.exchange);
    return held && held.id === (this.#identity?.sessionId ?? null) ? held : null;
  }
}
