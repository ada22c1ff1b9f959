/** Loads the user of a login, and deletes a login whose user is gone or has changed their security stamp. */
import { Logger } from '@nestjs/common';
import type { LoginContext } from '../context/login-context.js';
import { hasStamp, isExpired } from '../logins/login-decision.js';
import { loginFacts } from '../logins/event-facts.js';
import type { LoginSnapshot } from '../logins/login-snapshot.js';
import { stampHashOf } from './login-user.js';
import type { ResolverServices } from './resolver-services.js';
import { loadUser } from './user-loading.js';

/** The login was confirmed under another session id while its user was loaded. */
export const CONFIRMED_MEANWHILE = Symbol('confirmed meanwhile');

/** What has become of the user of a login; null: the login has ended. */
export type LoadedUser = object | typeof CONFIRMED_MEANWHILE | null;

/** The users behind logins. */
export class LoginUsers {
  readonly #logger = new Logger('LoginModule');
  #isStampMissed = false;

  constructor(private readonly services: ResolverServices) {}

  /**
   * Returns the user of a login. Without a user the login is deleted, before a new user of that id inherits it; and
   * with another security stamp, because the user has changed what they prove themselves with.
   * @returns null where the login has ended
   */
  async load(context: LoginContext, login: LoginSnapshot): Promise<LoadedUser> {
    const { logins, handlers, events } = this.services;
    const { record } = login;
    const user = await loadUser(handlers, record.userId);
    const stampHash = user && stampHashOf(user);
    if (user && hasStamp(record, stampHash)) return user;

    // The loader took its time, and the user has confirmed the login by the new stamp meanwhile: it has not ended.
    const latest = user && (await logins.findById(record.id));
    if (user && latest && hasStamp(latest.record, stampHash)) return CONFIRMED_MEANWHILE;

    const isDeleted = await logins.delete(record.id);
    if (!user || !isDeleted) return null;
    if (record.stampHash === null) this.#tellMissedStamp();
    events.emit('loginRevoked', () => ({ ...loginFacts(context.exchange, record), reason: 'stamp' }));
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

  /** Once: to visitors it looks as if no password were right, and nothing else says why. */
  #tellMissedStamp(): void {
    if (this.#isStampMissed) return;
    this.#isStampMissed = true;
    this.#logger.warn(
      'A login was ended because its user had no "securityStamp" when loginUser() got them, and the user loader ' +
        'answers them with one. Where that ends every login, hand loginUser() the user as the user loader answers ' +
        'them.',
    );
  }
}
