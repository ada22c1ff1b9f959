/** Second step of the search for a user: the login that the remember cookie names. */
import type { LoginContext } from '../context/login-context.js';
import { NOBODY } from '../context/resolved-user.js';
import type { ResolvedUser } from '../context/resolved-user.js';
import { loginFacts } from '../logins/event-facts.js';
import { isLetIn } from '../remember-me/remember-decision.js';
import type { TokenOutcome } from '../remember-me/token-outcome.js';
import { isActiveUser } from './login-user.js';
import { NOT_FOR_THIS_REQUEST } from './login-users.js';
import type { LoginUsers } from './login-users.js';
import { forThisRequest } from './remembered-logins.js';
import type { RememberedLogins } from './remembered-logins.js';
import type { ResolverServices } from './resolver-services.js';

/** One request restores the login, and each request of a burst is let in. Such a login is never fresh. */
export class ByRememberCookie {
  constructor(
    private readonly services: ResolverServices,
    private readonly users: LoginUsers,
    private readonly remembered: RememberedLogins,
  ) {}

  /** Returns the user; null where the next step is to be asked; `NOBODY` where the search is over. */
  async resolve(context: LoginContext): Promise<ResolvedUser | null> {
    const { handlers, events } = this.services;
    const outcome = handlers.get('user-loader') ? await this.remembered.findPresented(context) : null;
    if (!outcome) return null;
    const { snapshot, verdict } = outcome;
    if (!snapshot || !isLetIn(verdict)) return this.#refuse(context, outcome);

    const user = await this.users.load(context, snapshot);
    if (user === NOT_FOR_THIS_REQUEST) {
      context.keepToThisRequest();
      return NOBODY;
    }
    if (!user) {
      context.forgetToken();
      return null;
    }
    // An inactive user comes back once they are active. Nothing is spent on them until then.
    if (!isActiveUser(user))
      return { user, isAuthenticated: false, login: forThisRequest(snapshot), isRemembered: true };

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
