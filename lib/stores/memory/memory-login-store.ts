/** Login records in this process's memory: for development, tests and applications of one process that may forget. */
import { userKeyOf } from '../../logins/login-id.js';
import type { LoginRecord } from '../../logins/login-record.js';
import { LoginStore } from '../../logins/login-store.js';
import type { FoundLogin, InsertedLogin, LoginUse } from '../../logins/login-store.js';

interface Entry {
  readonly record: LoginRecord;
  readonly values: string | null;
}

/** Milliseconds that a theft is noted for: 90 days. */
const NOTE_LIFETIME = 90 * 86_400_000;

/** The reference of the port: every method is done before it returns, so nothing comes between two steps of one. */
export class MemoryLoginStore extends LoginStore {
  readonly #entries = new Map<string, Entry>();
  /** by user key */
  readonly #thefts = new Map<string, number>();

  /** @param clock milliseconds; a test may give its own */
  constructor(private readonly clock: () => number = Date.now) {
    super();
  }

  /** How many records are kept, ended ones that were not swept yet included. */
  get size(): number {
    return this.#entries.size;
  }

  override async now(): Promise<number> {
    return this.clock();
  }

  override async insert(record: LoginRecord, values: string | null): Promise<InsertedLogin> {
    if (this.#entries.has(record.id)) throw new Error('A login with this id is there already.');
    this.#entries.set(record.id, { record, values });
    const theftSeenAt = this.#thefts.get(userKeyOf(record.id)) ?? null;
    this.#thefts.delete(userKeyOf(record.id));
    return { theftSeenAt };
  }

  override async find(id: string, wanted: { readonly values: boolean }): Promise<FoundLogin> {
    const { record = null, values = null } = this.#entries.get(id) ?? {};
    return { record, values: wanted.values ? values : null, now: this.clock() };
  }

  override async saveValues(id: string, startedAt: number, values: string): Promise<boolean> {
    const entry = this.#entries.get(id);
    if (entry?.record.session.startedAt !== startedAt) return false;
    this.#entries.set(id, { ...entry, values });
    return true;
  }

  override async replace(record: LoginRecord, expectedVersion: number, values?: string | null): Promise<boolean> {
    const entry = this.#entries.get(record.id);
    if (entry?.record.version !== expectedVersion) return false;
    const kept = values === undefined ? entry.values : values;
    this.#entries.set(record.id, { record: used(record, entry.record), values: kept });
    return true;
  }

  override async touch(id: string, use: LoginUse): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry) this.#entries.set(id, { ...entry, record: used(entry.record, use) });
  }

  override async delete(id: string, theftSeenAt?: number): Promise<boolean> {
    const ended = this.#entries.delete(id);
    if (ended && theftSeenAt !== undefined) this.#thefts.set(userKeyOf(id), theftSeenAt);
    return ended;
  }

  override async deleteExpired(): Promise<number> {
    const now = this.clock();
    const ended = [...this.#entries.values()].filter(({ record }) => record.endsAt <= now);
    for (const { record } of ended) this.#entries.delete(record.id);
    for (const [key, seenAt] of this.#thefts) if (seenAt + NOTE_LIFETIME <= now) this.#thefts.delete(key);
    return ended.length;
  }
}

/** The record with the later of its own times and those of a use. */
function used(record: LoginRecord, { lastSeenAt, endsAt }: LoginUse): LoginRecord {
  return {
    ...record,
    lastSeenAt: Math.max(record.lastSeenAt, lastSeenAt),
    endsAt: Math.max(record.endsAt, endsAt),
  };
}
