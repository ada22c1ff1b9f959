/** A user's logins as a page about their devices needs them: lists them, and ends one, all others, or all. */
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
  /** names the login, for `revoke`; opens nothing */
  readonly loginId: string;
  readonly createdAt: number;
  /** noted once a minute at most, and more often where an idle time is shorter than ten minutes */
  readonly lastSeenAt: number;
  /** the address that it was made, restored or confirmed from; '' where it is unknown */
  readonly ip: string;
  /** the User-Agent header of then, as it came, at most 200 characters */
  readonly userAgent: string;
  readonly isRemembered: boolean;
  /** the login of the request that asks */
  readonly isCurrent: boolean;
}

/** The client of a call that no request has led to. */
const NO_CLIENT: ClientFacts = { ip: '', userAgent: '' };

/** Lists and ends the logins of a user. A login that has ended is out on the next request of every node. */
export class LoginDevices {
  constructor(
    private readonly logins: UserLogins,
    private readonly events: LoginEventStream,
  ) {}

  /**
   * Returns the logins of a user, the last used first.
   * @param context of the request that asks, to mark its own login
   */
  async list(userId: unknown, context: LoginContext | undefined): Promise<LoginDevice[]> {
    const current = context && (await context.resolve()).login?.record;
    const ofUser = userIdText(userId);
    // The user who asks has the present security stamp: logins of another one let nobody in.
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

  /** Ends one login of a user. Returns whether it was there. */
  async revoke(userId: unknown, loginId: string): Promise<boolean> {
    const id = userIdText(userId);
    const isEnded = await this.logins.end(id, loginId);
    if (isEnded) this.#tell(NO_CLIENT, id, [loginId]);
    return isEnded;
  }

  /** Ends every login of the request's user but its own. @throws LoginRequiredException where nobody is logged in */
  async endOthers(context: LoginContext): Promise<number> {
    const { login, isAuthenticated } = requireKnown(await context.resolve());
    if (!login || !isAuthenticated) throw new LoginRequiredException();
    const { userId, id } = login.record;
    const ended = await this.logins.endAll(userId, id);
    this.#tell(clientFacts(context.exchange), userId, ended);
    return ended.length;
  }

  /** Ends every login of a user. Returns how many. */
  async endAll(userId: unknown): Promise<number> {
    const id = userIdText(userId);
    const ended = await this.logins.endAll(id);
    this.#tell(NO_CLIENT, id, ended);
    return ended.length;
  }

  #tell(client: ClientFacts, userId: string, ended: readonly string[]): void {
    for (const loginId of ended)
      this.events.emit('loginRevoked', () => ({ ...client, userId, loginId, reason: 'revoked' }));
  }
}
