/** A login at the stages of a request: read from the store, used by a session id, about to be made. */
import type { LoginVerdict } from './login-decision.js';
import type { LoginRecord } from './login-record.js';

/** A record as the store had it at its time `now`. */
export interface LoginSnapshot {
  readonly record: LoginRecord;
  readonly now: number;
  /** The time of the read on this process's monotonic clock. */
  readonly readAt: number;
}

/**
 * Returns the store's time now, computed from a snapshot. Rounds to whole seconds, because a shorter delay makes no
 * difference.
 */
export function timeAt({ now, readAt }: LoginSnapshot): number {
  return now + Math.floor((performance.now() - readAt) / 1000) * 1000;
}

/** A login that counts for a request, with the session id that uses it. Null: the login is ephemeral. */
export interface ActiveLogin extends LoginSnapshot {
  readonly sessionId: string | null;
}

/** A login that a session cookie uses. */
export interface SessionLogin extends ActiveLogin {
  readonly sessionId: string;
}

/** The result of the lookup of a session id. */
export type FoundSession =
  | { readonly verdict: Exclude<LoginVerdict, 'alive'>; readonly snapshot: LoginSnapshot | null }
  | { readonly verdict: 'alive'; readonly login: SessionLogin; readonly values: StoredValues | null };

/** The stored session values of a login. */
export interface StoredValues {
  readonly json: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** The browser that uses a login, as the record keeps it. */
export interface LoginClient {
  readonly identifier: string;
  readonly userAgent: string;
  readonly ip: string;
}

/** The data of a new login before it has an id. */
export interface NewLogin extends LoginClient {
  readonly userId: string;
  readonly stampHash: string | null;
  readonly fresh: boolean;
  /** see `LoginRecord` */
  readonly submissionHash: string | null;
  /**
   * SHA-256 of the verifier of its remember token, and its lifetime in milliseconds. Null: the login is not remembered.
   */
  readonly remember: { readonly hash: string; readonly duration: number } | null;
}

/** A login that was just made. */
export interface OpenedLogin extends SessionLogin {
  /** The ids of the logins that were deleted to make room. */
  readonly evicted: readonly string[];
  /** see `InsertedLogin` */
  readonly theftSeenAt: number | null;
}
