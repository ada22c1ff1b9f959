/** A user's logins, whichever device they are on: lists and ends them. */
import { hasStamp, isOver } from './login-decision.js';
import { isLoginId, userKey, userKeyOf } from './login-id.js';
import type { LoginRecord } from './login-record.js';
import type { LoginLimits } from './login-registry.js';
import type { LoginStore } from './login-store.js';
import { storeCall } from './store-call.js';

/** Finds logins by their user. A store that fails or is late is a LoginUnavailableException everywhere. */
export class UserLogins {
  constructor(
    private readonly store: LoginStore,
    private readonly limits: LoginLimits,
  ) {}

  /** Every living login of a user, the last used first. One round trip. */
  async list(userId: string): Promise<readonly LoginRecord[]> {
    const { records, now } = await this.#call(() => this.store.listByUser(this.#key(userId)));
    return records
      .filter((record) => record.userId === userId && !isOver(record, now, this.limits))
      .toSorted((one, other) => other.lastSeenAt - one.lastSeenAt);
  }

  /** Ends one login of a user. True for the one caller who ended it; false for a login of anybody else. */
  async end(userId: string, id: string): Promise<boolean> {
    const isTheirs = isLoginId(id) && userKeyOf(id) === this.#key(userId);
    return isTheirs && (await this.#call(() => this.store.delete(id)));
  }

  /** Ends every login of a user, but for one. @returns the ids of those that it has ended */
  async endAll(userId: string, except?: string): Promise<readonly string[]> {
    return this.#call(() => this.store.deleteByUser(this.#key(userId), except));
  }

  /**
   * Ends those logins of a user that let nobody in any more and are still there: past their limits, or made with another
   * security stamp. @param stampHash undefined: past their limits alone. @returns the ids of those that it has ended
   */
  async endOutdated(userId: string, stampHash: string | null | undefined): Promise<readonly string[]> {
    const { records, now } = await this.#call(() => this.store.listByUser(this.#key(userId)));
    const outdated = records.filter(
      (record) =>
        record.userId === userId &&
        (isOver(record, now, this.limits) || (stampHash !== undefined && !hasStamp(record, stampHash))),
    );
    const ended = await Promise.all(
      outdated.map(async ({ id }) => ((await this.#call(() => this.store.delete(id))) ? [id] : [])),
    );
    return ended.flat();
  }

  #key(userId: string): string {
    return userKey(userId, this.limits.userKeySalt);
  }

  #call<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    return storeCall(this.limits.storeTimeout, call);
  }
}
