/** Keeps sessions of anonymous visitors in a SQL database. Each expires a day after its last use. */
import type { SessionStore, StoredSession } from '../../logins/login-storage.js';
import { MAX_SWEPT, SESSION_LIFETIME } from '../lifetimes.js';
import { answer, sessionOf } from '../session-answers.js';
import type { SqlDriver, SqlRow, SqlValue } from './sql-driver.js';
import { checkSchema } from './sql-schema.js';

/** A session store of express-session's shape. */
export class SqlSessionStore implements SessionStore {
  readonly #sessions: string;

  /**
   * @param prefix begins the name of every table
   * @param clock returns the database's time, in milliseconds
   */
  constructor(
    private readonly driver: SqlDriver,
    private readonly prefix: string,
    private readonly clock: () => Promise<number>,
  ) {
    this.#sessions = `${prefix}sessions`;
  }

  start(): Promise<void> {
    return checkSchema(this.driver, this.prefix);
  }

  get(id: string, callback: (error: unknown, session?: StoredSession | null) => void): void {
    const found = this.#run(`SELECT session FROM ${this.#sessions} WHERE id = $1 AND ends_at > $2`, (now) => [id, now]);
    answer(
      found.then(([row]) => (row ? sessionOf(String(row.session)) : null)),
      callback,
    );
  }

  set(id: string, session: StoredSession, callback?: (error?: unknown) => void): void {
    const text = `INSERT INTO ${this.#sessions} (id, session, ends_at) VALUES ($1, $2, $3)
      ON CONFLICT (id) DO UPDATE SET session = excluded.session, ends_at = excluded.ends_at`;
    answer(
      this.#run(text, (now) => [id, JSON.stringify(session), now + SESSION_LIFETIME]),
      callback,
    );
  }

  destroy(id: string, callback?: (error?: unknown) => void): void {
    answer(
      this.#run(`DELETE FROM ${this.#sessions} WHERE id = $1`, () => [id]),
      callback,
    );
  }

  touch(id: string, _session: StoredSession, callback?: () => void): void {
    const text = `UPDATE ${this.#sessions} SET ends_at = $2 WHERE id = $1`;
    answer(
      this.#run(text, (now) => [id, now + SESSION_LIFETIME]),
      callback,
    );
  }

  /** Deletes expired sessions, a thousand at most. */
  async deleteExpired(): Promise<void> {
    const some = `SELECT id FROM ${this.#sessions} WHERE ends_at <= $1 LIMIT ${MAX_SWEPT}`;
    await this.#run(`DELETE FROM ${this.#sessions} WHERE id IN (${some}) AND ends_at <= $1`, (now) => [now]);
  }

  async #run(text: string, values: (now: number) => readonly SqlValue[]): Promise<readonly SqlRow[]> {
    const [rows = []] = await this.driver.run([{ text, values: values(await this.clock()) }]);
    return rows;
  }
}
