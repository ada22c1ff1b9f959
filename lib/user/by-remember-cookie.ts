/** The second step of the search for a user, which uses the login that the remember cookie names. */
import type { LoginContext } from '../context/login-context.js';
import { NOBODY } from '../context/resolved-user.js';
import type { ResolvedUser } from '../context/resolved-user.js';
import { loginFacts } from '../logins/event-facts.js';
import { isLetIn } from '../remember-me/remember-decision.js';
import type { TokenOutcome } from '../remember-me/token-outcome.js';
import { isActiveUser } from './login-user.js';
import { NO_USER_FOR_REQUEST } from './login-users.js';
import type { LoginUsers } from './login-users.js';
import { asEphemeral } from './remembered-logins.js';
import type { RememberedLogins } from './remembered-logins.js';
import type { ResolverServices } from './resolver-services.js';

/**
 * Finds the user by the remember cookie. One request restores the login, and the parallel requests are let in as well.
 * Such a login is never fresh.
 */
export class ByRememberCookie {
  constructor(
    private readonly services: ResolverServices,
    private readonly users: LoginUsers,
    private readonly remembered: RememberedLogins,
  ) {}

  /** Returns the user, null to ask the next step, or `NOBODY` to stop the search. */
  async resolve(context: LoginContext): Promise<ResolvedUser | null> {
    const { handlers, events } = this.services;
    const outcome = handlers.get('user-loader') ? await this.remembered.findPresented(context) : null;
    if (!outcome) return null;
    const { snapshot, verdict } = outcome;
    if (!snapshot || !isLetIn(verdict)) return this.#refuse(context, outcome);

    const user = await this.users.load(context, snapshot);
    if (user === NO_USER_FOR_REQUEST) {
      context.makeEphemeral();
      return NOBODY;
    }
    if (!user) {
      context.forgetToken();
      return null;
    }
    // The login of an inactive user stays, because the user may become active again. The token is not redeemed until
    // then.
    if (!isActiveUser(user)) return { user, isAuthenticated: false, login: asEphemeral(snapshot), isRemembered: true };

    const redeemed = await this.remembered.redeem(context, { ...outcome, snapshot });
    const { login } = redeemed;
    if (!login) return this.#refuse(context, redeemed, { hasVanished: redeemed.snapshot === null });
    events.emit('loadedFromCookie', () => loginFacts(context.exchange, login.record));
    if (login.sessionId !== null) events.emit('rememberTokenRotated', () => loginFacts(context.exchange, login.record));
    return { user, isAuthenticated: true, login, isRemembered: true };
  }

  async #refuse(
    context: LoginContext,
    { token, snapshot, verdict }: TokenOutcome,
    { hasVanished = false }: { readonly hasVanished?: boolean } = {},
  ): Promise<ResolvedUser | null> {
    if (snapshot && verdict === 'theft') {
      await this.remembered.revokeStolen(context, snapshot);
      return NOBODY;
    }

    const remember = snapshot?.record.remember;
    if (snapshot && remember)
      await this.users.deleteExpired(context, snapshot, snapshot.now >= remember.endsAt ? 'absolute' : 'idle');
    // A request that also carries the old session cookie started before the logout or the new login. Its response may
    // arrive last, and clearing the cookie here could delete the new one.
    const isUnderWay = hasVanished || context.session.presentedLoginIds.includes(token.loginId);
    if (!isUnderWay) context.forgetToken();
    return null;
  }
}
