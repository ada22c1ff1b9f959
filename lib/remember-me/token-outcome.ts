/** The result of a remember token that a request has presented. */
import type { LoginSnapshot } from '../logins/login-snapshot.js';
import type { TokenVerdict } from './remember-decision.js';
import type { RememberToken } from './remember-token.js';

/** A token that a request has presented, and the verdict about it. */
export interface TokenOutcome {
  readonly token: RememberToken;
  readonly verdict: TokenVerdict;
  /** the record that the token names; null if it does not exist */
  readonly snapshot: LoginSnapshot | null;
}
