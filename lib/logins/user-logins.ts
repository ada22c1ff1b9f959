/** Lists and deletes the logins of a user, on all devices. */
import { hasStamp, isExpired } from './login-decision.js';
import { isLoginId, userKey, userKeyOf } from './login-id.js';
import type { LoginRecord } from './login-record.js';
import type { LoginLimits } from './login-limits.js';
import type { LoginStore } from './login-store.js';
import type { StoreCalls } from './store-calls.js';

/** A login that let nobody in any more. */
interface OutdatedLogin {
  readonly id: string;
  /** True if an idle or absolute limit has passed. */
  readonly isExpired: boolean;
}

/** Finds logins by their user. Turns a failed or late store call into a LoginUnavailableException. */
export class UserLogins {
  constructor(
    private readonly store: LoginStore,
    private readonly calls: StoreCalls,
    private readonly limits: LoginLimits,
  ) {}

  /** Returns all living logins of a user, the last used first. Takes one round trip. */
  async list(userId: string): Promise<readonly LoginRecord[]> {
    const { records, now } = await this.calls.run(() => this.store.listByUser(this.#key(userId)));
    return records
      .filter((record) => record.userId === userId && !isExpired(record, now, this.limits))
      .toSorted((one, other) => other.lastSeenAt - one.lastSeenAt);
  }

  /**
   * Deletes one login of a user. Returns true to the one caller that deleted it, and false for a login of another user.
   */
  async delete(userId: string, id: string): Promise<boolean> {
    const isTheirs = isLoginId(id) && userKeyOf(id) === this.#key(userId);
    return isTheirs && (await this.calls.run(() => this.store.delete(id)));
  }

  /** Deletes all logins of a user, except one. @returns the ids of the deleted logins */
  async deleteAll(userId: string, except?: string): Promise<readonly string[]> {
    return this.calls.run(() => this.store.deleteByUser(this.#key(userId), except));
  }

  /**
   * Deletes the stored logins of a user that let nobody in any more. They are past their limits, or have another
   * security stamp.
   * @param stampHash undefined deletes the logins past their limits alone
   * @returns the deleted logins
   */
  async deleteOutdated(userId: string, stampHash: string | null | undefined): Promise<readonly OutdatedLogin[]> {
    const { records, now } = await this.calls.run(() => this.store.listByUser(this.#key(userId)));
    const outdated = records
      .filter((record) => record.userId === userId)
      .map((record) => ({
        id: record.id,
        isExpired: isExpired(record, now, this.limits),
        hasOtherStamp: stampHash !== undefined && !hasStamp(record, stampHash),
      }))
      .filter((login) => login.isExpired || login.hasOtherStamp);

    const deleted = await Promise.all(
      outdated.map(async (login) => ((await this.calls.run(() => this.store.delete(login.id))) ? [login] : [])),
    );
    return deleted.flat();
  }

  #key(userId: string): string {
    return userKey(userId, this.limits.userKeySalt);
  }
}
