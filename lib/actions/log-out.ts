/** Logs this browser out, and defines the order of the changes and the event. */
import type { LoginContext } from '../context/login-context.js';
import { loginFacts } from '../logins/event-facts.js';
import { isLetIn } from '../remember-me/remember-decision.js';
import type { ActionServices } from './action-services.js';
import { findCurrentLogin, findPresentedToken } from './presented-logins.js';

/** Deletes every login that the cookies of this browser name. */
export class LogOut {
  constructor(private readonly services: ActionServices) {}

  /** Deletes the login, if there is one. @throws LoginUnavailableException if the store cannot delete it */
  run(context: LoginContext): Promise<void> {
    return context.runExclusive(() => this.#logOut(context));
  }

  async #logOut(context: LoginContext): Promise<void> {
    // A failure to read the record of the remember cookie must not prevent the logout.
    const presented = await findPresentedToken(context, this.services).catch(() => null);
    const living = await findCurrentLogin(context);
    const remembered = isLetIn(presented?.verdict) ? presented?.snapshot : null;
    const record = living?.record ?? remembered?.record;
    const isDeleted = await this.#deletePresented(context, { wasRemembered: Boolean(record?.remember) });

    if (record && isDeleted) this.services.events.emit('loggedOut', () => loginFacts(context.exchange, record));
  }

  async #deletePresented(context: LoginContext, login: { readonly wasRemembered: boolean }): Promise<boolean> {
    try {
      const isDeleted = await context.session.deletePresentedLogins(context.tokens.loginIds);
      await context.session.deleteAnonymous();
      return isDeleted ?? false;
    } finally {
      // This also runs if the store has failed. This browser is then logged out, and the response is a 503.
      context.logOut(login);
    }
  }
}
