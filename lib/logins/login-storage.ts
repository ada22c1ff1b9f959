/** What an application hands over as its storage: login records, and the sessions of visitors who are not logged in. */
import type { LoginStore } from './login-store.js';

/** A session as express-session hands it to a store: its cookie, and the values of the application. */
export interface StoredSession {
  cookie: { originalMaxAge: number | null; expires?: Date | string | null | undefined };
}

/** A session store of express-session, or anything of its shape. Sees only hashes of session ids. */
export interface SessionStore {
  /** Called once before the application serves anybody; rejects for what would only fail later. */
  start?(): Promise<void>;
  /** Answers a session, or null or undefined where there is none. */
  get(id: string, callback: (error: unknown, session?: StoredSession | null) => void): void;
  /** Keeps a session, under this id, new or not. */
  set(id: string, session: StoredSession, callback?: (error?: unknown) => void): void;
  /** Forgets a session. */
  destroy(id: string, callback?: (error?: unknown) => void): void;
  /** Keeps a session from expiring. */
  touch?(id: string, session: StoredSession, callback?: () => void): void;
}

/** The storage of an application. */
export interface LoginStorage {
  /** sessions of visitors who are not logged in */
  readonly sessions: SessionStore;
  /** login records, with the session values of who is logged in */
  readonly logins: LoginStore;
}
