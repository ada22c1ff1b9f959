/** Opens, finds, changes and ends logins: the one place that writes login records. */
import { Logger } from '@nestjs/common';
import { LoginUnavailableException } from '../exceptions/login-unavailable.exception.js';
import type {
  FoundSession,
  LiveLogin,
  LoginClient,
  NewLogin,
  OpenedLogin,
  SeenLogin,
  SessionLogin,
} from './live-login.js';
import { endLater } from './end-later.js';
import { judgeLogin, recordEndsAt } from './login-decision.js';
import type { LoginVerdict, RecordLimits } from './login-decision.js';
import { hashOf, loginIdOf, newLoginId, newLoginSessionId } from './login-id.js';
import type { LoginRecord, RememberPart } from './login-record.js';
import { confirmedRecord, restoredRecord } from './record-changes.js';
import type { UnboundedRecord } from './record-changes.js';
import type { LoginCap, LoginStore } from './login-store.js';
import { storeCall } from './store-call.js';
import { areValues, jsonOf } from './values-text.js';

/** The limits that logins keep to; all durations in milliseconds. */
export interface LoginLimits extends RecordLimits {
  readonly absolute: number;
  readonly storeTimeout: number;
  readonly userKeySalt: string;
  readonly maxLogins: number;
  readonly whenFull: LoginCap['whenFull'];
}

/** What takes the place of a record, and of its session values where they are named. */
interface Change {
  readonly record: UnboundedRecord;
  readonly values?: string | null;
}

/** What a remember cookie changes: the tokens, and the session where that is restored. */
interface RememberChange {
  readonly remember: RememberPart;
  /** the token that goes out with the restored session; undefined: none is restored */
  readonly tokenHash?: string;
}

/** Milliseconds between two writes of `lastSeenAt`, or a tenth of the idle time where that is less. */
const TOUCH_INTERVAL = 60_000;

/** So many lost races in a row are no race: the store answers old records, or takes none. */
const MOST_ROUNDS = 1_000;

/** Opens, finds, changes and ends logins. A store that fails or is late is a LoginUnavailableException everywhere. */
export class LoginRegistry {
  readonly #logger = new Logger('LoginRegistry');

  constructor(
    private readonly store: LoginStore,
    private readonly limits: LoginLimits,
  ) {}

