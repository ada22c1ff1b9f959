/** What became of a remember token that a request has presented. */
import type { LoginSnapshot } from '../logins/login-snapshot.js';
import type { TokenVerdict } from './remember-decision.js';
import type { RememberToken } from './remember-token.js';

/** A token that a request has presented, and what it is worth. */
export interface TokenOutcome {
  readonly token: RememberToken;
  readonly verdict: TokenVerdict;
  /** the record that it names, where there is one */
  readonly snapshot: LoginSnapshot | null;
}
