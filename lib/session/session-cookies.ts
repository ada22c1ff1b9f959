/** The two session cookies in express-session's own format, one for logins and one for anonymous sessions. */
import type { NamedCookie } from '../http/cookies.js';
import type { HttpExchange } from '../http/http-exchange.js';
import { Signature } from '../http/signature.js';
import { isAnonymousSessionId, loginIdOf } from '../logins/login-id.js';

/** The maximum length of a value. A longer one is not from this package, and not worth a hash. */
const MAX_LENGTH = 256;

/** The options of both session cookies. */
export interface SessionCookieOptions {
  readonly secrets: readonly string[];
  readonly session: { readonly cookie: NamedCookie; readonly anonymousCookie: NamedCookie };
}

/**
 * Reads and writes values of the form `s:<session id>.<signature>`. Each cookie accepts only its own kind of id, so an
 * anonymous session can neither replace nor end a login.
 */
export class SessionCookies {
  readonly #signature: Signature;

  constructor(private readonly options: SessionCookieOptions) {
    this.#signature = Signature.ofSessionCookie(options.secrets);
  }

  /** Returns every genuine session id of a login in the request, each once. */
  readLogins(exchange: HttpExchange): readonly string[] {
    return this.#read(exchange, this.options.session.cookie, (id) => loginIdOf(id) !== undefined);
  }

  /** Returns every genuine anonymous session id in the request, each once. */
  readAnonymous(exchange: HttpExchange): readonly string[] {
    return this.#read(exchange, this.options.session.anonymousCookie, isAnonymousSessionId);
  }

  /** Tells whether the request carries an anonymous session's cookie, genuine or not. */
  hasAnonymous(exchange: HttpExchange): boolean {
    return exchange.hasCookie(this.options.session.anonymousCookie.name);
  }

  /**
   * Sets the cookie of a login. @param maxAge milliseconds until the browser drops it; null: when the browser closes
   */
  writeLogin(exchange: HttpExchange, sessionId: string, maxAge: number | null): void {
    const seconds = maxAge === null ? null : Math.max(1, Math.floor(maxAge / 1000));
    exchange.setCookie(this.options.session.cookie, `s:${this.#signature.sign(sessionId)}`, seconds);
  }

  /** Sets the cookie of an anonymous session. */
  writeAnonymous(exchange: HttpExchange, sessionId: string): void {
    exchange.setCookie(this.options.session.anonymousCookie, `s:${this.#signature.sign(sessionId)}`, null);
  }

  /** Cancels the cookie of a login in this response. Clears it only if the request carried it. */
  clearLogin(exchange: HttpExchange): void {
    exchange.clearCookie(this.options.session.cookie);
  }

  /** Cancels the cookie of an anonymous session in this response. Clears it only if the request carried it. */
  clearAnonymous(exchange: HttpExchange): void {
    exchange.clearCookie(this.options.session.anonymousCookie);
  }

  /** Cancels both cookies in this response. */
  cancel(exchange: HttpExchange): void {
    exchange.cancelCookie(this.options.session.cookie);
    exchange.cancelCookie(this.options.session.anonymousCookie);
  }

  /**
   * Returns the genuine ids of one cookie. A cookie with a wrong signature does not count, even if a copy of it is
   * accepted elsewhere (CVE-2026-39324).
   */
  #read(exchange: HttpExchange, { name }: NamedCookie, isExpected: (id: string) => boolean): readonly string[] {
    const ids: string[] = [];
    for (const value of exchange.cookieValues(name)) {
      if (value.length > MAX_LENGTH || !value.startsWith('s:')) continue;
      const id = value.slice(2, Math.max(2, value.lastIndexOf('.')));
      if (isExpected(id) && this.#signature.verify(value.slice(2)) !== undefined) ids.push(id);
    }
    return ids.length > 1 ? [...new Set(ids)] : ids;
  }
}
