/** How session stores of ours answer express-session, and what they take for a session. */
import type { StoredSession } from '../logins/login-storage.js';

/** Hands the outcome to a callback. Outside of the chain: what the callback throws is no failure of the store. */
export function answer<Answer>(work: Promise<Answer>, callback?: (error: unknown, answer?: Answer) => void): void {
  work.then(
    (found) => callback && setImmediate(callback, null, found),
    (error: unknown) => callback && setImmediate(callback, error),
  );
}

/** What express-session writes of a cookie; with a time of another kind it would throw at every request. */
function isCookie(cookie: unknown): cookie is StoredSession['cookie'] {
  if (typeof cookie !== 'object' || cookie === null || 'maxAge' in cookie) return false;
  const { originalMaxAge = null, expires = null } = cookie as Partial<StoredSession['cookie']>;
  const isTime = expires === null || !Number.isNaN(Date.parse(String(expires)));
  return isTime && (originalMaxAge === null || Number.isFinite(originalMaxAge));
}

/** The session of a stored text. What is damaged or not ours is no session: the visitor begins anew. */
export function sessionOf(text: unknown): StoredSession | null {
  try {
    const session = JSON.parse(String(text)) as StoredSession | null;
    return isCookie(session?.cookie) ? session : null;
  } catch {
    return null;
  }
}
