/** Logs a user in, and defines the order of the checks, the changes and the events. */
import type { LoginContext, LoginRefusal } from '../context/login-context.js';
import { LoginFault } from '../exceptions/login-fault.js';
import { CrossSiteLoginException } from '../exceptions/login-refusals.js';
import { crossSiteReason } from '../http/cross-site.js';
import { clientFacts, loginFacts } from '../logins/event-facts.js';
import { hashOf, newVerifier } from '../logins/login-id.js';
import type { NewLogin, OpenedLogin, StoredValues } from '../logins/login-snapshot.js';
import { toJson } from '../logins/session-values-json.js';
import { isActiveUser, stampHashOf, stampKindOf, userIdOf } from '../user/login-user.js';
import type { ActionServices } from './action-services.js';
import { deleteDuplicates, submissionHashOf } from './duplicate-logins.js';
import { readLoginUserOptions } from './login-user-options.js';
import type { LoginUserOptions } from './login-user-options.js';
import { makeRoom } from './make-room.js';
import { findCurrentLogin, findPresentedToken } from './presented-logins.js';

/** Makes a login for this browser. Collects the facts first, then changes the state, then emits the events. */
export class LogIn {
  constructor(private readonly services: ActionServices) {}

  /** Logs the user in. Returns false and changes nothing if the login is refused. */
  run(context: LoginContext, user: object, options: LoginUserOptions): Promise<boolean> {
    return context.runExclusive(() => this.#logIn(context, user, options));
  }

  async #logIn(context: LoginContext, user: object, wanted: LoginUserOptions): Promise<boolean> {
    const { options } = this.services;
    const { fresh, force, crossSite, rememberFor } = readLoginUserOptions(wanted, options.remember.absolute);
    context.exchange.keepPrivate();
    // Express runs the handler for GET at a HEAD request, and programs that check the links in mails send HEAD.
    if (context.exchange.method === 'HEAD') return false;
    const userId = userIdOf(user, options.idAttribute);
    const isActive = isActiveUser(user);
    if (!isActive && !force) return this.#refuse(context, userId, 'inactive');
    this.#requireUserLoader();
    if (!crossSite) this.#refuseCrossSite(context, userId);
    const fault = context.exchange.cookieFault(options.session.cookie);
    if (fault) throw fault;

    const { values, isOtherUser } = await this.#prepare(context, userId);
    const verifier = rememberFor === null ? null : newVerifier();
    const login = await this.#open(context, values, {
      ...context.session.client,
      userId,
      stampHash: stampHashOf(user),
      fresh,
      submissionHash: submissionHashOf(context),
      remember: verifier === null || rememberFor === null ? null : { hash: hashOf(verifier), duration: rememberFor },
    });
    if (!login) return this.#refuse(context, userId, 'too-many-logins');

    const token = verifier === null ? null : { loginId: login.record.id, verifier };
    const made = { user, isAuthenticated: isActive, login, isRemembered: token !== null, token };
    context.logIn(made, { values, isOtherUser });
    this.services.stampKinds.set(login.record.id, stampKindOf(user));
    this.#emitEvents(context, login, { fresh, remembered: token !== null });
    return true;
  }

  /** Reads the cookies of the browser, and reports a theft. Returns the session values that the new login keeps. */
  async #prepare(context: LoginContext, userId: string): Promise<{ values: StoredValues; isOtherUser: boolean }> {
    const { session } = context;
    await session.load();
    await findPresentedToken(context, this.services);

    const former = await findCurrentLogin(context);
    const isSameUser = former?.record.userId === userId;
    const values = isSameUser ? session.values : session.valuesToKeep();
    return { values: { values, json: toJson(values) }, isOtherUser: former !== null && !isSameUser };
  }

  /**
   * Stores the login, and deletes the former logins of the browser. Returns null and changes nothing if the user has as
   * many logins as allowed.
   */
  async #open(context: LoginContext, values: StoredValues, draft: NewLogin): Promise<OpenedLogin | null> {
    const { session, tokens } = context;
    const rememberedIds = tokens.loginIds;
    const excludedIds = [...session.presentedLoginIds, ...rememberedIds];
    const json = Object.keys(values.values).length ? values.json : null;
    const insert = (): Promise<OpenedLogin | null> => this.services.logins.open(draft, json, excludedIds);

    let opening = insert();
    try {
      // If the login may be refused, the former logins of this browser are deleted only after it is stored. Outdated
      // logins do not take up room.
      if (this.services.options.login.whenFull === 'refuse' && !(await opening)) {
        if (!(await makeRoom(context, this.services, draft))) return null;
        opening = insert();
        if (!(await opening)) return null;
      }
      // These calls run in the same round trip as the insert. Most visitors have nothing to delete.
      const deleting = [session.deletePresentedLogins(rememberedIds), session.deleteAnonymous()].filter(Boolean);
      if (!deleting.length) return await opening;
      const [login] = await Promise.all([opening, ...deleting]);
      if (login) await deleteDuplicates(context, this.services, { draft, record: login.record });
      return login;
    } catch (error) {
      this.#undo(opening);
      context.fail();
      throw error;
    }
  }

  /**
   * Deletes a login that was stored in spite of the error, without waiting for the store. Saves the time of a theft
   * again, because the next login has to report the theft that this login could not report.
   */
  #undo(opening: Promise<OpenedLogin | null>): void {
    const { logins } = this.services;
    void opening
      .then((login) => login && logins.delete(login.record.id, login.theftSeenAt ?? undefined))
      .catch(() => undefined);
  }

  #requireUserLoader(): void {
    if (this.services.handlers.get('user-loader')) return;
    throw new LoginFault(
      'ERR_LOGIN_NO_USER_LOADER',
      'A user who logs in could not be found again: there is a request loader, but no user loader.',
      "Mark a provider's method with @UserLoader().",
    );
  }

  #refuseCrossSite({ exchange }: LoginContext, userId: string): void {
    const reason = crossSiteReason(exchange, this.services.options);
    if (reason === undefined) return;
    this.services.events.emit('loginRefused', () => ({ ...clientFacts(exchange), userId, reason: 'cross-site' }));
    throw new CrossSiteLoginException(reason);
  }

  #refuse(context: LoginContext, userId: string, reason: LoginRefusal): false {
    const { exchange } = context;
    context.loginRefusal = reason;
    this.services.events.emit('loginRefused', () => ({ ...clientFacts(exchange), userId, reason }));
    return false;
  }

  #emitEvents({ exchange }: LoginContext, login: OpenedLogin, how: { fresh: boolean; remembered: boolean }): void {
    const { events } = this.services;
    const { record, evicted, theftSeenAt } = login;
    const { userId } = record;
    for (const loginId of evicted)
      events.emit('loginRevoked', () => ({ ...clientFacts(exchange), userId, loginId, reason: 'cap' }));
    events.emit('loggedIn', () => ({ ...loginFacts(exchange, record), ...how, theftSeenAt }));
  }
}
