/**
 * Decides whether a session id may use a login record, and when a record expires. Pure functions of record and time.
 */
import { sameText } from '../http/signature.js';
import { hashOf } from './login-id.js';
import type { LoginRecord } from './login-record.js';

/** The limits of records, in milliseconds. */
export interface RecordLimits {
  /** a session cookie may use a login for this time after its last use */
  readonly login: { readonly idle: number };
  /** a remember cookie may use a login for this time after its last use */
  readonly remember: { readonly idle: number };
  /** a record that was made earlier is expired */
  readonly notBefore: number;
}

/**
 * - `alive`: this session id uses this login
 * - `not-found`: there is no such login, or a login, confirmation, restore or logout has replaced the id
 * - `idle`, `absolute`: the session has expired by that limit
 */
export type LoginVerdict = 'alive' | 'not-found' | 'idle' | 'absolute';

/** Decides whether a session id may use the record that it names. @param at.now milliseconds on the store's clock */
export function decideLogin(
  record: LoginRecord | null,
  sessionId: string,
  { now, limits }: { readonly now: number; readonly limits: RecordLimits },
): LoginVerdict {
  if (!record || record.createdAt < limits.notBefore) return 'not-found';
  if (!sameText(hashOf(sessionId), record.session.idHash)) return 'not-found';
  if (now >= record.session.endsAt) return 'absolute';
  return now >= record.lastSeenAt + limits.login.idle ? 'idle' : 'alive';
}

/** Returns when the remembered part of a login ends; 0 where it has none. */
export function rememberEndsAt(
  { remember, lastSeenAt }: Pick<LoginRecord, 'remember' | 'lastSeenAt'>,
  limits: RecordLimits,
): number {
  return remember ? Math.min(lastSeenAt + limits.remember.idle, remember.endsAt) : 0;
}

/** Returns when neither cookie can use a record any more. That is the later end of its two parts. */
export function recordEndsAt(
  record: Pick<LoginRecord, 'session' | 'remember' | 'lastSeenAt'>,
  limits: RecordLimits,
): number {
  const sessionEndsAt = Math.min(record.lastSeenAt + limits.login.idle, record.session.endsAt);
  return Math.max(sessionEndsAt, rememberEndsAt(record, limits));
}

/** Tells whether neither a session cookie nor a remember cookie can use a record any more. */
export function isExpired(record: LoginRecord, now: number, limits: RecordLimits): boolean {
  return record.createdAt < limits.notBefore || now >= recordEndsAt(record, limits);
}

/**
 * Compares the user's security stamp with that of the login or its last confirmation. Returns whether it is the same.
 */
export function hasStamp(record: LoginRecord, stampHash: string | null): boolean {
  if (record.stampHash === null || stampHash === null) return record.stampHash === null && stampHash === null;
  return sameText(record.stampHash, stampHash);
}

/** Milliseconds by which the store's time on one node may be behind that on another. */
const CLOCK_ERROR = 1000;

/**
 * Tells whether the login was made or confirmed at most `maxAge` milliseconds ago. Null accepts any age. A time in the
 * future counts as never.
 */
export function isFreshEnough(record: LoginRecord, now: number, maxAge: number | null): boolean {
  if (record.freshAt === null || record.freshAt > now + CLOCK_ERROR) return false;
  return maxAge === null || now - record.freshAt <= maxAge;
}
