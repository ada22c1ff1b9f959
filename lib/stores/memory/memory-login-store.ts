/** Login records in this process's memory: for development, tests and applications of one process that may forget. */
import { recordEndsAt } from '../../logins/login-record.js';
import type { LoginRecord } from '../../logins/login-record.js';
import { LoginStore } from '../../logins/login-store.js';
import type { FoundLogin } from '../../logins/login-store.js';

interface Entry {
  readonly record: LoginRecord;
  readonly values: string | null;
}

/** The reference of the port: every method is done before it returns, so nothing comes between two steps of one. */
export class MemoryLoginStore extends LoginStore {
  readonly #entries = new Map<string, Entry>();

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

  override async insert(record: LoginRecord, values: string | null): Promise<void> {
    if (this.#entries.has(record.id)) throw new Error('A login with this id is there already.');
    this.#entries.set(record.id, { record, values });
  }

  override async find(id: string, wanted: { readonly values: boolean }): Promise<FoundLogin> {
    const { record = null, values = null } = this.#entries.get(id) ?? {};
    return { record, values: wanted.values ? values : null, now: this.clock() };
  }

  override async saveValues(id: string, values: string): Promise<boolean> {
    const entry = this.#entries.get(id);
    if (entry) this.#entries.set(id, { ...entry, values });
    return entry !== undefined;
  }

  override async replace(record: LoginRecord, expectedVersion: number): Promise<boolean> {
    const entry = this.#entries.get(record.id);
    if (entry?.record.version !== expectedVersion) return false;
    this.#entries.set(record.id, { ...entry, record: usedUntil(record, timesOf(entry.record)) });
    return true;
  }

  override async touch(id: string, times: { readonly lastSeenAt: number; readonly idleEndsAt: number }): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry) this.#entries.set(id, { ...entry, record: usedUntil(entry.record, times) });
  }

  override async delete(id: string): Promise<boolean> {
    return this.#entries.delete(id);
  }

  override async deleteExpired(): Promise<number> {
    const now = this.clock();
    const ended = [...this.#entries.values()].filter(({ record }) => recordEndsAt(record) <= now);
    for (const { record } of ended) this.#entries.delete(record.id);
    return ended.length;
  }
}

const timesOf = ({ lastSeenAt, session }: LoginRecord): { lastSeenAt: number; idleEndsAt: number } => ({
  lastSeenAt,
  idleEndsAt: session.idleEndsAt,
});

/** The later of what the record says and what a use said. */
function usedUntil(
  record: LoginRecord,
  times: { readonly lastSeenAt: number; readonly idleEndsAt: number },
): LoginRecord {
  return {
    ...record,
    lastSeenAt: Math.max(record.lastSeenAt, times.lastSeenAt),
    session: { ...record.session, idleEndsAt: Math.max(record.session.idleEndsAt, times.idleEndsAt) },
  };
}
