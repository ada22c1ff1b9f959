/** The stored sessions of visitors without a login. The store sees a hash of each session id, and never the id. */
import { hashOf } from '../logins/login-id.js';
import type { SessionStore, StoredSession } from '../logins/login-storage.js';
import { RecentKeys } from '../logins/recent-keys.js';
import { unstorable } from '../logins/session-values-json.js';
import type { SessionValues } from '../logins/session-values-json.js';
import type { StoreCalls } from '../logins/store-calls.js';

type Callback<Answer> = (error: unknown, answer?: Answer) => void;

/** The time in milliseconds in which one process extends one session at most once. */
const KEEP_ALIVE_INTERVAL = 60_000;

/** Reads, saves and deletes anonymous sessions in any session store of express-session. */
export class AnonymousSessions {
  readonly #keptAlive = new RecentKeys(KEEP_ALIVE_INTERVAL);

  constructor(
    private readonly store: SessionStore,
    private readonly calls: StoreCalls,
  ) {}

  /** Returns the key under which the store keeps a session (CVE-2019-16782). */
  keyOf(sessionId: string): string {
    return hashOf(sessionId);
  }

  /** Returns the stored session, or null. */
  async find(key: string): Promise<StoredSession | null> {
    const stored = await this.#call<StoredSession | null | undefined>((done) => this.store.get(key, done));
    if (stored) this.#keepAlive(key, stored);
    return stored ?? null;
  }

  /** Stores the values of a session. */
  async save(key: string, values: SessionValues): Promise<void> {
    const session = { ...values, cookie: { originalMaxAge: null, expires: null } };
    await this.#call<void>((done) => this.store.set(key, session, done));
    this.#keptAlive.add(key);
  }

  /** Deletes a session. */
  async delete(key: string): Promise<void> {
    await this.#call<void>((done) => this.store.destroy(key, done));
  }

  /** Extends a session in the background. If that fails, the session only expires sooner. */
  #keepAlive(key: string, stored: StoredSession): void {
    const { store } = this;
    if (!store.touch || !this.#keptAlive.add(key)) return;
    this.#call<void>((done) => store.touch?.(key, stored, () => done(null))).catch(() => undefined);
  }

  #call<Answer>(start: (done: Callback<Answer>) => void): Promise<Answer | undefined> {
    return this.calls.run(
      () =>
        new Promise<Answer | undefined>((resolve, reject) =>
          start((error, answer) => (error ? reject(error as Error) : resolve(answer))),
        ),
    );
  }
}

/**
 * Returns the values of a session, which is everything in it except the cookie.
 * @throws LoginFault ERR_LOGIN_SESSION_VALUE with the key of a getter that throws
 */
export function valuesOf(session: object): SessionValues {
  try {
    return Object.fromEntries(Object.entries(session).filter(([key]) => key !== 'cookie'));
  } catch (error) {
    throw unstorable(session as SessionValues, error);
  }
}
