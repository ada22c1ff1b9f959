/** The storage of an application: login records, and the sessions of visitors without a login. */
import type { LoginStore } from './login-store.js';

/** A session as express-session passes it to a store: its cookie, and the values of the application. */
export interface StoredSession {
  cookie: { originalMaxAge: number | null; expires?: Date | string | null | undefined };
}

/** A session store of express-session, or any object of its shape. It sees hashes of session ids, and never an id. */
export interface SessionStore {
  /**
   * Checks the store once, before the application answers its first request. Rejects a mistake that would fail later.
   */
  start?(): Promise<void>;
  /** Returns a session, or null or undefined if there is none. */
  get(id: string, callback: (error: unknown, session?: StoredSession | null) => void): void;
  /** Saves a session under this id, new or not. */
  set(id: string, session: StoredSession, callback?: (error?: unknown) => void): void;
  /** Deletes a session. */
  destroy(id: string, callback?: (error?: unknown) => void): void;
  /** Postpones the end of a session. */
  touch?(id: string, session: StoredSession, callback?: () => void): void;
}

/** The storage of an application. */
export interface LoginStorage {
  /** sessions of visitors without a login */
  readonly sessions: SessionStore;
  /** login records, with the session values of each login */
  readonly logins: LoginStore;
}