  /**
   * Writes a new login. After an error it is ended, also where the write came late or its answer was lost. Null where the user has as many
   * as they may.
   * @param values the session values that the login starts with
   * @param leaving logins that end with this one, and are not counted
   */
  async open(
    { fresh, remember, ...known }: NewLogin,
    values: object,
    leaving: readonly string[],
  ): Promise<OpenedLogin | null> {
    const now = await this.#call(() => this.store.now());
    const id = newLoginId(known.userId, this.limits.userKeySalt);
    const sessionId = newLoginSessionId(id);
    const record = this.#bounded({
      ...known,
      id,
      session: { idHash: hashOf(sessionId), startedAt: now, endsAt: now + this.limits.absolute, tokenHash: null },
      remember: remember && { base: remember.hash, candidates: [], previous: [], endsAt: now + remember.duration },
      createdAt: now,
      authenticatedAt: now,
      freshAt: fresh ? now : null,
      lastSeenAt: now,
      version: 1,
    });
    const { maxLogins: most, whenFull } = this.limits;
    const insert = (async () => this.store.insert(record, jsonOf(values), { most, whenFull, leaving }))();
    try {
      const { isInserted, evicted, theftSeenAt } = await this.#call(() => insert);
      return isInserted ? { record, sessionId, now, readAt: performance.now(), evicted, theftSeenAt } : null;
    } catch (error) {
      // Nobody holds the new id; without this a record that was written late would stand there until its end.
      void insert
        .then(({ theftSeenAt }) => this.end(id, theftSeenAt ?? undefined))
        .catch(() => endLater(() => this.end(id)));
      throw error;
    }
  }

  /** Looks up the login that a session id names, with its session values: one round trip, or none for any other text. */
  async find(sessionId: string): Promise<FoundSession> {
    const id = loginIdOf(sessionId);
    if (id === undefined) return { verdict: 'gone', seen: null };
    const { record, values, now } = await this.#call(() => this.store.find(id, { values: true }));
    if (!areValues(values)) {
      this.#logger.error(`The session values of the login "${id}" are damaged: nobody is logged in by this session.`);
      return { verdict: 'gone', seen: null };
    }
    const verdict = judgeLogin(record, sessionId, now, this.limits);
    const seen = record && { record, now, readAt: performance.now() };
    if (verdict === 'alive' && seen) return { verdict, login: { ...seen, sessionId }, values };
    return { verdict: verdict as Exclude<LoginVerdict, 'alive'>, seen };
  }

  /** The record of this id, whoever may use it. One round trip. */
  async look(id: string): Promise<SeenLogin | null> {
    const { record, now } = await this.#call(() => this.store.find(id, { values: false }));
    return record && { record, now, readAt: performance.now() };
  }

  /**
   * The user proved who they are again: fresh, bound to this browser, all ends counted anew, and a new session id;
   * the former id is dead at once (OWASP ASVS 7.2.4). Null where the login has gone in the meantime.
   * @param stampHash of the user as they are now
   * @param anew the tokens of the login from now on, where the stamp is another one
   */
  async confirm(
    login: LiveLogin,
    client: LoginClient,
    stampHash: string | null,
    anew: (remember: RememberPart, now: number) => RememberPart,
  ): Promise<SessionLogin | null> {
    const { sessionId: former } = login;
    const sessionId = newLoginSessionId(login.record.id);
    const { seen, changed } = await this.change(login, (record, now) => {
      if (former !== null && !this.isAlive(record, now, former)) return null;
      const to = { idHash: hashOf(sessionId), isBegun: former === null, absolute: this.limits.absolute };
      return {
        record: confirmedRecord(record, now, { ...to, client, stampHash, anew }),
        ...(former === null ? { values: null } : {}),
      };
    });
    return seen && changed ? { ...seen, sessionId } : null;
  }

  /**
   * A remember cookie takes the place of a session that is lost: a new session id, not fresh, bound to this browser. The
   * session's absolute end is counted anew, and never past that of the remember cookie, which does not move.
   * @param values the session values that it starts with
   * @param decide the remembered part as it is to be, and whether the session is restored along with it; null: neither
   * @returns the login where its session was restored; the record as it is now, null where it has gone
   */
  async restore(
    lost: SeenLogin,
    client: LoginClient,
    values: object,
    decide: (record: LoginRecord, now: number) => RememberChange | null,
  ): Promise<{ readonly login: SessionLogin | null; readonly seen: SeenLogin | null }> {
    const sessionId = newLoginSessionId(lost.record.id);
    let isRestored = false;
    const { seen } = await this.change(lost, (record, now) => {
      const change = decide(record, now);
      isRestored = change?.tokenHash !== undefined;
      if (!change) return null;
      const { remember, tokenHash } = change;
      if (tokenHash === undefined) return { record: { ...record, remember } };
      const to = { idHash: hashOf(sessionId), tokenHash, remember, client, absolute: this.limits.absolute };
      return { record: restoredRecord(record, now, to), values: jsonOf(values) };
    });
    return { seen, login: seen && isRestored ? { ...seen, sessionId } : null };
  }

  /** The login counts as not fresh until it is confirmed. Null where it has gone in the meantime. */
  async makeStale(login: SessionLogin): Promise<SessionLogin | null> {
    if (login.record.freshAt === null) return login;
    const { seen, changed } = await this.change(login, (record, now) =>
      this.isAlive(record, now, login.sessionId) ? { record: { ...record, freshAt: null } } : null,
    );
    return seen && changed ? { ...seen, sessionId: login.sessionId } : null;
  }

  /**
   * Compare-and-set: `decide` answers what takes the place of a record, or null for no change; a lost race reads again and
   * asks it again.
   * @returns the login as it is now, null where it has gone; and whether it was changed
   */
  async change(
    first: SeenLogin,
    decide: (record: LoginRecord, now: number) => Change | null,
  ): Promise<{ readonly seen: SeenLogin | null; readonly changed: boolean }> {
    let seen: SeenLogin | null = first;
    for (let round = 0; seen && round < MOST_ROUNDS; round += 1) {
      const change = decide(seen.record, seen.now);
      if (!change) return { seen, changed: false };
      const expected = seen.record.version;
      const record = this.#bounded({ ...change.record, version: expected + 1 });
      if (await this.#call(() => this.store.replace(record, expected, change.values)))
        return { seen: { ...seen, record }, changed: true };
      seen = await this.look(first.record.id);
    }
    if (!seen) return { seen, changed: false };
    throw new LoginUnavailableException(
      'The store',
      new Error(`A login changed ${MOST_ROUNDS} times while it was to be changed.`),
    );
  }

  /** Notes the use of a login and moves its idle ends on, at most once an interval. */
  async touch({ record, now }: SeenLogin): Promise<void> {
    const { idle, rememberIdle } = this.limits;
    const shortest = record.remember ? Math.min(idle, rememberIdle) : idle;
    if (now - record.lastSeenAt < Math.min(TOUCH_INTERVAL, shortest / 10)) return;
    const { lastSeenAt, endsAt } = this.#bounded({ ...record, lastSeenAt: now });
    await this.#call(() => this.store.touch(record.id, { lastSeenAt, endsAt }));
  }

  /** Keeps the values of the session of a login that began at `startedAt`; false, and nothing is written, where it is over. */
  async saveValues(id: string, startedAt: number, values: string): Promise<boolean> {
    return this.#call(() => this.store.saveValues(id, startedAt, values));
  }

  /** Ends a login. True for the one caller who ended it. @param theftSeenAt see `LoginStore.delete` */
  async end(id: string, theftSeenAt?: number): Promise<boolean> {
    return this.#call(() => this.store.delete(id, theftSeenAt));
  }

  /** True where this session id uses this login. */
  isAlive(record: LoginRecord, now: number, sessionId: string): boolean {
    return judgeLogin(record, sessionId, now, this.limits) === 'alive';
  }

  #bounded(record: UnboundedRecord): LoginRecord {
    return { ...record, endsAt: recordEndsAt(record, this.limits) };
  }

  #call<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    return storeCall(this.limits.storeTimeout, call);
  }
}
