/** Confirms a login after the user has authenticated again. */
import type { LoginContext } from '../context/login-context.js';
import { requireKnown } from '../context/resolved-user.js';
import { sameText } from '../http/signature.js';
import { loginFacts } from '../logins/event-facts.js';
import { hasStamp } from '../logins/login-decision.js';
import { hashOf, newVerifier } from '../logins/login-id.js';
import type { ActiveLogin } from '../logins/login-snapshot.js';
import { revokeTokens } from '../remember-me/remember-decision.js';
import { isActiveUser, isSameProof, stampHashOf, stampKindOf, userIdOf } from '../user/login-user.js';
import { OTHER_TENANT } from '../user/other-tenant.js';
import { loadUser } from '../user/user-loading.js';
import type { ActionServices } from './action-services.js';
import { deleteOutdated } from './outdated-logins.js';

/** Makes the login of this browser fresh, under a new session id. */
export class ConfirmLogin {
  constructor(private readonly services: ActionServices) {}

  /**
   * Confirms the login. Returns false and changes nothing if there is nobody to confirm.
   * @param proved the user as they were read when the proof was checked
   */
  run(context: LoginContext, proved: object | undefined): Promise<boolean> {
    return context.runExclusive(() => this.#confirm(context, proved));
  }

  async #confirm(context: LoginContext, proved: object | undefined): Promise<boolean> {
    const { exchange, session } = context;
    const fault = exchange.cookieFault(this.services.options.session.cookie);
    if (fault) throw fault;
    await session.load();
    // Refuse unusable values before anything changes. Afterwards the former session id is worthless, and the new one
    // might not be sent.
    session.requireStorable();
    const { login, isRemembered } = requireKnown(await context.resolveWithinChange());
    if (!login) return false;
    const user = await this.#provedUser(context, login, proved);
    if (!user) return false;

    const stampHash = stampHashOf(user);
    const verifier = newVerifier();
    const confirmed = await this.services.logins.confirm(login, {
      client: session.client,
      stampHash,
      anew: (remember, now) => revokeTokens(remember, verifier, now),
    });
    if (!confirmed) return false;

    const { id, remember } = confirmed.record;
    const isAnew = remember !== null && sameText(remember.base, hashOf(verifier));
    context.confirm({
      user,
      isAuthenticated: true,
      login: confirmed,
      isRemembered: isRemembered || isAnew,
      token: isAnew ? { loginId: id, verifier } : null,
    });
    this.services.stampKinds.set(id, stampKindOf(user));
    this.services.events.emit('loginConfirmed', () => loginFacts(exchange, confirmed.record));
    await this.#deleteOthers(context, login, stampHash);
    return true;
  }

  /**
   * Loads the user again. After a change of the password the user has another security stamp, and the login continues
   * with that stamp.
   */
  async #provedUser(
    { exchange }: LoginContext,
    { record }: ActiveLogin,
    proved: object | undefined,
  ): Promise<object | null> {
    const { idAttribute, login } = this.services.options;
    const latest = await loadUser(this.services, record.userId, exchange.request);
    if (!latest || latest === OTHER_TENANT || !isActiveUser(latest)) return null;
    // If the password was changed in the meantime, the former one proves nothing. A login with the new stamp would undo
    // that change.
    if (!proved || isSameProof(proved, latest, idAttribute)) return latest;

    // A replica may lag behind the row that the handler has just saved. The loader then returns the stamp of the
    // record.
    const isSaved =
      login.loaderLag > 0 && hasStamp(record, stampHashOf(latest)) && userIdOf(proved, idAttribute) === record.userId;
    return isSaved && isActiveUser(proved) ? proved : null;
  }

  /**
   * Deletes the other logins of the user after a change of the stamp, because they let nobody in. If the store fails
   * here, each of them is deleted at its next use.
   */
  async #deleteOthers(context: LoginContext, { record }: ActiveLogin, stampHash: string | null): Promise<void> {
    if (hasStamp(record, stampHash)) return;
    await deleteOutdated(context, this.services, { userId: record.userId, stampHash }).catch(() => false);
  }
}
