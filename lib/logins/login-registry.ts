/** Opens, finds, changes and deletes logins. No other file writes login records. */
import { Logger } from '@nestjs/common';
import { LoginUnavailableException } from '../exceptions/login-unavailable.exception.js';
import { decideLogin, recordEndsAt } from './login-decision.js';
import type { LoginVerdict } from './login-decision.js';
import { hashOf, loginIdOf, newLoginId, newLoginSessionId } from './login-id.js';
import type { LoginLimits } from './login-limits.js';
import type { LoginRecord, RememberPart } from './login-record.js';
import type {
  ActiveLogin,
  FoundSession,
  LoginClient,
  LoginSnapshot,
  NewLogin,
  OpenedLogin,
  SessionLogin,
} from './login-snapshot.js';
import type { FoundLogin, LoginStore } from './login-store.js';
import { newRecord } from './new-record.js';
import { confirmedRecord, restoredRecord } from './record-changes.js';
import type { UnboundedRecord } from './record-changes.js';
import type { Decided, Decision, RememberChange } from './record-decision.js';
import { retryDelete } from './retry-delete.js';
import { fromJson } from './session-values-json.js';
import type { StoreCalls } from './store-calls.js';

/** The time in milliseconds between two writes of `lastSeenAt`, or a tenth of the idle time if that is shorter. */
const TOUCH_INTERVAL = 60_000;

/** The most lost races in a row. More of them show that the store returns old records, or accepts no write. */
const MAX_ROUNDS = 1_000;

/** Opens, finds, changes and deletes logins. A store that fails or is late causes a LoginUnavailableException. */
export class LoginRegistry {
  readonly #logger = new Logger('LoginRegistry');

  constructor(
    private readonly store: LoginStore,
    private readonly calls: StoreCalls,
    private readonly limits: LoginLimits,
  ) {}

  /** Returns the store's clock, in milliseconds. Costs no round trip in the steady state. */
  now(): Promise<number> {
    return this.calls.run(() => this.store.now());
  }

  /**
   * Writes a new login. After an error it is deleted, even if the write came late or its result was lost.
   * @param values the first session values as JSON; null for none
   * @param excludedIds logins that end with this one, and do not count against the limit
   * @returns null if the user has as many logins as allowed
   */
  async open(draft: NewLogin, values: string | null, excludedIds: readonly string[]): Promise<OpenedLogin | null> {
    const now = await this.now();
    const id = newLoginId(draft.userId, this.limits.userKeySalt);
    const sessionId = newLoginSessionId(id);
    const record = newRecord(draft, { id, idHash: hashOf(sessionId), now }, this.limits);
    const { maxLogins: most, whenFull } = this.limits.login;

    const insert = (async () => this.store.insert(record, values, { most, whenFull, excludedIds }))();
    try {
      const { isInserted, evicted, theftSeenAt } = await this.calls.run(() => insert);
      return isInserted ? { record, sessionId, now, readAt: performance.now(), evicted, theftSeenAt } : null;
    } catch (error) {
      // No browser holds the new id. A record that was written late would stay until it expires.
      void insert
        .then(({ theftSeenAt }) => this.delete(id, theftSeenAt ?? undefined))
        .catch(() => retryDelete(() => this.delete(id)));
      throw error;
    }
  }

  /**
   * Finds the login that a session id names. Costs one round trip, or none for a text that is no session id.
   * @param wanted whether the session values are read as well
   */
  findBySessionId(sessionId: string, wanted: { readonly values: boolean }): Promise<FoundSession> {
    const id = loginIdOf(sessionId);
    if (id === undefined) return Promise.resolve({ verdict: 'not-found', snapshot: null });
    return this.calls.run(() => this.store.find(id, wanted)).then((found) => this.#decide(sessionId, found, wanted));
  }

  #decide(sessionId: string, { record, values, now }: FoundLogin, wanted: { readonly values: boolean }): FoundSession {
    const parsed = values === null ? {} : fromJson(values);
    if (!parsed) {
      this.#logger.error(`The session values of the login "${record?.id}" are damaged: this session logs nobody in.`);
      return { verdict: 'not-found', snapshot: null };
    }

    const verdict = decideLogin(record, sessionId, { now, limits: this.limits });
    const snapshot = record && { record, now, readAt: performance.now() };
    if (verdict !== 'alive' || !snapshot) return { verdict: verdict as Exclude<LoginVerdict, 'alive'>, snapshot };
    const stored = wanted.values ? { json: values ?? '{}', values: parsed } : null;
    return { verdict, login: { ...snapshot, sessionId }, values: stored };
  }

  /** Returns the record of this id, even if no cookie can use it any more. Costs one round trip. */
  async findById(id: string): Promise<LoginSnapshot | null> {
    const { record, now } = await this.calls.run(() => this.store.find(id, { values: false }));
    return record && { record, now, readAt: performance.now() };
  }

