/** What is found out about the user of a request. */
import type { ActiveLogin } from '../logins/login-snapshot.js';

/** The user of a request, and the login that led to them. */
export interface ResolvedUser {
  /** the user as the application's loader gave it, or null */
  readonly user: object | null;
  /** there is a user, and they are active */
  readonly isAuthenticated: boolean;
  /** the login that led to the user; null for nobody, and for a user that the request loader named */
  readonly login: ActiveLogin | null;
  /** the request brought a remember cookie that counts for this login */
  readonly isRemembered: boolean;
  /** the error of a loader, which leaves the user unknown; undefined: none failed */
  readonly failure?: Error | undefined;
}

/** The answer for a visitor who is nobody. */
export const NOBODY: ResolvedUser = Object.freeze({
  user: null,
  isAuthenticated: false,
  login: null,
  isRemembered: false,
});

/**
 * Returns the same, for a caller that must know the user.
 * @throws the failure of a loader that has left the user unknown
 */
export function requireKnown(resolved: ResolvedUser): ResolvedUser {
  if (resolved.failure) throw resolved.failure;
  return resolved;
}
