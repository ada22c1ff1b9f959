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

/**
 * Keeps login records and, beside each, the values of its session: they die with the record in the same write.
 * Every method rejects when the store cannot be reached. `loginStoreContract` of
 * `nestjs-login/testing` shows whether an implementation keeps what is promised here.
 */
export abstract class LoginStore {
  /** The store's clock, in milliseconds. Costs no round trip in the steady state. */
  abstract now(): Promise<number>;

  /** Keeps a new record and its values. Rejects where the id is taken: nothing is ever overwritten. */
  abstract insert(record: LoginRecord, values: string | null): Promise<void>;

  /**
   * The record with this id as it is now, with `lastSeenAt` and `idleEndsAt` of the latest `touch`. One round trip.
   * A record that has ended may be answered or not: whoever asks decides by `now`.
   * @param wanted whether the values come along, in the same round trip
   */
  abstract find(id: string, wanted: { readonly values: boolean }): Promise<FoundLogin>;

  /** Keeps the session values of a login that is there: true. Of one that has gone, nothing is written: false. */
  abstract saveValues(id: string, values: string): Promise<boolean>;

  /**
   * Puts `record` in place of the one with its id whose version is `expectedVersion`. Of two racing calls exactly one
   * gets true. False, and nothing is written, where the record has gone or has another version. Values stay, and
   * neither `lastSeenAt` nor `idleEndsAt` goes back behind a `touch`.
   */
  abstract replace(record: LoginRecord, expectedVersion: number): Promise<boolean>;

  /**
   * Notes that a login was used. Leaves the version alone, brings nothing back, and moves neither time backwards.
   * @param times milliseconds on the store's clock
   */
  abstract touch(id: string, times: { readonly lastSeenAt: number; readonly idleEndsAt: number }): Promise<void>;

  /** Ends a login: record and values go in one write. True for the one caller who ended it. */
  abstract delete(id: string): Promise<boolean>;

  /** Drops records that have ended. Called by nobody here: a storage whose records do not expire by themselves calls it from a timer. @returns how many */
  abstract deleteExpired(): Promise<number>;
}
