/** Logs a user in: what changes, in which order, and what is told. */
import type { LoginContext } from '../context/login-context.js';
import { LoginFault } from '../exceptions/login-fault.js';
import { CrossSiteLoginException } from '../exceptions/login-refusals.js';
import { crossSiteReason } from '../http/cross-site.js';
import { clientFacts, loginFacts } from '../logins/event-facts.js';
import { hashOf, newVerifier } from '../logins/login-id.js';
import type { NewLogin, OpenedLogin, StoredValues } from '../logins/login-snapshot.js';
import { toJson } from '../logins/session-values-json.js';
import { isActiveUser, stampHashOf, userIdOf } from '../user/login-user.js';
import { loadUser } from '../user/user-loading.js';
import type { ActionServices } from './action-services.js';
import { rememberedFor } from './login-user-options.js';
import type { LoginUserOptions } from './login-user-options.js';
import { deleteOutdated } from './outdated-logins.js';
import { findCurrentLogin, findPresentedToken } from './presented-logins.js';

/** Makes a login for this browser. Takes the facts first, then changes the state, then tells it. */
export class LogIn {
  constructor(private readonly services: ActionServices) {}

  /** Returns false, and nothing has changed, where the login is refused. */
  run(context: LoginContext, user: object, options: LoginUserOptions): Promise<boolean> {
    return context.runExclusive(() => this.#logIn(context, user, options));
  }

  async #logIn(context: LoginContext, user: object, wanted: LoginUserOptions): Promise<boolean> {
    const { fresh = true, force = false, crossSite = false, remember = false, duration } = wanted;
    const { options } = this.services;
    const rememberFor = rememberedFor(remember, duration, options.rememberAbsolute);
    context.exchange.keepPrivate();
    const userId = userIdOf(user, options.idAttribute);
    const isActive = isActiveUser(user);
    if (!isActive && !force) return this.#refuse(context, userId, 'inactive');
    this.#requireUserLoader();
    if (!crossSite) this.#refuseCrossSite(context, userId);
    const fault = context.exchange.cookieFault(options.sessionCookie);
    if (fault) throw fault;

    const { values, isOtherUser } = await this.#prepare(context, userId);
    const verifier = rememberFor === null ? null : newVerifier();
    const login = await this.#open(context, values, {
      ...context.session.client,
      userId,
      stampHash: stampHashOf(user),
      fresh,
      remember: verifier === null ? null : { hash: hashOf(verifier), duration: rememberFor as number },
    });
    if (!login) return this.#refuse(context, userId, 'too-many-logins');

    const token = verifier === null ? null : { loginId: login.record.id, verifier };
    const made = { user, isAuthenticated: isActive, login, isRemembered: remember, token };
    context.logIn(made, { values, isOtherUser });
    this.#tell(context, login, { fresh, remembered: remember });
    return true;
  }

  /** Looks at what the browser holds: a theft is told, and the values that go on are taken. */
  async #prepare(context: LoginContext, userId: string): Promise<{ values: StoredValues; isOtherUser: boolean }> {
    const { session } = context;
    await session.load();
    await findPresentedToken(context, this.services);

    const former = await findCurrentLogin(context);
    const isSameUser = former?.record.userId === userId;
    const values = isSameUser ? session.values : session.valuesToKeep();
    return { values: { values, json: toJson(values) }, isOtherUser: former !== null && !isSameUser };
  }

  /** Null where the user has as many logins as they may, and nothing has changed. */
  async #open(context: LoginContext, values: StoredValues, draft: NewLogin): Promise<OpenedLogin | null> {
    const { session, tokens } = context;
    const rememberedIds = tokens.loginIds;
    const excludedIds = [...session.presentedLoginIds, ...rememberedIds];
    const json = Object.keys(values.values).length ? values.json : null;
    const insert = (): Promise<OpenedLogin | null> => this.services.logins.open(draft, json, excludedIds);

    let opening = insert();
    try {
      // Where the login may be refused, the logins of this browser end afterwards, and outdated ones hold no place.
      if (this.services.options.whenFull === 'refuse' && !(await opening)) {
        if (!(await this.#makeRoom(context, draft.userId))) return null;
        opening = insert();
        if (!(await opening)) return null;
      }
      // In the same round trip. Most visitors hold nothing.
      const deleting = [session.deletePresentedLogins(rememberedIds), session.deleteAnonymous()].filter(Boolean);
      if (!deleting.length) return await opening;
      const [login] = await Promise.all([opening, ...deleting]);
      return login;
    } catch (error) {
      this.#undo(opening);
      context.fail();
      throw error;
    }
  }

  /** Deletes logins that let nobody in, by the user as they are now: the caller may have read them before a change. */
  async #makeRoom(context: LoginContext, userId: string): Promise<boolean> {
    const latest = await loadUser(this.services.handlers, userId);
    const stampHash = latest ? stampHashOf(latest) : undefined;
    return deleteOutdated(context, this.services, { userId, stampHash });
  }

  /** Nobody waits for it. The next login is to be told of the theft that this one was told of. */
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
    const reason = crossSiteReason(exchange, this.services.options.origin);
    if (reason === undefined) return;
    this.services.events.emit('loginRefused', () => ({ ...clientFacts(exchange), userId, reason: 'cross-site' }));
    throw new CrossSiteLoginException(reason);
  }

  #refuse({ exchange }: LoginContext, userId: string, reason: 'inactive' | 'too-many-logins'): false {
    this.services.events.emit('loginRefused', () => ({ ...clientFacts(exchange), userId, reason }));
    return false;
  }

  #tell({ exchange }: LoginContext, login: OpenedLogin, how: { fresh: boolean; remembered: boolean }): void {
    const { events } = this.services;
    const { record, evicted, theftSeenAt } = login;
    const { userId } = record;
    for (const loginId of evicted)
      events.emit('loginRevoked', () => ({ ...clientFacts(exchange), userId, loginId, reason: 'cap' }));
    events.emit('loggedIn', () => ({ ...loginFacts(exchange, record), ...how, theftSeenAt }));
  }
}
