/** Makes memoryStorage(): both stores in memory, and the sweep that bounds them. */
import type { LoginStorage } from '../../logins/login-storage.js';
import { SWEEP_INTERVAL } from '../lifetimes.js';
import { MemoryLoginStore } from './memory-login-store.js';
import { MemorySessionStore } from './memory-session-store.js';

/** A storage in memory. */
export interface MemoryStorage extends LoginStorage {
  readonly logins: MemoryLoginStore;
  readonly sessions: MemorySessionStore;
  /** Ends the sweep. LoginModule does so for a storage that it made itself. */
  close(): void;
}

/**
 * Keeps logins and sessions in this process's memory. A restart logs everybody out, and other processes do not see the
 * logins. A sweep deletes expired entries once a minute. It keeps no process alive.
 * @param settings.clock returns milliseconds; a test may give its own. Default: `Date.now`
 */
export function memoryStorage({ clock = Date.now }: { readonly clock?: () => number } = {}): MemoryStorage {
  const logins = new MemoryLoginStore(clock);
  const sessions = new MemorySessionStore(clock);
  const sweep = setInterval(() => {
    void logins.deleteExpired();
    sessions.deleteExpired();
  }, SWEEP_INTERVAL);
  sweep.unref();
  return { logins, sessions, close: () => clearInterval(sweep) };
}
