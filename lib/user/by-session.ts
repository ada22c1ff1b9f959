/** The first step of the search for a user, which uses the login that the session cookie names. */
import type { LoginContext } from '../context/login-context.js';
import { NOBODY } from '../context/resolved-user.js';
import type { ResolvedUser } from '../context/resolved-user.js';
import { loginFacts } from '../logins/event-facts.js';
import type { ActiveLogin, SessionLogin } from '../logins/login-snapshot.js';
import { isLetIn } from '../remember-me/remember-decision.js';
import { isActiveUser } from './login-user.js';
import { NO_USER_FOR_REQUEST } from './login-users.js';
import type { LoadedUser, LoginUsers } from './login-users.js';
import type { RememberedLogins } from './remembered-logins.js';
import type { ResolverServices } from './resolver-services.js';

/** The result of session protection for a login. */
type Protected =
  /** the search continues without the login (null), or stops */
  | { readonly result: ResolvedUser | null }
  /** `isUnverified` means that the browser cannot be identified, so the login is not fresh for this request */
  | { readonly login: SessionLogin; readonly isUnverified: boolean };

/**
 * Finds the user by the session. Checks every limit, session protection and the remember cookie before it loads the
 * user.
 */
export class BySession {
  constructor(
    private readonly services: ResolverServices,
    private readonly users: LoginUsers,
    private readonly remembered: RememberedLogins,
  ) {}

  /** Returns the user, null to ask the next step, or `NOBODY` to stop the search. */
  async resolve(context: LoginContext): Promise<ResolvedUser | null> {
    // This application has no logins without a user loader. Another application on the same storage may have some.
    if (!this.services.handlers.get('user-loader')) return null;
    const found = await context.session.find();
    if (found.verdict !== 'alive') {
      const { verdict, snapshot } = found;
      if (verdict !== 'not-found' && snapshot) await this.users.deleteExpired(context, snapshot, verdict);
      return null;
    }

    const protecting = this.#protect(context, found.login);
    const kept = protecting instanceof Promise ? await protecting : protecting;
    if ('result' in kept) return kept.result;
    const touching = context.session.touchLogin(kept.login);
    if (touching) await touching;
    const isRemembered = this.remembered.mayRemember(context, kept.login);
    const { verdict, login } = isRemembered
      ? await this.remembered.confirmReceipt(context, kept.login)
      : { verdict: null, login: kept.login };
    if (verdict === 'theft') {
      await this.remembered.revokeStolen(context, login ?? kept.login);
      context.detachLogin(kept.login);
      return NOBODY;
    }

    if (!login) return null;
    const active = kept.isUnverified ? { ...login, record: { ...login.record, freshAt: null } } : login;
    const user = await this.users.load(context, active);
    return this.#finish(context, { user, login: active, isRemembered: isLetIn(verdict) });
  }

  /** Applies the decision of session protection. */
  #protect(context: LoginContext, login: SessionLogin): Protected | Promise<Protected> {
    const protection = context.session.protectionOf(login);
    if (protection === 'intact') return { login, isUnverified: false };
    if (protection === 'weakened') return this.#weaken(context, login);
    if (protection === 'broken') return this.#break(context, login);

    // The client has hung up, so its address is unknown. A thief could hide an address in this way, and an honest
    // visitor does not see the response.
    if (this.services.options.sessionProtection !== 'strong') return { login, isUnverified: true };
    context.makeEphemeral();
    return { result: NOBODY };
  }

  async #weaken(context: LoginContext, login: SessionLogin): Promise<Protected> {
    const stale = await this.services.logins.makeStale(login);
    if (!stale) return { result: null };
    context.updateLogin(stale.login);
    // Parallel requests take the freshness once, and one of them emits the event. If the login was already not fresh,
    // each request emits it.
    if (stale.isChanged || login.record.freshAt === null) this.#emitProtected(context, login, 'basic');
    return { login: stale.login, isUnverified: false };
  }

  async #break(context: LoginContext, login: SessionLogin): Promise<Protected> {
    const isDeleted = await this.services.logins.delete(login.record.id);
    context.detachLogin(login);
    // Several parallel requests may get here. Only the request that has deleted the login emits the event.
    if (isDeleted) this.#emitProtected(context, login, 'strong');
    return { result: NOBODY };
  }

  #finish(
    context: LoginContext,
    { user, login, isRemembered }: { user: LoadedUser; login: ActiveLogin; isRemembered: boolean },
  ): ResolvedUser | null {
    if (user === NO_USER_FOR_REQUEST) {
      context.makeEphemeral();
      return NOBODY;
    }
    if (user) return { user, isAuthenticated: isActiveUser(user), login, isRemembered };
    context.detachLogin(login);
    return null;
  }

  #emitProtected({ exchange }: LoginContext, { record }: SessionLogin, mode: 'basic' | 'strong'): void {
    this.services.log.warn(
      'A login was used from another address or user agent, and session protection has ' +
        `${mode === 'strong' ? 'ended it' : 'taken its freshness'}. This is said once; the event "sessionProtected" ` +
        'tells each time. Servers that relay cookies, and visitors whose address changes, look the same: see ' +
        'docs/works-with.md.',
    );
    this.services.events.emit('sessionProtected', () => ({ ...loginFacts(exchange, record), mode }));
  }
}
