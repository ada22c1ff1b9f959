/** The port to whatever keeps login records. A new storage is one more class that keeps these promises. */
import type { LoginRecord } from './login-record.js';

/** What `find` answers. */
export interface FoundLogin {
  readonly record: LoginRecord | null;
  /** the login's session values as JSON text; null where nothing was written yet or none were asked for */
  readonly values: string | null;
  /** the store's clock at this answer, in milliseconds */
  readonly now: number;
}

/** How many logins a user may have at once, and what becomes of one more. */
export interface LoginCap {
  readonly most: number;
  /** `evict-oldest`: the one that went unused for the longest time makes room; `refuse`: nothing is inserted */
  readonly whenFull: 'evict-oldest' | 'refuse';
  /** logins that are about to end, and are not counted */
  readonly leaving: readonly string[];
}

/** What `insert` answers. */
export interface InsertedLogin {
  /** false: the user has as many logins as they may */
  readonly isInserted: boolean;
  /** the ids of the logins that made room */
  readonly evicted: readonly string[];
  /** when a theft of a remember token of this user was last noted, since the insert before this one; null: none was */
  readonly theftSeenAt: number | null;
}

/** What `listByUser` answers. */
export interface ListedLogins {
  readonly records: readonly LoginRecord[];
  /** the store's clock at this answer, in milliseconds */
  readonly now: number;
}

/** How a use of a login moves its times, in milliseconds on the store's clock. */
export interface LoginUse {
  readonly lastSeenAt: number;
  readonly endsAt: number;
}

/**
 * Keeps login records and, beside each, the values of its session: they die with the record in the same write.
 * Every method rejects when the store cannot be reached. `loginStoreContract` of
 * `nestjs-login/testing` shows whether an implementation keeps what is promised here.
 */
export abstract class LoginStore {
  /** Called once before the application serves anybody. @throws LoginFault ERR_LOGIN_STORAGE for what would only fail later */
  async start(): Promise<void> {
    // A store that needs no look has nothing to do.
  }

  /** The store's clock, in milliseconds. Costs no round trip in the steady state. */
  abstract now(): Promise<number>;

  /**
   * Keeps a new record and its values, unless the cap refuses it. Rejects an id that is taken: it overwrites nothing.
   * Of racing inserts for one user, wherever they come from, as many stay as the cap allows, never more.
   *
   * Logins that have expired by the new record's `createdAt` are not counted. They go at the latest when the cap is
   * reached, which is when the user has as many records as it allows, leaving ones aside. A refused insert deletes them
   * as well. Below the cap an insert changes no other living login, and a store need not read one.
   *
   * An inserted record answers the theft that was noted for the user, and forgets the note.
   */
  abstract insert(record: LoginRecord, values: string | null, cap: LoginCap): Promise<InsertedLogin>;

  /**
   * The record with this id as it is now, with `lastSeenAt` and `endsAt` of the latest `touch`. One round trip.
   * A record that has ended may be answered or not: whoever asks decides by `now`.
   * @param wanted whether the values come along, in the same round trip
   */
  abstract find(id: string, wanted: { readonly values: boolean }): Promise<FoundLogin>;

  /**
   * Keeps the session values of a login that is there and whose session began at `startedAt`: true. Else nothing is
   * written: false. So a late writer of a session that is over reaches neither a dead login nor a restored one.
   */
  abstract saveValues(id: string, startedAt: number, values: string): Promise<boolean>;

  /**
   * Puts `record` in place of the one with its id whose version is `expectedVersion`. Of two racing calls exactly one
   * gets true. False, and nothing is written, where the record has gone or has another version. Neither `lastSeenAt` nor
   * `endsAt` goes back behind a `touch`.
   * @param values takes the place of the session values in the same write; undefined: they stay
   */
  abstract replace(record: LoginRecord, expectedVersion: number, values?: string | null): Promise<boolean>;

  /** Notes that a login was used. Leaves the version alone, brings nothing back, and moves neither time backwards. */
  abstract touch(id: string, use: LoginUse): Promise<void>;

  /**
   * Ends a login: record and values go in one write. True for the one caller who ended it.
   * @param theftSeenAt where given, the same write notes for the user of a login that is there that its remember token
   *   was stolen, for at least 90 days; the latest note counts
   */
  abstract delete(id: string, theftSeenAt?: number): Promise<boolean>;

  /** Every record of a user, whose ids all begin with this key, in any order, with the times of the latest `touch`; ended ones may be among them. One round trip. */
  abstract listByUser(userKey: string): Promise<ListedLogins>;

  /**
   * Ends every login of a user in one write: none that was inserted before it is there afterwards.
   * @param except the id of one that stays
   * @returns the ids of those that it has ended
   */
  abstract deleteByUser(userKey: string, except?: string): Promise<readonly string[]>;

  /** Drops records that have ended. Called by nobody here: a storage whose records do not expire by themselves calls it from a timer. @returns how many */
  abstract deleteExpired(): Promise<number>;
}
