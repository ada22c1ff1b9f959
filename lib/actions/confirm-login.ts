/** Confirms a login: the user proved again who they are. */
import type { LoginContext } from '../context/login-context.js';
import { sameText } from '../http/signature.js';
import { loginFacts } from '../logins/event-facts.js';
import { hasStamp } from '../logins/login-decision.js';
import { hashOf, newVerifier } from '../logins/login-id.js';
import type { ActiveLogin } from '../logins/login-snapshot.js';
import { takeBack } from '../remember-me/remember-decision.js';
import { isActiveUser, isSameProof, stampHashOf } from '../user/login-user.js';
import { loadUser } from '../user/user-loading.js';
import type { ActionServices } from './action-services.js';
import { deleteOutdated } from './outdated-logins.js';

/** Makes the login of this browser fresh, under a new session id. */
export class ConfirmLogin {
  constructor(private readonly services: ActionServices) {}

  /**
   * Returns false, and nothing has changed, where there is nobody to confirm.
   * @param proved the user as they were proved
   */
  run(context: LoginContext, proved: object | undefined): Promise<boolean> {
    return context.runExclusive(() => this.#confirm(context, proved));
  }

  async #confirm(context: LoginContext, proved: object | undefined): Promise<boolean> {
    const { exchange, session } = context;
    const fault = exchange.cookieFault(this.services.options.sessionCookie);
    if (fault) throw fault;
    await session.load();
    // Refused before anything changes. Afterwards the former session id is worthless, and the new one might not go out.
    session.requireStorable();
    const { login, isRemembered } = await context.resolveWithinChange();
    if (!login) return false;
    const latest = await this.#latestUser(login, proved);
    if (!latest) return false;

    const stampHash = stampHashOf(latest);
    const verifier = newVerifier();
    const confirmed = await this.services.logins.confirm(login, {
      client: session.client,
      stampHash,
      anew: (remember, now) => takeBack(remember, verifier, now),
    });
    if (!confirmed) return false;

    const { id, remember } = confirmed.record;
    const isAnew = remember !== null && sameText(remember.base, hashOf(verifier));
    context.confirm({
      user: latest,
      isAuthenticated: true,
      login: confirmed,
      isRemembered: isRemembered || isAnew,
      token: isAnew ? { loginId: id, verifier } : null,
    });
    this.services.events.emit('loginConfirmed', () => loginFacts(exchange, confirmed.record));
    await this.#deleteOthers(context, login, stampHash);
    return true;
  }

  /** Loads the user again: after a change of the password they have another security stamp, and go on by it. */
  async #latestUser({ record }: ActiveLogin, proved: object | undefined): Promise<object | null> {
    const latest = await loadUser(this.services.handlers, record.userId);
    if (!latest || !isActiveUser(latest)) return null;
    // A password that was changed meanwhile proves nothing: to go on by the new stamp would undo that change.
    const isProved = !proved || isSameProof(proved, latest, this.services.options.idAttribute);
    return isProved ? latest : null;
  }

  /** Logins of another stamp let nobody in. They go at once, and where the store fails here, at their next use. */
  async #deleteOthers(context: LoginContext, { record }: ActiveLogin, stampHash: string | null): Promise<void> {
    if (hasStamp(record, stampHash)) return;
    await deleteOutdated(context, this.services, { userId: record.userId, stampHash }).catch(() => false);
  }
}
