/** Loads the user of a login, and deletes a login whose user is gone or has changed their security stamp. */
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
 * The login goes on, and lets this one request in for nobody. Its user belongs to another tenant, it was confirmed
 * under another session id while its user was loaded, or a replica that lags behind does not know its user yet.
 */
export const NOT_FOR_THIS_REQUEST = Symbol('not for this request');

/** What has become of the user of a login; null: the login has ended. */
export type LoadedUser = object | typeof NOT_FOR_THIS_REQUEST | null;

/** A stamp that changes within so many milliseconds of the login is most likely read in two ways. */
const SUSPICIOUS = 60_000;

/** The users behind logins. */
export class LoginUsers {
  constructor(private readonly services: ResolverServices) {}

  /**
   * Returns the user of a login. Without a user the login is deleted, before a new user of that id inherits it; and
   * with another security stamp, because the user has changed what they prove themselves with.
   * @returns null where the login has ended
   * @throws LoaderFailedException, LoginFault
   */
  async load({ exchange }: LoginContext, login: LoginSnapshot): Promise<LoadedUser> {
    const { logins, options } = this.services;
    const { record } = login;
    const user = await loadUser(this.services, record.userId, exchange.request);
    if (user === OTHER_TENANT) return NOT_FOR_THIS_REQUEST;
    const stampHash = user && stampHashOf(user);
    if (user && hasStamp(record, stampHash)) return user;
    if (login.now < record.authenticatedAt + options.loaderLag) return NOT_FOR_THIS_REQUEST;

    // The loader took its time, and the user has confirmed the login by the new stamp meanwhile: it has not ended.
    const latest = user && (await logins.findById(record.id));
    if (user && latest && hasStamp(latest.record, stampHash)) return NOT_FOR_THIS_REQUEST;

    const isDeleted = await logins.delete(record.id);
    if (user && isDeleted) this.#tellChangedStamp(login, { user, exchange });
    return null;
  }

  /** Deletes a login of which one part has expired, once the other has as well. */
  async deleteExpired(
    { exchange }: LoginContext,
    { record, now }: LoginSnapshot,
    limit: 'idle' | 'absolute',
  ): Promise<void> {
    const { options, logins, events } = this.services;
    if (!isExpired(record, now, options) || !(await logins.delete(record.id))) return;
    events.emit('loginExpired', () => ({ ...loginFacts(exchange, record), limit }));
  }

  #tellChangedStamp(
    { record, now }: LoginSnapshot,
    { user, exchange }: { readonly user: object } & Pick<LoginContext, 'exchange'>,
  ): void {
    this.services.events.emit('loginRevoked', () => ({ ...loginFacts(exchange, record), reason: 'stamp' }));
    const isAbsent = stampHashOf(user) === null;
    const isSuspicious = record.stampHash === null || isAbsent || now < record.authenticatedAt + SUSPICIOUS;
    if (isSuspicious) this.#warnOfStamp(record, user);
  }

  /** Visitors only see that no password works, so the log has to name the reason. */
  #warnOfStamp(record: LoginRecord, user: object): void {
    const { log, stampKinds } = this.services;
    const former = record.stampHash === null ? 'absent' : (stampKinds.of(record.id) ?? 'another one');
    log.warn(
      `A login was ended because its user's "securityStamp" was ${former} in loginUser() or confirmLogin(), and is ` +
        `${stampKindOf(user)} in the answer of the user loader. Where that ends every login, give both the same user ` +
        'from the same source.',
    );
  }
}
