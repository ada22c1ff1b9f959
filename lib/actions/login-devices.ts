/** Lists the logins of a user for a page about devices. Deletes one login, all others, or all of them. */
import type { LoginContext } from '../context/login-context.js';
import { requireKnown } from '../context/resolved-user.js';
import type { LoginEventStream } from '../events/login-event-stream.js';
import type { ClientFacts } from '../events/login-events.js';
import { LoginRequiredException } from '../exceptions/login-refusals.js';
import { hasStamp } from '../logins/login-decision.js';
import { clientFacts } from '../logins/event-facts.js';
import type { LoginRecord } from '../logins/login-record.js';
import type { UserLogins } from '../logins/user-logins.js';
import { userIdText } from '../user/login-user.js';

/** One login of a user, on one device. Times are milliseconds on the store's clock. */
export interface LoginDevice {
  /** names the login for `revoke`, and lets nobody in */
  readonly loginId: string;
  readonly createdAt: number;
  /** written at most once a minute, or more often if an idle time is shorter than ten minutes */
  readonly lastSeenAt: number;
  /** the address from which the login was made, restored or confirmed; '' if it is unknown */
  readonly ip: string;
  /** the User-Agent header of that request, unchanged, at most 200 characters */
  readonly userAgent: string;
  readonly isRemembered: boolean;
  /** true for the login of the request that asks for the list */
  readonly isCurrent: boolean;
}

/** The client of a call outside of any request. */
const NO_CLIENT: ClientFacts = { ip: '', userAgent: '' };

/** Lists and deletes the logins of a user. Every node refuses a deleted login at its next request. */
export class LoginDevices {
  constructor(
    private readonly logins: UserLogins,
    private readonly events: LoginEventStream,
  ) {}

  /**
   * Returns the logins of a user, the most recently used first.
   * @param context the context of the request that asks, to mark its own login
   */
  async list(userId: unknown, context: LoginContext | undefined): Promise<LoginDevice[]> {
    const current = context && (await context.resolve()).login?.record;
    const ofUser = userIdText(userId);
    // The login of this request has the present security stamp. Logins with another stamp let nobody in, so the list
    // omits them.
    const counts = (record: LoginRecord): boolean => current?.userId !== ofUser || hasStamp(record, current.stampHash);
    const records = (await this.logins.list(ofUser)).filter(counts);

    return records.map(({ id, createdAt, lastSeenAt, ip, userAgent, remember }) => ({
      loginId: id,
      createdAt,
      lastSeenAt,
      ip,
      userAgent,
      isRemembered: remember !== null,
      isCurrent: id === current?.id,
    }));
  }

  /** Deletes one login of a user. Returns whether it existed. */
  async revoke(userId: unknown, loginId: string): Promise<boolean> {
    const id = userIdText(userId);
    const isEnded = await this.logins.delete(id, loginId);
    if (isEnded) this.#emitRevoked(NO_CLIENT, id, [loginId]);
    return isEnded;
  }

  /**
   * Deletes every other login of the logged-in user, and returns their number.
   * @throws LoginRequiredException if nobody is logged in
   */
  async revokeOthers(context: LoginContext): Promise<number> {
    const { login, isAuthenticated } = requireKnown(await context.resolve());
    if (!login || !isAuthenticated) throw new LoginRequiredException();
    const { userId, id } = login.record;
    const ended = await this.logins.deleteAll(userId, id);
    this.#emitRevoked(clientFacts(context.exchange), userId, ended);
    return ended.length;
  }

  /** Deletes every login of a user, and returns their number. */
  async revokeAll(userId: unknown): Promise<number> {
    const id = userIdText(userId);
    const ended = await this.logins.deleteAll(id);
    this.#emitRevoked(NO_CLIENT, id, ended);
    return ended.length;
  }

  #emitRevoked(client: ClientFacts, userId: string, ended: readonly string[]): void {
    for (const loginId of ended)
      this.events.emit('loginRevoked', () => ({ ...client, userId, loginId, reason: 'revoked' }));
  }
}
