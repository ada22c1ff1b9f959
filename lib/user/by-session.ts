/** First step of the search for a user: the login that the session cookie names. */
import type { LoginContext } from '../context/login-context.js';
import { NOBODY } from '../context/resolved-user.js';
import type { ResolvedUser } from '../context/resolved-user.js';
import { loginFacts } from '../logins/event-facts.js';
import type { ActiveLogin, SessionLogin } from '../logins/login-snapshot.js';
import { isLetIn } from '../remember-me/remember-decision.js';
import { isActiveUser } from './login-user.js';
import { NOT_FOR_THIS_REQUEST } from './login-users.js';
import type { LoadedUser, LoginUsers } from './login-users.js';
import type { RememberedLogins } from './remembered-logins.js';
import type { ResolverServices } from './resolver-services.js';

/** What session protection has made of a login. */
type Protected =
  /** the search goes on without the login, or is over */
  | { readonly result: ResolvedUser | null }
  /** `isUnverified`: nobody can tell the browser, so the login counts as not fresh for this request */
  | { readonly login: SessionLogin; readonly isUnverified: boolean };

/** Looks at every limit, at session protection and at the remember cookie before it loads the user. */
export class BySession {
  constructor(
    private readonly services: ResolverServices,
    private readonly users: LoginUsers,
    private readonly remembered: RememberedLogins,
  ) {}

  /** Returns the user; null where the next step is to be asked; `NOBODY` where the search is over. */
  async resolve(context: LoginContext): Promise<ResolvedUser | null> {
    // An application without a user loader knows no logins. Another one on the same storage may.
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
    const isRemembered = this.remembered.concerns(context, kept.login);
    const { verdict, login } = isRemembered
      ? await this.remembered.confirmReceipt(context, kept.login)
      : { verdict: null, login: kept.login };
    if (verdict === 'theft') {
      await this.remembered.revokeStolen(context, login ?? kept.login);
      context.dropLogin(kept.login);
      return NOBODY;
    }

    if (!login) return null;
    const active = kept.isUnverified ? { ...login, record: { ...login.record, freshAt: null } } : login;
    const user = await this.users.load(context, active);
    return this.#finish(context, { user, login: active, isRemembered: isLetIn(verdict) });
  }

  /** Carries out what session protection has decided. */
  #protect(context: LoginContext, login: SessionLogin): Protected | Promise<Protected> {
    const protection = context.session.protectionOf(login);
    if (protection === 'intact') return { login, isUnverified: false };
    if (protection === 'weakened') return this.#weaken(context, login);
    if (protection === 'broken') return this.#break(context, login);

    // A thief who hangs up could hide where they are, and an honest visitor who does is not there for the answer.
    if (this.services.options.sessionProtection !== 'strong') return { login, isUnverified: true };
    context.keepToThisRequest();
    return { result: NOBODY };
  }

  async #weaken(context: LoginContext, login: SessionLogin): Promise<Protected> {
    const stale = await this.services.logins.makeStale(login);
    if (!stale) return { result: null };
    context.updateLogin(stale.login);
    // A burst of parallel requests takes the freshness once, and tells it once.
    if (stale.isChanged || login.record.freshAt === null) this.#tell(context, login, 'basic');
    return { login: stale.login, isUnverified: false };
  }

  async #break(context: LoginContext, login: SessionLogin): Promise<Protected> {
    const isDeleted = await this.services.logins.delete(login.record.id);
    context.dropLogin(login);
    // One of several parallel requests ends the login, and that one tells it.
    if (isDeleted) this.#tell(context, login, 'strong');
    return { result: NOBODY };
  }

  #finish(
    context: LoginContext,
    { user, login, isRemembered }: { user: LoadedUser; login: ActiveLogin; isRemembered: boolean },
  ): ResolvedUser | null {
    if (user === NOT_FOR_THIS_REQUEST) {
      context.keepToThisRequest();
      return NOBODY;
    }
    if (user) return { user, isAuthenticated: isActiveUser(user), login, isRemembered };
    context.dropLogin(login);
    return null;
  }

  #tell({ exchange }: LoginContext, { record }: SessionLogin, mode: 'basic' | 'strong'): void {
    this.services.log.warn(
      'A login was used from another address or user agent, and session protection has ' +
        `${mode === 'strong' ? 'ended it' : 'taken its freshness'}. This is said once; the event "sessionProtected" ` +
        'tells each time. Servers that relay cookies, and visitors whose address changes, look the same: see ' +
        'docs/works-with.md.',
    );
    this.services.events.emit('sessionProtected', () => ({ ...loginFacts(exchange, record), mode }));
  }
}
