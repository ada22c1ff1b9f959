/** What a request has to do with a login: seen in the store, alive under a session id, about to be made. */
import type { LoginVerdict } from './login-decision.js';
import type { LoginRecord } from './login-record.js';

/** A record as the store had it at its time `now`. */
export interface SeenLogin {
  readonly record: LoginRecord;
  readonly now: number;
  /** when that was by this process's monotonic clock */
  readonly readAt: number;
}

/** The store's time now, carried on from when a record was read; in whole seconds of delay, since less makes no difference. */
export function timeAt({ now, readAt }: SeenLogin): number {
  return now + Math.floor((performance.now() - readAt) / 1000) * 1000;
}

/** A login together with the session id that uses it. */
export interface SessionLogin extends SeenLogin {
  readonly sessionId: string;
}

/** A login that counts for a request; without a session id, for this one request alone. */
export interface LiveLogin extends SeenLogin {
  readonly sessionId: string | null;
}

/** What a presented session id led to. */
export type FoundSession =
  | { readonly verdict: Exclude<LoginVerdict, 'alive'>; readonly seen: SeenLogin | null }
  | { readonly verdict: 'alive'; readonly login: SessionLogin; readonly values: string | null };

/** What is noted of the browser that a login is used from. */
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
  /** SHA-256 of the verifier of its remember token, and how long it is remembered, in milliseconds; null: it is not */
  readonly remember: { readonly hash: string; readonly duration: number } | null;
}

/** A login that was just made. */
export interface OpenedLogin extends SessionLogin {
  /** the ids of logins of the user that made room for it */
  readonly evicted: readonly string[];
  /** see `InsertedLogin` */
  readonly theftSeenAt: number | null;
}
