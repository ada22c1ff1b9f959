/** Decides what a presented session id may do with a login record. Pure: the caller brings the record and the time. */
import { sameText } from '../http/signature.js';
import { hashOf } from './login-id.js';
import type { LoginRecord } from './login-record.js';

/**
 * - `alive`: this session id uses this login
 * - `gone`: there is no such login, or it is another session's: an id of before a login, confirmation or logout
 * - `idle`, `absolute`: the login has ended by that limit
 */
export type LoginVerdict = 'alive' | 'gone' | 'idle' | 'absolute';

/** Judges a session id against the record it names. @param now milliseconds on the store's clock */
export function judgeLogin(record: LoginRecord | null, sessionId: string, now: number): LoginVerdict {
  if (!record || !sameText(hashOf(sessionId), record.session.idHash)) return 'gone';
  if (now >= record.session.endsAt) return 'absolute';
  if (now >= record.session.idleEndsAt) return 'idle';
  return 'alive';
}

/** True where the login was made or confirmed, and at most `maxAge` milliseconds ago; a time in the future counts as never. */
export function isFreshEnough(record: LoginRecord, now: number, maxAge: number | null): boolean {
  if (record.freshAt === null || record.freshAt > now) return false;
  return maxAge === null || now - record.freshAt <= maxAge;
}
