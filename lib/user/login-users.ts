/** Loads the user of a login. Deletes the login if the user no longer exists or has another security stamp. */
import type { LoginContext } from '../context/login-context.js';
import { hasStamp, isExpired } from '../logins/login-decision.js';
import { loginFacts } from '../logins/event-facts.js';
import type { LoginRecord } from '../logins/login-record.js';
import type { LoginSnapshot } from '../logins/login-snapshot.js';
import { stampHashOf, stampKindOf } from './login-user.js';
import { OTHER_TENANT } from './other-tenant.js';
import type { ResolverServices } from './resolver-services.js';
import { loadUser } from './user-loading.js';

/**
 * The login stays, but this request has no user. There are three possible reasons.
 * - The user belongs to another tenant.
 * - The login was confirmed under another session id while its user was loaded.
 * - A replica that lags behind does not know the user or the new stamp yet.
 */
export const NO_USER_FOR_REQUEST = Symbol('not for this request');

/** The user of a login, or `NO_USER_FOR_REQUEST`. Null means that the login has ended. */
export type LoadedUser = object | typeof NO_USER_FOR_REQUEST | null;

/**
 * Milliseconds after a login. If the stamp changes within this time, the application most likely reads it in two ways.
 */
const STAMP_MISMATCH_WINDOW = 60_000;

/** Loads the users of logins, and deletes logins that let nobody in any more. */
export class LoginUsers {
  constructor(private readonly services: ResolverServices) {}

  /**
   * Returns the user of a login. Deletes the login if there is no user, because a new user with that id would inherit
   * it. Also deletes it if the security stamp is another one, because the user has changed the password or a factor.
   * @returns null if the login has ended
   * @throws LoaderFailedException, LoginFault
   */
  async load({ exchange }: LoginContext, login: LoginSnapshot): Promise<LoadedUser> {
    const { logins, options } = this.services;
    const { record } = login;
    const user = await loadUser(this.services, record.userId, exchange.request);
    if (user === OTHER_TENANT) return NO_USER_FOR_REQUEST;
    const stampHash = user && stampHashOf(user);
    if (user && hasStamp(record, stampHash)) return user;
    if (login.now < record.authenticatedAt + options.login.loaderLag) return NO_USER_FOR_REQUEST;

    // A loader may be slow. If the user has confirmed the login with the new stamp in the meantime, the login stays.
    const latest = user && (await logins.findById(record.id));
    if (user && latest && hasStamp(latest.record, stampHash)) return NO_USER_FOR_REQUEST;

    const isDeleted = await logins.delete(record.id);
    if (user && isDeleted) this.#emitChangedStamp(login, { user, exchange });
    return null;
  }

  /** Deletes a login with an expired part, once its other part has expired as well. */
  async deleteExpired(
    { exchange }: LoginContext,
    { record, now }: LoginSnapshot,
    limit: 'idle' | 'absolute',
  ): Promise<void> {
    const { options, logins, events } = this.services;
    if (!isExpired(record, now, options) || !(await logins.delete(record.id))) return;
    events.emit('loginExpired', () => ({ ...loginFacts(exchange, record), limit }));
  }

  #emitChangedStamp(
    { record, now }: LoginSnapshot,
    { user, exchange }: { readonly user: object } & Pick<LoginContext, 'exchange'>,
  ): void {
    this.services.events.emit('loginRevoked', () => ({ ...loginFacts(exchange, record), reason: 'stamp' }));
    const isAbsent = stampHashOf(user) === null;
    const isSuspicious = record.stampHash === null || isAbsent || now < record.authenticatedAt + STAMP_MISMATCH_WINDOW;
    if (isSuspicious) this.#warnOfStamp(record, user);
  }

  /** Logs the reason why a login has ended, because users only see that no password works. */
  #warnOfStamp(record: LoginRecord, user: object): void {
    const { log, stampKinds } = this.services;
    const former = record.stampHash === null ? 'absent' : (stampKinds.get(record.id) ?? 'another one');
    log.warn(
      `A login was ended because its user's "securityStamp" was ${former} in loginUser() or confirmLogin(), and is ` +
        `${stampKindOf(user)} in the answer of the user loader. Where that ends every login, give both the same user ` +
        'from the same source.',
    );
  }
}
