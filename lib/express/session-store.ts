/** The store that a session object calls for `save`, `reload`, `destroy` and `regenerate`. */
import session from 'express-session';
import type { SessionData } from 'express-session';
import { contextOf } from '../context/login-contexts.js';
import { loginIdOf } from '../logins/login-id.js';
import type { LoginRegistry } from '../logins/login-registry.js';
import type { SessionValues } from '../logins/session-values-json.js';
import { valuesOf } from '../session/anonymous-sessions.js';
import type { AnonymousSessions } from '../session/anonymous-sessions.js';

type Callback<Answer = void> = (error?: unknown, answer?: Answer) => void;

/** Any request that holds a session of ours. */
type SessionRequest = Parameters<session.Store['createSession']>[0];

/** Hands the calls on to the session of the request. An ephemeral session has no id and is stored nowhere. */
export class ExpressSessionStore extends session.Store {
  constructor(
    private readonly logins: LoginRegistry,
    private readonly anonymous: AnonymousSessions,
  ) {
    super();
  }

  /** Reads the values that the store has now, for `req.session.reload()`. */
  override get(sessionId: string, callback: Callback<SessionData | null>): void {
    answer(callback, async () => {
      const values = typeof sessionId === 'string' ? await this.#read(sessionId) : null;
      return values && ({ ...values, cookie: {} } as SessionData);
    });
  }

  /** Saves a session before the response ends, for `req.session.save()`. */
  override set(sessionId: string, data: SessionData, callback: Callback = () => undefined): void {
    const { req } = data as unknown as { readonly req: object };
    answer(callback, async () => {
      if (typeof sessionId === 'string') await contextOf(req).session.save(sessionId);
    });
  }

  override destroy(sessionId: string, callback: Callback = () => undefined): void {
    answer(callback, async () => {
      if (typeof sessionId !== 'string') return;
      const loginId = loginIdOf(sessionId);
      if (loginId === undefined) await this.anonymous.delete(this.anonymous.keyOf(sessionId));
      else await this.logins.delete(loginId);
    });
  }

  /** Puts the values that `get` has read in the place of the session's. */
  override createSession(holder: SessionRequest, data: SessionData): session.Session & SessionData {
    contextOf(holder).session.reload(valuesOf(data));
    return (holder as unknown as { session: session.Session & SessionData }).session;
  }

  /** Begins a new session, for `req.session.regenerate()`, which has destroyed the one before. */
  generate(holder: object): void {
    contextOf(holder).regenerateSession();
  }

  async #read(sessionId: string): Promise<SessionValues | null> {
    if (loginIdOf(sessionId) === undefined) {
      const stored = await this.anonymous.find(this.anonymous.keyOf(sessionId));
      return stored && valuesOf(stored);
    }
    const found = await this.logins.findBySessionId(sessionId, { values: true });
    return found.verdict === 'alive' ? (found.values?.values ?? {}) : null;
  }
}

/** Calls the callback outside the promise chain, because an error in it is no failure of the store. */
function answer<Answer>(callback: Callback<Answer>, work: () => Promise<Answer>): void {
  void work().then(
    (found) => setImmediate(callback, null, found),
    (error: unknown) => setImmediate(callback, error),
  );
}
