/** The session cookies of one request, and the results of the stores for them. */
import { LoginFault } from '../exceptions/login-fault.js';
import type { HttpExchange } from '../http/http-exchange.js';
import { hashOf, loginIdOf } from '../logins/login-id.js';
import type { FoundSession, LoginSnapshot, SessionLogin } from '../logins/login-snapshot.js';
import type { SessionValues } from '../logins/session-values-json.js';
import { valuesOf } from './anonymous-sessions.js';
import type { SessionServices } from './session-services.js';

/** A stored anonymous session. */
export interface AnonymousSession {
  readonly sessionId: string;
  readonly values: SessionValues;
}

/** An anonymous session that the request names, with its key in the store. */
interface AnonymousKey {
  readonly sessionId: string;
  readonly key: string;
}

/** The data that was read for a request. */
export interface FetchedValues {
  readonly found: FoundSession;
  readonly anonymous: AnonymousSession | null;
}

/** The data that was read for a request, or the error of the read. */
export type FetchOutcome = FetchedValues | { readonly error: unknown };

/** The time in milliseconds after which a login is read again. A handler may ask minutes after the request arrived. */
const STALE = 5_000;

/**
 * The most logins that one request deletes for each kind of cookie. A browser has two or three after a change of path
 * and domain. An attacker may have collected hundreds, and conflicting cookies let nobody in.
 */
const MAX_DELETED = 4;

/** The result for a request without a session. */
export const NOT_FOUND: FoundSession = Object.freeze({ verdict: 'not-found', snapshot: null });

const NOTHING_FETCHED: FetchedValues = Object.freeze({ found: NOT_FOUND, anonymous: null });

/** Reads each value once per request, and keeps failures. A guard therefore does not wait again for a failed store. */
export class FetchedSession {
  #presentedIds: readonly string[] | undefined;
  #anonymousKeys: readonly AnonymousKey[] | undefined;
  #loginIds: readonly string[] | undefined;
  #found: Promise<FoundSession> | undefined;
  #hasValues = false;
  #hasFailed = false;
  #readAt = 0;
  #isChanged = false;
  #loading: Promise<void> | undefined;
  #outcome: FetchOutcome | undefined;

  constructor(
    private readonly exchange: HttpExchange,
    private readonly services: SessionServices,
  ) {}

