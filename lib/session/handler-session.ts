/** The session that the handlers of one request hold: built when somebody touches it, and saved at the end. */
import type { HttpExchange } from '../http/http-exchange.js';
import { toJson } from '../logins/session-values-json.js';
import type { SessionValues } from '../logins/session-values-json.js';
import type { HeldSession } from './session-engine.js';
import { EMPTY_SESSION, EPHEMERAL } from './session-identity.js';
import type { SessionIdentity, SessionStart, StoredIdentity } from './session-identity.js';
import type { SessionServices } from './session-services.js';

/** Holds what handlers see at `req.session`. Builds nothing for a request that nobody asks for its session. */
export class HandlerSession {
  #identity: SessionIdentity | undefined;
  #start = EMPTY_SESSION;
  #savedJson = EMPTY_SESSION.savedJson;
  #isBuilt = false;
  #isForeign = false;
  /** How far the cookie of a new anonymous session has come. */
  #announcement: 'none' | 'made' | 'withdrawn' = 'none';

  constructor(
    private readonly exchange: HttpExchange,
    private readonly services: SessionServices,
  ) {}

  /** Which session it is; undefined: nobody has asked yet. */
  get identity(): SessionIdentity | undefined {
    return this.#identity;
  }

  /** True once handlers hold a session, or have put something else in its place. */
  get isBuilt(): boolean {
    return this.#isBuilt;
  }

  /** The values that handlers see, or would see. @throws LoginFault ERR_LOGIN_SESSION_VALUE */
  get values(): SessionValues {
    return this.#isBuilt ? (this.#held()?.readValues() ?? {}) : this.#start.values;
  }

  /** The values as they stand in the store, as JSON. */
  get savedJson(): string {
    return this.#savedJson;
  }

  /** The id of a new anonymous session that this request has stored, or null. Its cookie has not gone out yet. */
  get storedNewId(): string | null {
    const identity = this.#identity;
    const isStored = identity?.kind === 'anonymous' && identity.isNew && this.#savedJson !== this.#start.savedJson;
    return isStored ? identity.sessionId : null;
  }

  /** True where the application has taken the session off, by `destroy()` or by `req.session = null`. */
  get isTakenOff(): boolean {
    return this.#isBuilt && !this.#isForeign && !this.#held();
  }

  /** Notes which session the request came with. A session that the application has taken off stays off. */
  identify(identity: SessionIdentity, start: SessionStart = EMPTY_SESSION): void {
    this.#identity = identity;
    this.#start = start;
    this.#savedJson = start.savedJson;
    this.#announcement = 'none';
  }

  /** Goes on with this session. Where handlers hold one already, it takes the place of that one at once. */
  use(identity: SessionIdentity, start?: SessionStart): void {
    this.identify(identity, start);
    if (this.#isBuilt) this.#put();
  }

  /** Builds the session. Called once, where nobody has touched it before. */
  build(): void {
    this.#isBuilt = true;
    this.#put();
    // A streamed answer sends its head before its end.
    this.exchange.beforeHead(() => this.#announceWritten());
  }

  /** Notes what the application has put at `req.session` before a session was built. An object there stays. */
  leaveToApplication(value: unknown): void {
    this.#isBuilt = true;
    this.#isForeign = typeof value === 'object' && value !== null;
  }

  /** Goes on with the values that the store has now (`req.session.reload()`). */
  reload(values: SessionValues): void {
    this.#savedJson = toJson(values);
    this.#start = { ...this.#start, values };
    this.#put();
  }

  /** Takes the session off the request: nothing is saved, and no cookie is sent. */
  remove(): void {
    this.#isBuilt = true;
    this.#identity = EPHEMERAL;
    this.services.engine.remove(this.exchange);
  }

  /**
   * Saves what handlers have written.
   * @returns null where nothing has to be saved
   * @throws LoginFault ERR_LOGIN_SESSION_VALUE for a value that JSON cannot hold
   */
  save(): Promise<void> | null {
    const identity = this.#identity;
    const held = this.#isBuilt ? this.#held() : null;
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
      // A cookie for a session that was not stored would name nothing.
      if (this.#identity === identity && identity.kind === 'anonymous' && identity.isNew) {
        cookies.clearAnonymous(this.exchange);
        this.#announcement = 'withdrawn';
      }
      throw error;
    }
    if (this.#identity === identity) this.#savedJson = json;
  }

  /** Sets the cookie of a new anonymous session that holds something, while the head can still take it. */
  #announceWritten(): void {
    const identity = this.#identity;
    if (identity?.kind !== 'anonymous' || !identity.isNew || this.#announcement !== 'none') return;
    if (this.#hasStorableChanges()) this.#announce(identity.sessionId);
  }

  /** False for a value that cannot be stored. The end of the response reports it, and its session gets no cookie. */
  #hasStorableChanges(): boolean {
    try {
      return toJson(this.values) !== this.#savedJson;
    } catch {
      return false;
    }
  }

  /** False where the cookie of a new session cannot reach the browser: no row may be stored without one. */
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

  /** A session that the request has left behind is not what handlers hold, even where they keep a reference to it. */
  #held(): HeldSession | null {
    const held = this.services.engine.read(this.exchange);
    return held && held.id === (this.#identity?.sessionId ?? null) ? held : null;
  }
}
