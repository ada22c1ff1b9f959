/** The result of the search for the user of a request. */
import type { ActiveLogin } from '../logins/login-snapshot.js';

/** The user of a request, and the login that led to them. */
export interface ResolvedUser {
  /** The user as the application's loader returned it, or null. */
  readonly user: object | null;
  /** True if there is a user, and the user is active. */
  readonly isAuthenticated: boolean;
  /** The login that led to the user. Null if there is no user, or if the request loader named the user. */
  readonly login: ActiveLogin | null;
  /** True if the request carried a remember cookie that counts for this login. */
  readonly isRemembered: boolean;
  /** The error of a loader, which leaves the user unknown. Undefined: no loader failed. */
  readonly failure?: Error | undefined;
}

/** The result for a visitor without a user. */
export const NOBODY: ResolvedUser = Object.freeze({
  user: null,
  isAuthenticated: false,
  login: null,
  isRemembered: false,
});

/**
 * Returns the result to a caller that must know the user.
 * @throws the error of a loader that has left the user unknown
 */
export function requireKnown(resolved: ResolvedUser): ResolvedUser {
  if (resolved.failure) throw resolved.failure;
  return resolved;
}
