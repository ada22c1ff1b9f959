/** Logs this browser out: what ends, in which order, and what is told. */
import type { LoginContext } from '../context/login-context.js';
import { loginFacts } from '../logins/event-facts.js';
import { isLetIn } from '../remember-me/remember-decision.js';
import type { ActionServices } from './action-services.js';
import { findCurrentLogin, findPresentedToken } from './presented-logins.js';

/** Ends every login that this browser holds. */
export class LogOut {
  constructor(private readonly services: ActionServices) {}

  /** Ends the login, if there is one. @throws LoginUnavailableException where the end cannot be stored */
  run(context: LoginContext): Promise<void> {
    return context.runExclusive(() => this.#logOut(context));
  }

  async #logOut(context: LoginContext): Promise<void> {
    // A remember cookie that cannot be read must not keep the login from its end.
    const presented = await findPresentedToken(context, this.services).catch(() => null);
    const living = await findCurrentLogin(context);
    const remembered = isLetIn(presented?.verdict) ? presented?.snapshot : null;
    const record = living?.record ?? remembered?.record;
    const isDeleted = await this.#end(context, { wasRemembered: Boolean(record?.remember) });

    if (record && isDeleted) this.services.events.emit('loggedOut', () => loginFacts(context.exchange, record));
  }

  async #end(context: LoginContext, login: { readonly wasRemembered: boolean }): Promise<boolean> {
    try {
      const isDeleted = await context.session.deletePresentedLogins(context.tokens.loginIds);
      await context.session.deleteAnonymous();
      return isDeleted ?? false;
    } finally {
      // Also where the end could not be stored: this browser is out, and the answer says 503.
      context.logOut(login);
    }
  }
}
