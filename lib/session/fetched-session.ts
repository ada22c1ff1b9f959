/** What the session cookies of one request name, and what the stores have answered about it. */
import { LoginFault } from '../exceptions/login-fault.js';
import type { HttpExchange } from '../http/http-exchange.js';
import { hashOf, loginIdOf } from '../logins/login-id.js';
import type { FoundSession, LoginSnapshot, SessionLogin } from '../logins/login-snapshot.js';
import type { SessionValues } from '../logins/session-values-json.js';
import { valuesOf } from './anonymous-sessions.js';
import type { SessionServices } from './session-services.js';

/** The stored session of a visitor who is not logged in. */
export interface AnonymousSession {
  readonly sessionId: string;
  readonly values: SessionValues;
}

/** An anonymous session that the request names, and the name by which the store knows it. */
interface AnonymousKey {
  readonly sessionId: string;
  readonly key: string;
}

/** What was read for a request. */
export interface FetchedValues {
  readonly found: FoundSession;
  readonly anonymous: AnonymousSession | null;
}

/** What was read for a request, or why it could not be read. */
export type FetchOutcome = FetchedValues | { readonly error: unknown };

/** Milliseconds after which a login is read again, because a handler may ask minutes after the request has come. */
const STALE = 5_000;

/**
 * So many logins of each kind of cookie are deleted for one request. A browser has two or three after a change of path
 * and domain. An attacker may have collected hundreds, and contradicting cookies let nobody in.
 */
const MOST_DELETED = 4;

/** What a request without a session has found. */
export const NOT_FOUND: FoundSession = Object.freeze({ verdict: 'not-found', snapshot: null });

const NOTHING_FETCHED: FetchedValues = Object.freeze({ found: NOT_FOUND, anonymous: null });

/**
 * Reads each thing once for one request, and keeps failures: a guard does not wait again for a store that has failed.
 */
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

  /** The login ids of all genuine session cookies, and of logins made since. */
  get loginIds(): readonly string[] {
    return (this.#loginIds ??= this.#sessionIds().flatMap((id) => loginIdOf(id) ?? []));
  }

  /** A hash of the first genuine session id, of a login before one of a stranger; null for none. */
  get presentedHash(): string | null {
    const [sessionId] = this.#sessionIds();
    if (sessionId !== undefined) return hashOf(sessionId);
    return this.services.cookies.hasAnonymous(this.exchange) ? (this.#presentedAnonymous()[0]?.key ?? null) : null;
  }

  /**
   * Returns what `load` has read.
   * @throws LoginUnavailableException where the store has failed; LoginFault ERR_LOGIN_SESSION_NOT_LOADED
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
   * Reads what a session is built from. Never rejects: the outcome says what failed. Null: there is nothing to wait
   * for.
   */
  load(): Promise<void> | null {
    if (this.#outcome) return null;
    if (this.#sessionId !== undefined || this.services.cookies.hasAnonymous(this.exchange))
      return (this.#loading ??= this.#load());
    this.#outcome = NOTHING_FETCHED;
    return null;
  }

  /** Returns the login that the session cookie names: one round trip, once a request. */
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
    // A question for more of it does not wait again for a store that has just failed.
    if (!wanted.values) this.#found.catch(() => (this.#hasFailed = true));
    return this.#found;
  }

  /** Notes a login that this request has made. */
  addLogin(loginId: string): void {
    this.#loginIds = [...this.loginIds, loginId];
  }

  /**
   * Deletes the logins that the session cookies name, and these. Whether this call deleted any; null: there are none.
   */
  deleteLogins(others: readonly string[]): Promise<boolean> | null {
    const ids = [...new Set([...this.loginIds.slice(-MOST_DELETED), ...others.slice(0, MOST_DELETED)])];
    if (!ids.length) return null;
    return Promise.all(ids.map((id) => this.services.logins.delete(id))).then((deleted) => {
      this.#loginIds = [];
      return deleted.includes(true);
    });
  }

  /** From now on this counts, whatever the store would say, because this request has changed it. */
  know(found: FoundSession): void {
    this.#found = Promise.resolve(found);
    this.#isChanged = true;
    this.#hasValues = true;
    this.#outcome = { found, anonymous: null };
  }

  /** Notes what the store has now of the login that was found, under the same session id. */
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
   * Returns the record of this id where the session cookie led to it, null where there is none; undefined: not read.
   */
  async snapshotOf(loginId: string): Promise<LoginSnapshot | null | undefined> {
    const sessionId = this.#sessionId;
    if (sessionId === undefined || this.#isChanged || loginIdOf(sessionId) !== loginId) return undefined;
    const found = await this.find();
    if (this.#isChanged) return undefined;
    return found.verdict === 'alive' ? found.login : found.snapshot;
  }

  /**
   * Deletes every anonymous session that the request brought, without reading it. Null: there is none.
   * @param made the id of one more, which this request has stored; null: none
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

  /** The one session id that counts: two different genuine ids contradict each other. */
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
