/** Ids of login records and sessions, verifiers of remember tokens, and their hashes in a store. */
import { hash } from 'node:crypto';
import { randomText } from './random.js';

const RANDOM = '[\\w-]{22}';
const LOGIN = new RegExp(`^[\\w-]{16}${RANDOM}$`);
const LOGIN_SESSION = new RegExp(`^([\\w-]{16}${RANDOM})\\.${RANDOM}$`);
const ANONYMOUS_SESSION = new RegExp(`^${RANDOM}$`);

/**
 * Returns a new record id. It has 96 bits that name the user, so that a store can keep the logins of a user together,
 * and 128 random bits.
 * @param salt the option `userKeySalt`. With it, a thief with a cookie cannot test guesses at the user id
 */
export function newLoginId(userId: string, salt: string): string {
  return userKey(userId, salt) + randomText(16);
}

/**
 * Returns the first part of all record ids of a user. It is a labelled hash without the secret, because the secret may
 * be rotated.
 */
export function userKey(userId: string, salt: string): string {
  return hash('sha256', `nestjs-login user\0${salt}\0${userId}`, 'base64url').slice(0, 16);
}

/** Returns the user key that a record id begins with. */
export function userKeyOf(loginId: string): string {
  return loginId.slice(0, 16);
}

/** Returns a new verifier of a remember token, with 256 random bits in 43 characters. */
export function newVerifier(): string {
  return randomText(32);
}

/** Returns a new session id for a login. It names the record and adds 128 random bits (OWASP ASVS 7.2.3). */
export function newLoginSessionId(loginId: string): string {
  return `${loginId}.${randomText(16)}`;
}

/** Returns a new session id for a visitor without a login, with 128 random bits. */
export function newAnonymousSessionId(): string {
  return randomText(16);
}

/** Returns the record id inside a login's session id, or undefined for any other text. */
export function loginIdOf(sessionId: string): string | undefined {
  return LOGIN_SESSION.exec(sessionId)?.[1];
}

/** Tells whether a text has the form of a record id. */
export function isLoginId(text: string): boolean {
  return LOGIN.test(text);
}

/** Tells whether a text has the form of an anonymous session's id. */
export function isAnonymousSessionId(sessionId: string): boolean {
  return ANONYMOUS_SESSION.test(sessionId);
}

/**
 * Returns the hash of a session id or a verifier, for a store. Nobody can log in with it (CVE-2019-16782, OWASP ASVS
 * 6.5.2).
 */
export function hashOf(secret: string): string {
  return hash('sha256', secret, 'base64url');
}
