/** What a request has to do with a login: read from the store, alive under a session id, about to be made. */
import type { LoginVerdict } from './login-decision.js';
import type { LoginRecord } from './login-record.js';

/** A record as the store had it at its time `now`. */
export interface LoginSnapshot {
  readonly record: LoginRecord;
  readonly now: number;
  /** when that was by this process's monotonic clock */
  readonly readAt: number;
}

/** Returns the store's time now, carried on from a snapshot, in whole seconds: a smaller delay makes no difference. */
export function timeAt({ now, readAt }: LoginSnapshot): number {
  return now + Math.floor((performance.now() - readAt) / 1000) * 1000;
}

/** A login that counts for a request, with the session id that uses it. Null: it counts for this one request. */
export interface ActiveLogin extends LoginSnapshot {
  readonly sessionId: string | null;
}

/** A login that a session cookie uses. */
export interface SessionLogin extends ActiveLogin {
  readonly sessionId: string;
}

/** What a presented session id led to. */
export type FoundSession =
  | { readonly verdict: Exclude<LoginVerdict, 'alive'>; readonly snapshot: LoginSnapshot | null }
  | { readonly verdict: 'alive'; readonly login: SessionLogin; readonly values: StoredValues | null };

/** The values of a login's session as the store had them. */
export interface StoredValues {
  readonly json: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** What is noted of the browser that uses a login. */
export interface LoginClient {
  readonly identifier: string;
  readonly userAgent: string;
  readonly ip: string;
}

/** What is known of a new login before it has an id. */
export interface NewLogin extends LoginClient {
  readonly userId: string;
  readonly stampHash: string | null;
  readonly fresh: boolean;
  /** see `LoginRecord` */
  readonly submissionHash: string | null;
  /** SHA-256 of the verifier of its remember token, and how many milliseconds it is remembered; null: it is not */
  readonly remember: { readonly hash: string; readonly duration: number } | null;
}

/** A login that was just made. */
export interface OpenedLogin extends SessionLogin {
  /** the ids of logins of the user that made room for it */
  readonly evicted: readonly string[];
  /** see `InsertedLogin` */
  readonly theftSeenAt: number | null;
}
