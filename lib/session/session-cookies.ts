/** The two session cookies, in express-session's own format: one for logins, one for visitors who are not logged in. */
import type { NamedCookie } from '../http/cookies.js';
import type { HttpExchange } from '../http/http-exchange.js';
import { Signature } from '../http/signature.js';
import { isAnonymousSessionId, loginIdOf } from '../logins/login-id.js';

/** Longer values are not ours and not worth a hash. */
const LONGEST = 256;

/** A browser's session cookies as the options name them. */
export interface SessionCookieOptions {
  readonly secrets: readonly string[];
  readonly session: { readonly cookie: NamedCookie; readonly anonymousCookie: NamedCookie };
}

/**
 * Reads and writes values of the form `s:<session id>.<signature>`. Each cookie takes its own kind of id alone, so that
 * a session of a stranger can neither replace nor end a login.
 */
export class SessionCookies {
  readonly #signature: Signature;

  constructor(private readonly options: SessionCookieOptions) {
    this.#signature = Signature.ofSessionCookie(options.secrets);
  }

  /** Returns every session id of a login that the request brings under a signature of ours, each once. */
  readLogins(exchange: HttpExchange): readonly string[] {
    return this.#read(exchange, this.options.session.cookie, (id) => loginIdOf(id) !== undefined);
  }

  /** Returns every anonymous session id that the request brings under a signature of ours, each once. */
  readAnonymous(exchange: HttpExchange): readonly string[] {
    return this.#read(exchange, this.options.session.anonymousCookie, isAnonymousSessionId);
  }

  /** True where the request brings an anonymous session's cookie, genuine or not. */
  hasAnonymous(exchange: HttpExchange): boolean {
    return exchange.hasCookie(this.options.session.anonymousCookie.name);
  }

  /** Sets the cookie of a login. @param maxAge milliseconds until the browser drops it; null: when it closes */
  writeLogin(exchange: HttpExchange, sessionId: string, maxAge: number | null): void {
    const seconds = maxAge === null ? null : Math.max(1, Math.floor(maxAge / 1000));
    exchange.setCookie(this.options.session.cookie, `s:${this.#signature.sign(sessionId)}`, seconds);
  }

  /** Sets the cookie of a visitor who is not logged in. */
  writeAnonymous(exchange: HttpExchange, sessionId: string): void {
    exchange.setCookie(this.options.session.anonymousCookie, `s:${this.#signature.sign(sessionId)}`, null);
  }

  /** Takes back or clears the cookie of a login: cleared only where the request brought it. */
  clearLogin(exchange: HttpExchange): void {
    exchange.clearCookie(this.options.session.cookie);
  }

  /** Takes back or clears the cookie of an anonymous session: cleared only where the request brought it. */
  clearAnonymous(exchange: HttpExchange): void {
    exchange.clearCookie(this.options.session.anonymousCookie);
  }

  /** Takes back what this response was to say of both cookies. */
  cancel(exchange: HttpExchange): void {
    exchange.cancelCookie(this.options.session.cookie);
    exchange.cancelCookie(this.options.session.anonymousCookie);
  }

  /** A cookie with a wrong signature counts as none, wherever else a copy of it may be found (CVE-2026-39324). */
  #read(exchange: HttpExchange, { name }: NamedCookie, isExpected: (id: string) => boolean): readonly string[] {
    const ids: string[] = [];
    for (const value of exchange.cookieValues(name)) {
      if (value.length > LONGEST || !value.startsWith('s:')) continue;
      const id = value.slice(2, Math.max(2, value.lastIndexOf('.')));
      if (isExpected(id) && this.#signature.verify(value.slice(2)) !== undefined) ids.push(id);
    }
    return ids.length > 1 ? [...new Set(ids)] : ids;
  }
}
