/** The port to what provides `req.session`. */
import type { HttpExchange } from '../http/http-exchange.js';
import type { SessionValues } from '../logins/session-values-json.js';

/** A session as handlers are to see it. */
export interface SessionContent {
  /** null: an ephemeral session, which is never stored and gets no cookie */
  readonly id: string | null;
  readonly values: SessionValues;
  /** milliseconds until its cookie ends; null: when the browser closes */
  readonly maxAge: number | null;
}

/** What handlers made of their session. */
export interface HeldSession {
  /** the id that it was built with */
  readonly id: string | null;
  /** @throws LoginFault ERR_LOGIN_SESSION_VALUE for a value that cannot be read */
  readValues(): SessionValues;
}

/** Provides the object at `req.session`. Asks no store. */
export abstract class SessionEngine {
  /** Puts a session object in the place of the request's, synchronously. */
  abstract put(exchange: HttpExchange, content: SessionContent): void;

  /** Returns what handlers hold at `req.session` after `put`; null where the application has taken it off. */
  abstract read(exchange: HttpExchange): HeldSession | null;

  /** Takes the session off the request: handlers find none, and nothing of it is saved. */
  abstract remove(exchange: HttpExchange): void;
}