  /** The login ids of all genuine session cookies, and of the logins that this request has made. */
  get loginIds(): readonly string[] {
    return (this.#loginIds ??= this.#sessionIds().flatMap((id) => loginIdOf(id) ?? []));
  }

  /** A hash of the first genuine session id. A login comes before an anonymous session. Null: there is none. */
  get presentedHash(): string | null {
    const [sessionId] = this.#sessionIds();
    if (sessionId !== undefined) return hashOf(sessionId);
    return this.services.cookies.hasAnonymous(this.exchange) ? (this.#presentedAnonymous()[0]?.key ?? null) : null;
  }

  /**
   * Returns the data that `load` has read.
   * @throws LoginUnavailableException if the store has failed; LoginFault ERR_LOGIN_SESSION_NOT_LOADED
   */
  requireLoaded(): FetchedValues {
    const outcome = this.#outcome;
    if (!outcome)
      throw new LoginFault(
        'ERR_LOGIN_SESSION_NOT_LOADED',
        `The session of this request was not read, because "session.load" is 'on-demand'.`,
        'Mark the handler with @UseSession(), or await login.session(req) before.',
      );
    if ('error' in outcome) throw outcome.error;
    return outcome;
  }

  /**
   * Reads the data that a session is built from. Never rejects, because the outcome keeps the error. Returns null if
   * there is nothing to wait for.
   */
  load(): Promise<void> | null {
    if (this.#outcome) return null;
    if (this.#sessionId !== undefined || this.services.cookies.hasAnonymous(this.exchange))
      return (this.#loading ??= this.#load());
    this.#outcome = NOTHING_FETCHED;
    return null;
  }

  /** Returns the login that the session cookie names. Costs one round trip per request. */
  find(wanted: { readonly values: boolean } = { values: false }): Promise<FoundSession> {
    const sessionId = this.#sessionId;
    if (sessionId === undefined) return (this.#found ??= Promise.resolve(NOT_FOUND));
    const isStale = !this.#isChanged && performance.now() - this.#readAt > STALE;
    const isPoorer = wanted.values && !this.#hasValues && !this.#hasFailed;
    if (this.#found && !isStale && !isPoorer) return this.#found;

    this.#readAt = performance.now();
    this.#hasValues = wanted.values;
    this.#hasFailed = false;
    this.#found = this.services.logins.findBySessionId(sessionId, wanted);
    // If the store has just failed, a later request for the values does not wait for it again.
    if (!wanted.values) this.#found.catch(() => (this.#hasFailed = true));
    return this.#found;
  }

  /** Adds a login that this request has made. */
  addLogin(loginId: string): void {
    this.#loginIds = [...this.loginIds, loginId];
  }

  /**
   * Deletes the logins that the session cookies name, and the given ones. Returns whether this call deleted any.
   * Returns null if there are none.
   */
  deleteLogins(others: readonly string[]): Promise<boolean> | null {
    const ids = [...new Set([...this.loginIds.slice(-MAX_DELETED), ...others.slice(0, MAX_DELETED)])];
    if (!ids.length) return null;
    return Promise.all(ids.map((id) => this.services.logins.delete(id))).then((deleted) => {
      this.#loginIds = [];
      return deleted.includes(true);
    });
  }

  /** Sets the result for the rest of the request, because this request has changed the session itself. */
  setFound(found: FoundSession): void {
    this.#found = Promise.resolve(found);
    this.#isChanged = true;
    this.#hasValues = true;
    this.#outcome = { found, anonymous: null };
  }

  /** Updates the login that was found, under the same session id. */
  update(login: SessionLogin): void {
    const outcome = this.#outcome && 'found' in this.#outcome ? this.#outcome : undefined;
    const known = outcome?.found.verdict === 'alive' ? outcome.found : undefined;
    const found: FoundSession = { verdict: 'alive', login, values: known?.values ?? null };

    this.#found = Promise.resolve(found);
    this.#readAt = performance.now();
    this.#hasValues = found.values !== null;
    if (known) this.#outcome = { found, anonymous: null };
  }

  /**
   * Returns the record of this id if the session cookie led to it. Returns null if there is no such record, and
   * undefined if it was not read.
   */
  async snapshotOf(loginId: string): Promise<LoginSnapshot | null | undefined> {
    const sessionId = this.#sessionId;
    if (sessionId === undefined || this.#isChanged || loginIdOf(sessionId) !== loginId) return undefined;
    const found = await this.find();
    if (this.#isChanged) return undefined;
    return found.verdict === 'alive' ? found.login : found.snapshot;
  }

  /**
   * Deletes every anonymous session that the request named, without reading it. Returns null if there is none.
   * @param made the id of one more session, which this request has stored; null for none
   */
  deleteAnonymous(made: string | null): Promise<void> | null {
    const { cookies, anonymous } = this.services;
    const keys = cookies.hasAnonymous(this.exchange) ? this.#presentedAnonymous().map(({ key }) => key) : [];
    if (made !== null) keys.push(anonymous.keyOf(made));
    if (!keys.length) return null;
    return Promise.all(keys.map((key) => anonymous.delete(key))).then(() => undefined);
  }

  async #load(): Promise<void> {
    try {
      const found = await this.find({ values: true });
      const isAnonymous = found.verdict !== 'alive' && this.services.cookies.hasAnonymous(this.exchange);
      const anonymous = isAnonymous ? await this.#findAnonymous() : null;
      this.#outcome ??= { found, anonymous };
    } catch (error) {
      this.#outcome ??= { error };
    }
  }

  async #findAnonymous(): Promise<AnonymousSession | null> {
    const [presented, ...others] = this.#presentedAnonymous();
    if (!presented || others.length) return null;
    const stored = await this.services.anonymous.find(presented.key);
    return stored && { sessionId: presented.sessionId, values: valuesOf(stored) };
  }

  /** The session id of the request. Two different genuine ids conflict, and then none counts. */
  get #sessionId(): string | undefined {
    const ids = this.#sessionIds();
    return ids.length === 1 ? ids[0] : undefined;
  }

  #sessionIds(): readonly string[] {
    return (this.#presentedIds ??= this.services.cookies.readLogins(this.exchange));
  }

  #presentedAnonymous(): readonly AnonymousKey[] {
    const { cookies, anonymous } = this.services;
    return (this.#anonymousKeys ??= cookies
      .readAnonymous(this.exchange)
      .map((sessionId) => ({ sessionId, key: anonymous.keyOf(sessionId) })));
  }
}
