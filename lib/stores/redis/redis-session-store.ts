/** Keeps sessions of anonymous visitors in Redis. Each expires a day after its last use, by its time to live. */
import type { SessionStore, StoredSession } from '../../logins/login-storage.js';
import { SESSION_LIFETIME } from '../lifetimes.js';
import { answer, sessionOf } from '../session-answers.js';
import type { RedisConnection } from './redis-connection.js';

/**
 * A small session store of express-session's shape. The well-kept store connect-redis serves one of the two clients
 * alone.
 */
export class RedisSessionStore implements SessionStore {
  /** @param prefix stands before every key */
  constructor(
    private readonly redis: RedisConnection,
    private readonly prefix: string,
  ) {}

  start(): Promise<void> {
    return this.redis.check();
  }

  get(id: string, callback: (error: unknown, session?: StoredSession | null) => void): void {
    answer(this.#send(id, 'GET').then(sessionOf), callback);
  }

  set(id: string, session: StoredSession, callback?: (error?: unknown) => void): void {
    answer(this.#send(id, 'SET', JSON.stringify(session), 'PX', String(SESSION_LIFETIME)), callback);
  }

  destroy(id: string, callback?: (error?: unknown) => void): void {
    answer(this.#send(id, 'DEL'), callback);
  }

  touch(id: string, _session: StoredSession, callback?: () => void): void {
    answer(this.#send(id, 'PEXPIRE', String(SESSION_LIFETIME)), callback);
  }

  #send(id: string, command: string, ...words: string[]): Promise<unknown> {
    const key = `${this.prefix}session:${id}`;
    return this.redis.send(key, [command, key, ...words]);
  }
}
