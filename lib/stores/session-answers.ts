/** Answers the calls of express-session to a session store, and reads the sessions that it has stored. */
import type { StoredSession } from '../logins/login-storage.js';

/**
 * Hands the outcome to a callback, outside of the promise chain. An error that the callback throws is therefore no
 * failure of the store.
 */
export function answer<Answer>(work: Promise<Answer>, callback?: (error: unknown, answer?: Answer) => void): void {
  work.then(
    (found) => callback && setImmediate(callback, null, found),
    (error: unknown) => callback && setImmediate(callback, error),
  );
}

/** Recognises a cookie as express-session writes it. With a time of another kind it would throw at every request. */
function isCookie(cookie: unknown): cookie is StoredSession['cookie'] {
  if (typeof cookie !== 'object' || cookie === null || 'maxAge' in cookie) return false;
  const { originalMaxAge = null, expires = null } = cookie as Partial<StoredSession['cookie']>;
  const isTime = expires === null || !Number.isNaN(Date.parse(String(expires)));
  return isTime && (originalMaxAge === null || Number.isFinite(originalMaxAge));
}

/**
 * Reads a session from its text. Returns null for a damaged or foreign text, so that the visitor gets a new session.
 */
export function sessionOf(text: unknown): StoredSession | null {
  try {
    const session = JSON.parse(String(text)) as StoredSession | null;
    return isCookie(session?.cookie) ? session : null;
  } catch {
    return null;
  }
}
