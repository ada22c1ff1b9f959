/** Ids of login records and sessions, and verifiers of remember tokens. All randomness of this package is made here. */
import { createHash, randomBytes } from 'node:crypto';

const RANDOM = '[\\w-]{22}';
const LOGIN = new RegExp(`^[\\w-]{16}${RANDOM}$`);
const LOGIN_SESSION = new RegExp(`^([\\w-]{16}${RANDOM})\\.${RANDOM}$`);
const ANONYMOUS_SESSION = new RegExp(`^${RANDOM}$`);

/** 128 bits of the system's generator, 22 characters (OWASP ASVS 7.2.3). */
const random = (): string => randomBytes(16).toString('base64url');

/**
 * A new record id: 96 bits that name the user, so that a store can keep a user's logins together, then 128 random bits.
 * @param salt the option `userKeySalt`: with it, who holds a cookie cannot test guesses at the user id
 */
export function newLoginId(userId: string, salt: string): string {
  return userKey(userId, salt) + random();
}

/** The part that all record ids of a user begin with: a labelled hash, not keyed by the secret, which may be rotated. */
export function userKey(userId: string, salt: string): string {
  return createHash('sha256').update(`nestjs-login user\0${salt}\0${userId}`).digest('base64url').slice(0, 16);
}

/** The user key that a record id begins with. */
export function userKeyOf(loginId: string): string {
  return loginId.slice(0, 16);
}

/** A new verifier of a remember token: 256 bits of the system's generator, 43 characters. */
export function newVerifier(): string {
  return randomBytes(32).toString('base64url');
}

/** A new session id for a login: it names the record and adds 128 random bits that only the browser knows. */
export function newLoginSessionId(loginId: string): string {
  return `${loginId}.${random()}`;
}

/** A new session id for a visitor who is not logged in. */
export function newAnonymousSessionId(): string {
  return random();
}

/** The record id inside a login's session id, or undefined for any other text. */
export function loginIdOf(sessionId: string): string | undefined {
  return LOGIN_SESSION.exec(sessionId)?.[1];
}

/** True for what `newLoginId` can have made. */
export function isLoginId(text: string): boolean {
  return LOGIN.test(text);
}

/** True for what `newAnonymousSessionId` can have made. */
export function isAnonymousSessionId(sessionId: string): boolean {
  return ANONYMOUS_SESSION.test(sessionId);
}

/** What a store may know of a session id or a verifier: it opens nothing (CVE-2019-16782, OWASP ASVS 6.5.2). */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
