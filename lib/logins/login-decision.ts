/** Decides what a presented session id may do with a login record, and when a record ends. Pure: the caller brings the record and the time. */
import { sameText } from '../http/signature.js';
import { hashOf } from './login-id.js';
import type { LoginRecord } from './login-record.js';

/** What records are held to; all in milliseconds. */
export interface RecordLimits {
  /** how long a login may go unused by a session cookie */
  readonly idle: number;
  /** and by a remember cookie */
  readonly rememberIdle: number;
  /** records that were made earlier are dead */
  readonly notBefore: number;
}

/**
 * - `alive`: this session id uses this login
 * - `gone`: there is no such login, or it is another session's: an id of before a login, confirmation, restore or logout
 * - `idle`, `absolute`: the session has ended by that limit
 */
export type LoginVerdict = 'alive' | 'gone' | 'idle' | 'absolute';

/** Judges a session id against the record it names. @param now milliseconds on the store's clock */
export function judgeLogin(
  record: LoginRecord | null,
  sessionId: string,
  now: number,
  { idle, notBefore }: RecordLimits,
): LoginVerdict {
  if (!record || record.createdAt < notBefore || !sameText(hashOf(sessionId), record.session.idHash)) return 'gone';
  if (now >= record.session.endsAt) return 'absolute';
  return now >= record.lastSeenAt + idle ? 'idle' : 'alive';
}

/** When the remembered part of a login ends; 0 where it has none. */
export function rememberEndsAt(
  { remember, lastSeenAt }: Omit<LoginRecord, 'endsAt'>,
  { rememberIdle }: RecordLimits,
): number {
  return remember ? Math.min(lastSeenAt + rememberIdle, remember.endsAt) : 0;
}

/** When a record is of no more use to anybody: the later end of its two parts. */
export function recordEndsAt(record: Omit<LoginRecord, 'endsAt'>, limits: RecordLimits): number {
  const sessionEndsAt = Math.min(record.lastSeenAt + limits.idle, record.session.endsAt);
  return Math.max(sessionEndsAt, rememberEndsAt(record, limits));
}

/** True once neither a session cookie nor a remember cookie can use a record. */
export function isOver(record: LoginRecord, now: number, limits: RecordLimits): boolean {
  return record.createdAt < limits.notBefore || now >= recordEndsAt(record, limits);
}

/** True where the user proves with what they proved with when the login was made or confirmed. */
export function hasStamp(record: LoginRecord, stampHash: string | null): boolean {
  return sameText(record.stampHash ?? '', stampHash ?? '');
}

/** Milliseconds by which one node's idea of the store's time may be behind another's. */
const CLOCK_ERROR = 1000;

/** True where the login was made or confirmed, and at most `maxAge` milliseconds ago; a time in the future counts as never. */
export function isFreshEnough(record: LoginRecord, now: number, maxAge: number | null): boolean {
  if (record.freshAt === null || record.freshAt > now + CLOCK_ERROR) return false;
  return maxAge === null || now - record.freshAt <= maxAge;
}
