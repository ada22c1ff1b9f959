/**
 * Keeps login records in this process's memory, for development, tests and applications of one process that may forget.
 */
import { userKeyOf } from '../../logins/login-id.js';
import type { LoginRecord } from '../../logins/login-record.js';
import { LoginStore } from '../../logins/login-store.js';
import type { FoundLogin, InsertedLogin, ListedLogins, LoginCap, LoginUse } from '../../logins/login-store.js';
import { NOTE_LIFETIME } from '../lifetimes.js';

interface Entry {
  readonly record: LoginRecord;
  readonly values: string | null;
}

/** The reference of the port. Each method is done before it returns, so no other call runs between two of its steps. */
export class MemoryLoginStore extends LoginStore {
  readonly #entries = new Map<string, Entry>();
  /** the ids of each user's logins, by user key */
  readonly #users = new Map<string, Set<string>>();
  /** the noted theft of each user, by user key */
  readonly #thefts = new Map<string, number>();

  /** @param clock returns milliseconds; a test may give its own */
  constructor(private readonly clock: () => number = Date.now) {
    super();
  }

  /** The number of stored records, including expired ones that the next sweep deletes. */
  get size(): number {
    return this.#entries.size;
  }

  override async now(): Promise<number> {
    return this.clock();
  }

  override async insert(record: LoginRecord, values: string | null, cap: LoginCap): Promise<InsertedLogin> {
    if (this.#entries.has(record.id)) throw new Error('A login with this id is there already.');
    const key = userKeyOf(record.id);
    const ids = this.#users.get(key) ?? new Set();

    const evicted = ids.size < cap.most ? [] : this.#excess(key, record.createdAt, cap);
    if (evicted.length && cap.whenFull === 'refuse') return { isInserted: false, evicted: [], theftSeenAt: null };
    for (const id of evicted) this.#remove(id);

    this.#entries.set(record.id, { record, values });
    this.#users.set(key, ids.add(record.id));
    const theftSeenAt = this.#thefts.get(key) ?? null;
    this.#thefts.delete(key);
    return { isInserted: true, evicted, theftSeenAt };
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
    const isDeleted = this.#remove(id);
    if (isDeleted && theftSeenAt !== undefined) this.#thefts.set(userKeyOf(id), theftSeenAt);
    return isDeleted;
  }

  override async listByUser(userKey: string): Promise<ListedLogins> {
    return { records: this.#recordsOf(userKey), now: this.clock() };
  }

  override async deleteByUser(userKey: string, except?: string): Promise<readonly string[]> {
    const ids = [...(this.#users.get(userKey) ?? [])].filter((id) => id !== except);
    for (const id of ids) this.#remove(id);
    return ids;
  }

  override async deleteExpired(): Promise<number> {
    const now = this.clock();
    const expired = [...this.#entries.values()].filter(({ record }) => record.endsAt <= now);
    for (const { record } of expired) this.#remove(record.id);
    for (const [key, seenAt] of this.#thefts) if (seenAt + NOTE_LIFETIME <= now) this.#thefts.delete(key);
    return expired.length;
  }

  #recordsOf(userKey: string): LoginRecord[] {
    return [...(this.#users.get(userKey) ?? [])].map((id) => (this.#entries.get(id) as Entry).record);
  }

  /** Deletes the expired logins of a user. Returns the ids of the oldest others that leave no room for one more. */
  #excess(userKey: string, now: number, cap: LoginCap): string[] {
    for (const { id, endsAt } of this.#recordsOf(userKey)) if (endsAt <= now) this.#remove(id);
    const counted = this.#recordsOf(userKey).filter(({ id }) => !cap.excludedIds.includes(id));
    return counted
      .toSorted((one, other) => one.lastSeenAt - other.lastSeenAt)
      .slice(0, Math.max(0, counted.length + 1 - cap.most))
      .map(({ id }) => id);
  }

  #remove(id: string): boolean {
    const ids = this.#users.get(userKeyOf(id));
    if (ids?.delete(id) && ids.size === 0) this.#users.delete(userKeyOf(id));
    return this.#entries.delete(id);
  }
}

/** Returns the record with the later of its own times and the times of a use. */
function used(record: LoginRecord, { lastSeenAt, endsAt }: LoginUse): LoginRecord {
  return {
    ...record,
    lastSeenAt: Math.max(record.lastSeenAt, lastSeenAt),
    endsAt: Math.max(record.endsAt, endsAt),
  };
}
