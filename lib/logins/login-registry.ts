/** Opens, finds, changes and ends logins: the one place that writes login records. */
import { LoginUnavailableException } from '../exceptions/login-unavailable.exception.js';
import { judgeLogin } from './login-decision.js';
import type { LoginVerdict } from './login-decision.js';
import { hashOf, loginIdOf, newLoginId, newLoginSessionId } from './login-id.js';
import type { LoginRecord } from './login-record.js';
import type { LoginStore } from './login-store.js';
import { storeCall } from './store-call.js';

/** The limits that logins keep to; all durations in milliseconds. */
export interface LoginLimits {
  readonly idle: number;
  readonly absolute: number;
  readonly storeTimeout: number;
  readonly userKeySalt: string;
}

/** A login together with the session id that uses it, and the store's clock when it was looked at. */
export interface LiveLogin {
  readonly record: LoginRecord;
  readonly sessionId: string;
  readonly now: number;
}

/** What a presented session id led to. Where the verdict is `gone` there is no record. */
export type FoundSession =
  | { readonly verdict: 'gone' }
  | { readonly verdict: Exclude<LoginVerdict, 'gone'>; readonly login: LiveLogin; readonly values: string | null };

/** What is known of a new login before it has an id. */
export interface NewLogin {
  readonly userId: string;
  readonly fresh: boolean;
  readonly identifier: string;
  readonly userAgent: string;
  readonly ip: string;
}

/** Logins may write `lastSeenAt` this often at the most, or ten times an idle time. */
const TOUCH_INTERVAL = 60_000;

/** So many lost races in a row are no race: the store answers old records, or takes none. */
const MOST_ROUNDS = 1_000;

/** Opens, finds, changes and ends logins. A store that fails or is late is a LoginUnavailableException everywhere. */
export class LoginRegistry {
  constructor(
    private readonly store: LoginStore,
    private readonly limits: LoginLimits,
  ) {}

  /**
   * Writes a new login. After an error it does not exist, also where the write came late.
   * @param values the session values that the login starts with, as JSON text
   */
  async open(login: NewLogin, values: string | null): Promise<LiveLogin> {
    const now = await this.#call(() => this.store.now());
    const id = newLoginId(login.userId, this.limits.userKeySalt);
    const sessionId = newLoginSessionId(id);
    const record: LoginRecord = {
      id,
      userId: login.userId,
      session: this.#sessionPart(sessionId, now),
      createdAt: now,
      authenticatedAt: now,
      freshAt: login.fresh ? now : null,
      lastSeenAt: now,
      identifier: login.identifier,
      userAgent: login.userAgent,
      ip: login.ip,
      version: 1,
    };
    const insert = (async () => this.store.insert(record, values))();
    try {
      await this.#call(() => insert);
    } catch (error) {
      // Nobody holds the new id; without this a record that was written late would stand there until its end.
      void insert.then(() => this.end(id)).catch(() => undefined);
      throw error;
    }
    return { record, sessionId, now };
  }

  /** Looks up the login that a session id names, with its session values: one round trip, or none for any other text. */
  async find(sessionId: string): Promise<FoundSession> {
    const id = loginIdOf(sessionId);
    if (id === undefined) return { verdict: 'gone' };
    const { record, values, now } = await this.#call(() => this.store.find(id, { values: true }));
    const verdict = judgeLogin(record, sessionId, now);
    return verdict === 'gone' || !record ? { verdict: 'gone' } : { verdict, login: { record, sessionId, now }, values };
  }

  /**
   * The user proved who they are again: fresh, bound to this browser, both ends counted anew, and a new session id;
   * the former id is dead at once (OWASP ASVS 7.2.4). Null where the login has gone in the meantime.
   */
  async confirm(login: LiveLogin, identifier: string): Promise<LiveLogin | null> {
    const sessionId = newLoginSessionId(login.record.id);
    return this.#change(login, sessionId, (record, now) => ({
      ...record,
      session: this.#sessionPart(sessionId, now),
      authenticatedAt: now,
      freshAt: now,
      lastSeenAt: now,
      identifier,
    }));
  }

  /** The login counts as not fresh until it is confirmed. Null where it has gone in the meantime. */
  async makeStale(login: LiveLogin): Promise<LiveLogin | null> {
    if (login.record.freshAt === null) return login;
    return this.#change(login, login.sessionId, (record) => ({ ...record, freshAt: null }));
  }

  /** Notes the use of a login and moves its idle end on, at most once an interval. */
  async touch({ record, now }: LiveLogin): Promise<void> {
    if (now - record.lastSeenAt < Math.min(TOUCH_INTERVAL, this.limits.idle / 10)) return;
    const idleEndsAt = Math.min(now + this.limits.idle, record.session.endsAt);
    await this.#call(() => this.store.touch(record.id, { lastSeenAt: now, idleEndsAt }));
  }

  /** Keeps the session values of a login; false, and nothing is written, where it has ended. */
  async saveValues(id: string, values: string): Promise<boolean> {
    return this.#call(() => this.store.saveValues(id, values));
  }

  /** Ends a login. True for the one caller who ended it. */
  async end(id: string): Promise<boolean> {
    return this.#call(() => this.store.delete(id));
  }

  /** Compare-and-set: a lost race reads again and decides again, until it wins or the login is no more this session's. */
  async #change(
    login: LiveLogin,
    sessionId: string,
    decide: (record: LoginRecord, now: number) => LoginRecord,
  ): Promise<LiveLogin | null> {
    let { record, now } = login;
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const changed = { ...decide(record, now), version: record.version + 1 };
      const expected = record.version;
      if (await this.#call(() => this.store.replace(changed, expected))) return { record: changed, sessionId, now };
      const found = await this.find(login.sessionId);
      if (found.verdict !== 'alive') return null;
      ({ record, now } = found.login);
    }
    throw new LoginUnavailableException(
      'The store',
      new Error(`A login changed ${MOST_ROUNDS} times while it was to be changed.`),
    );
  }

  #sessionPart(sessionId: string, now: number): LoginRecord['session'] {
    const endsAt = now + this.limits.absolute;
    return { idHash: hashOf(sessionId), issuedAt: now, idleEndsAt: Math.min(now + this.limits.idle, endsAt), endsAt };
  }

  #call<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    return storeCall(this.limits.storeTimeout, call);
  }
}
