/** Keeps sessions of anonymous visitors in this process's memory. Each expires a day after its last use. */
import type { SessionStore, StoredSession } from '../../logins/login-storage.js';
import { SESSION_LIFETIME } from '../lifetimes.js';

/** A session store of express-session's shape. A sweep deletes its expired sessions, so it does not grow for ever. */
export class MemorySessionStore implements SessionStore {
  readonly #entries = new Map<string, { readonly json: string; endsAt: number }>();

  /** @param clock returns milliseconds; a test may give its own */
  constructor(private readonly clock: () => number = Date.now) {}

  /** The number of stored sessions. */
  get size(): number {
    return this.#entries.size;
  }

  get(id: string, callback: (error: unknown, session?: StoredSession | null) => void): void {
    const entry = this.#entries.get(id);
    const isAlive = entry && entry.endsAt > this.clock();
    setImmediate(callback, null, isAlive ? (JSON.parse(entry.json) as StoredSession) : null);
  }

  set(id: string, session: StoredSession, callback?: (error?: unknown) => void): void {
    this.#entries.set(id, { json: JSON.stringify(session), endsAt: this.clock() + SESSION_LIFETIME });
    if (callback) setImmediate(callback);
  }

  destroy(id: string, callback?: (error?: unknown) => void): void {
    this.#entries.delete(id);
    if (callback) setImmediate(callback);
  }

  touch(id: string, _session: StoredSession, callback?: () => void): void {
    const entry = this.#entries.get(id);
    if (entry) entry.endsAt = this.clock() + SESSION_LIFETIME;
    if (callback) setImmediate(callback);
  }

  /** Deletes expired sessions. */
  deleteExpired(): void {
    const now = this.clock();
    for (const [id, { endsAt }] of this.#entries) if (endsAt <= now) this.#entries.delete(id);
  }
}
