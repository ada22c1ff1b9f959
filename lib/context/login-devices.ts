/** A user's logins as a page about their devices needs them: lists them, and ends one, all others, or all. */
import { LoginEventStream } from '../events/login-event-stream.js';
import type { ClientFacts } from '../events/login-events.js';
import { LoginRequiredException } from '../exceptions/login-refusals.js';
import type { LoginRequest } from '../http/login-request.js';
import { hasStamp } from '../logins/login-decision.js';
import { clientFacts } from '../logins/login-facts.js';
import type { LoginRecord } from '../logins/login-record.js';
import type { UserLogins } from '../logins/user-logins.js';
import { userIdText } from '../user/login-user.js';
import { LoginContexts } from './login-contexts.js';

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

/** Where no request says who is asking. */
const NO_CLIENT: ClientFacts = { ip: '', userAgent: '' };

/** Lists and ends the logins of a user. What has ended is out on the next request of every node. */
export class LoginDevices {
  constructor(
    private readonly contexts: LoginContexts,
    private readonly logins: UserLogins,
    private readonly events: LoginEventStream,
  ) {}

  async list(userId: unknown, request?: LoginRequest): Promise<LoginDevice[]> {
    const current = request && (await this.contexts.of(request).resolve()).login?.record;
    const ofUser = userIdText(userId);
    // Whoever asks has the security stamp of now: those of another one let nobody in.
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

  async revoke(userId: unknown, loginId: string): Promise<boolean> {
    const id = userIdText(userId);
    const isEnded = await this.logins.end(id, loginId);
    if (isEnded) this.#tell(NO_CLIENT, id, [loginId]);
    return isEnded;
  }

  async endOthers(request: LoginRequest): Promise<number> {
    const { login, isAuthenticated } = await this.contexts.of(request).resolve();
    if (!login || !isAuthenticated) throw new LoginRequiredException();
    const { userId, id } = login.record;
    const ended = await this.logins.endAll(userId, id);
    this.#tell(clientFacts(request), userId, ended);
    return ended.length;
  }

  async endAll(userId: unknown): Promise<number> {
    const id = userIdText(userId);
    const ended = await this.logins.endAll(id);
    this.#tell(NO_CLIENT, id, ended);
    return ended.length;
  }

  #tell(client: ClientFacts, userId: string, ended: readonly string[]): void {
    for (const loginId of ended) this.events.emit('loginRevoked', { ...client, userId, loginId, reason: 'revoked' });
  }
}