  /**
   * Makes a login fresh, because the user has authenticated again. Binds it to this browser, counts all limits anew,
   * and gives it a new session id. The former id stops working at once (OWASP ASVS 7.2.4).
   * @param to.stampHash the stamp of the user as they are now
   * @param to.anew makes new tokens of the login if the stamp is another one
   * @returns null if the login was deleted in the meantime
   */
  async confirm(
    login: ActiveLogin,
    to: {
      readonly client: LoginClient;
      readonly stampHash: string | null;
      readonly anew: (remember: RememberPart, now: number) => RememberPart;
    },
  ): Promise<SessionLogin | null> {
    const { sessionId: former } = login;
    const sessionId = newLoginSessionId(login.record.id);
    const next = { idHash: hashOf(sessionId), isBegun: former === null, absolute: this.limits.login.absolute, ...to };
    // The request may have lasted long since the login was read, and freshness counts from now.
    const seen = { ...login, now: await this.now(), readAt: performance.now() };

    const { snapshot, decision } = await this.change(seen, (record, now) => {
      if (former !== null && !this.isAlive(record, now, former)) return { change: null };
      const values = former === null ? null : undefined;
      return { change: { record: confirmedRecord(record, now, next), values } };
    });
    return snapshot && decision.change ? { ...snapshot, sessionId } : null;
  }

  /**
   * Replaces a lost session after a remember cookie. The new session has a new id, is not fresh, and is bound to this
   * browser. Its absolute limit counts anew, but never past the end of the remember cookie, which stays.
   * @param to.values the first session values as JSON; null for none
   * @param to.decide decides about the tokens, and whether the session is restored
   * @returns the login if its session was restored, the record as it is now, and the decision
   */
  async restore<Made extends { readonly change: RememberChange | null }>(
    lost: LoginSnapshot,
    to: {
      readonly client: LoginClient;
      readonly values: string | null;
      readonly decide: (record: LoginRecord, now: number) => Made;
    },
  ): Promise<{ login: SessionLogin | null; snapshot: LoginSnapshot | null; decision: Made }> {
    const sessionId = newLoginSessionId(lost.record.id);
    const next = { idHash: hashOf(sessionId), client: to.client, absolute: this.limits.login.absolute };

    const { snapshot, decision } = await this.change(lost, (record, now) => {
      const made = to.decide(record, now);
      if (!made.change) return { made, change: null };
      const { remember, tokenHash } = made.change;
      if (tokenHash === undefined) return { made, change: { record: { ...record, remember } } };
      const restored = restoredRecord(record, now, { ...next, tokenHash, remember });
      return { made, change: { record: restored, values: to.values } };
    });
    const isRestored = decision.made.change?.tokenHash !== undefined;
    return {
      snapshot,
      login: snapshot && isRestored ? { ...snapshot, sessionId } : null,
      decision: decision.made,
    };
  }

  /**
   * Makes a login stale until it is confirmed.
   * @returns null if the login was deleted; otherwise whether this call changed it
   */
  async makeStale(login: SessionLogin): Promise<{ readonly login: SessionLogin; readonly isChanged: boolean } | null> {
    const { snapshot, decision } = await this.change(login, (record, now) => {
      const isAlive = this.isAlive(record, now, login.sessionId);
      // A parallel request may have done it. If each of them wrote it again, all of them would write and read in turns.
      const isFresh = record.freshAt !== null;
      return { isAlive, change: isAlive && isFresh ? { record: { ...record, freshAt: null } } : null };
    });
    if (!snapshot || !decision.isAlive) return null;
    return { login: { ...snapshot, sessionId: login.sessionId }, isChanged: decision.change !== null };
  }

  /**
   * Changes a record by compare-and-set. After a lost race it reads the record again and decides again. @returns the
   * last decision
   */
  async change<Made extends Decision>(
    first: LoginSnapshot,
    decide: (record: LoginRecord, now: number) => Made,
  ): Promise<Decided<Made>> {
    let snapshot = first;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const decision = decide(snapshot.record, snapshot.now);
      if (!decision.change) return { snapshot, decision };

      const expected = snapshot.record.version;
      const { values } = decision.change;
      const record = this.#bounded({ ...decision.change.record, version: expected + 1 });
      if (await this.calls.run(() => this.store.replace(record, expected, values)))
        return { snapshot: { ...snapshot, record }, decision };

      const latest = await this.findById(first.record.id);
      if (!latest) return { snapshot: null, decision };
      snapshot = latest;
    }
    const cause = new Error(`A login changed ${MAX_ROUNDS} times while it was to be changed.`);
    throw new LoginUnavailableException('The store', cause);
  }

  /**
   * Records the use of a login and postpones its idle limits, at most once per interval. Returns null if it is not due.
   */
  touch({ record, now }: LoginSnapshot): Promise<void> | null {
    const { login, remember } = this.limits;
    const shortest = record.remember ? Math.min(login.idle, remember.idle) : login.idle;
    if (now - record.lastSeenAt < Math.min(TOUCH_INTERVAL, shortest / 10)) return null;
    const { lastSeenAt, endsAt } = this.#bounded({ ...record, lastSeenAt: now });
    return this.calls.run(() => this.store.touch(record.id, { lastSeenAt, endsAt }));
  }

  /** Saves the values if the login exists and its session began at `startedAt`. Returns whether it did. */
  saveValues(id: string, startedAt: number, values: string): Promise<boolean> {
    return this.calls.run(() => this.store.saveValues(id, startedAt, values));
  }

  /** Deletes a login. Returns true to the one caller that deleted it. @param theftSeenAt see `LoginStore.delete` */
  delete(id: string, theftSeenAt?: number): Promise<boolean> {
    return this.calls.run(() => this.store.delete(id, theftSeenAt));
  }

  /** Tells whether this session id can use this login. */
  isAlive(record: LoginRecord, now: number, sessionId: string): boolean {
    return decideLogin(record, sessionId, { now, limits: this.limits }) === 'alive';
  }

  #bounded(record: UnboundedRecord): LoginRecord {
    return { ...record, endsAt: recordEndsAt(record, this.limits) };
  }
}
