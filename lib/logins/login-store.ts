/** The port to the storage of login records. A new storage is one more class that keeps these promises. */
import type { LoginRecord } from './login-record.js';

/** The answer of `find`. */
export interface FoundLogin {
  readonly record: LoginRecord | null;
  /** the session values of the login as JSON text; null where none were written yet, or none were wanted */
  readonly values: string | null;
  /** the store's clock at this answer, in milliseconds */
  readonly now: number;
}

/** The number of logins that a user may have at once, and the reaction to one more. */
export interface LoginCap {
  readonly most: number;
  /** `evict-oldest`: the login that went unused for the longest time makes room. `refuse`: nothing is inserted */
  readonly whenFull: 'evict-oldest' | 'refuse';
  /** the ids of logins that are about to end, and are not counted */
  readonly excludedIds: readonly string[];
}

/** The answer of `insert`. */
export interface InsertedLogin {
  /** false where the user has as many logins as the cap allows */
  readonly isInserted: boolean;
  /** the ids of the logins that made room */
  readonly evicted: readonly string[];
  /** the time of the last theft of a remember token that was noted since the user's previous insert; null for none */
  readonly theftSeenAt: number | null;
}

/** The answer of `listByUser`. */
export interface ListedLogins {
  readonly records: readonly LoginRecord[];
  /** the store's clock at this answer, in milliseconds */
  readonly now: number;
}

/** The times of a login after a use, in milliseconds on the store's clock. */
export interface LoginUse {
  readonly lastSeenAt: number;
  readonly endsAt: number;
}

/**
 * Keeps login records and, beside each one, the values of its session. A write that deletes a record deletes its values
 * as well. Every method rejects when the store cannot be reached. `loginStoreContract` of `nestjs-login/testing` checks
 * whether an implementation keeps the promises of this class.
 */
export abstract class LoginStore {
  /**
   * Checks whether the store can serve. Called once, before the application answers its first request.
   * @throws LoginFault ERR_LOGIN_STORAGE for a mistake that would otherwise fail later
   */
  async start(): Promise<void> {
    // By default there is nothing to check.
  }

  /** Returns the store's clock, in milliseconds. Costs no round trip in the steady state. */
  abstract now(): Promise<number>;

  /**
   * Inserts a record and its values, unless the cap refuses it. Rejects an id that is taken, and overwrites nothing.
   * Racing inserts for one user leave as many logins as the cap allows, never more, even where they come from many
   * nodes.
   *
   * Logins that have expired by the new record's `createdAt` are not counted. They are deleted at the latest when the
   * cap is reached. It is reached when the user has as many records as it allows, without the excluded ones. A refused
   * insert deletes them as well. Below the cap an insert changes no other living login, and a store need not read one.
   *
   * The insert of a record returns the theft that was noted for the user, and deletes the note.
   */
  abstract insert(record: LoginRecord, values: string | null, cap: LoginCap): Promise<InsertedLogin>;

  /**
   * Returns the record with this id as it is now, with `lastSeenAt` and `endsAt` of the latest `touch`. Takes one round
   * trip. It may return an expired record or none. The caller compares the times with `now`.
   * @param wanted whether the same round trip returns the values
   */
  abstract find(id: string, wanted: { readonly values: boolean }): Promise<FoundLogin>;

  /**
   * Saves the session values if the login exists and its session began at `startedAt`. Returns whether it did.
   * Otherwise it writes nothing, so a late writer of a former session reaches neither a deleted login nor a restored
   * one.
   */
  abstract saveValues(id: string, startedAt: number, values: string): Promise<boolean>;

  /**
   * Replaces the record of this id if its version is `expectedVersion`. Returns whether it did. If two calls race,
   * exactly one succeeds. Writes nothing if the record was deleted or has another version. Moves neither `lastSeenAt`
   * nor `endsAt` back behind a `touch`.
   * @param values replace the session values in the same write; undefined leaves them as they are
   */
  abstract replace(record: LoginRecord, expectedVersion: number, values?: string | null): Promise<boolean>;

  /**
   * Records a use of a login. Leaves the version alone, restores no deleted record, and moves neither time backwards.
   */
  abstract touch(id: string, use: LoginUse): Promise<void>;

  /**
   * Deletes a login, both record and values in one write. Returns true to the one caller that deleted it.
   * @param theftSeenAt notes in the same write that a remember token was stolen, for the user of a login that exists.
   *   The store keeps the note for at least 90 days, and the latest note counts
   */
  abstract delete(id: string, theftSeenAt?: number): Promise<boolean>;

  /**
   * Returns all records of a user, in any order and in one round trip. Their ids begin with this key. Their times are
   * from the latest `touch`. Expired records may be among them.
   */
  abstract listByUser(userKey: string): Promise<ListedLogins>;

  /**
   * Deletes all logins of a user in one write. No login that was inserted before it exists afterwards.
   * @param except the id of a login that stays
   * @returns the ids of the deleted logins
   */
  abstract deleteByUser(userKey: string, except?: string): Promise<readonly string[]>;

  /**
   * Deletes expired records. This package never calls it. A storage without expiry of its own calls it from a timer.
   * @returns the number of deleted records
   */
  abstract deleteExpired(): Promise<number>;
}
