/** The port to the provider of `req.session`. */
import type { HttpExchange } from '../http/http-exchange.js';
import type { SessionValues } from '../logins/session-values-json.js';

/** A session for handlers. */
export interface SessionContent {
  /** Null: an ephemeral session, which is never stored and gets no cookie. */
  readonly id: string | null;
  readonly values: SessionValues;
  /** Milliseconds until its cookie expires; null: when the browser closes. */
  readonly maxAge: number | null;
}

/** The session that handlers hold now. */
export interface CurrentSession {
  /** The id that the session was built with. */
  readonly id: string | null;
  /** Returns the values. @throws LoginFault ERR_LOGIN_SESSION_VALUE for a value that cannot be read */
  readValues(): SessionValues;
}

/** Provides the object at `req.session`. Calls no store. */
export abstract class SessionEngine {
  /** Sets the session object of the request, synchronously. */
  abstract put(exchange: HttpExchange, content: SessionContent): void;

  /** Returns the session at `req.session` after `put`. Returns null if the application has removed it. */
  abstract read(exchange: HttpExchange): CurrentSession | null;

  /** Removes the session from the request. Handlers find none, and nothing of it is saved. */
  abstract remove(exchange: HttpExchange): void;
}
