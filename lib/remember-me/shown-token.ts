/** What became of the remember token that a request has shown. */
import type { LiveLogin, SeenLogin, SessionLogin } from '../logins/live-login.js';
import type { TokenVerdict } from './remember-decision.js';
import type { RememberToken } from './remember-token.js';

/** A token that a request has shown, and what it is worth. */
export interface ShownToken {
  readonly token: RememberToken;
  readonly verdict: TokenVerdict;
  /** the record that it names, where there is one */
  readonly seen: SeenLogin | null;
}

/** What became of a token that was to be let in: with a login, the request is from its user. */
export interface AcceptedToken extends ShownToken {
  readonly login: LiveLogin | null;
}

/** What the remember cookie beside a living session says. */
export interface TokenReceipt {
  /** null: there is no cookie for this login */
  readonly verdict: TokenVerdict | null;
  /** the login as it is now; null: the session is over in the meantime */
  readonly login: SessionLogin | null;
}
