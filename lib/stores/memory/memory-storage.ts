/** memoryStorage(): both stores in memory, and the sweep that bounds them. */
import type { LoginStorage } from '../../logins/login-storage.js';
import { SWEEP_INTERVAL } from '../lifetimes.js';
import { MemoryLoginStore } from './memory-login-store.js';
import { MemorySessionStore } from './memory-session-store.js';

/** A storage in memory. */
export interface MemoryStorage extends LoginStorage {
  readonly logins: MemoryLoginStore;
  readonly sessions: MemorySessionStore;
  /** Ends the sweep. LoginModule does so for a storage it made itself. */
  close(): void;
}

/**
 * Keeps logins and sessions in this process's memory: a restart logs everybody out, and other processes know nothing of them.
 * What has ended is swept once a minute; the sweep keeps no process alive.
 * @param settings.clock milliseconds; a test may give its own. Default: `Date.now`
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
