/** The remember cookie: reads the tokens that a request brings, and sets, renews and clears it. */
import { clearCookie, readCookies, withdrawCookie, writeCookie } from '../http/cookies.js';
import { responseOf } from '../http/login-request.js';
import type { LoginRequest } from '../http/login-request.js';
import { Signature } from '../http/signature.js';
import type { NamedCookie } from '../options/resolved-login-options.js';
import { formatToken, LONGEST_TOKEN, parseToken } from './remember-token.js';
import type { RememberToken } from './remember-token.js';

/** The value is a token and its MAC, by a key of its own: a forgery is dropped before any store is asked. */
export class RememberCookie {
  readonly #signature: Signature;

  constructor(
    private readonly cookie: NamedCookie,
    secrets: readonly string[],
  ) {
    this.#signature = new Signature(secrets, 'remember');
  }

  /** Whether the request brings a cookie of this name, genuine or not. */
  isPresent(request: LoginRequest): boolean {
    return readCookies(request, this.cookie.name).length > 0;
  }

  /** Every token that the request brings under a signature of ours, each once. */
  read(request: LoginRequest): RememberToken[] {
    const texts = readCookies(request, this.cookie.name).map((value) =>
      value.length > LONGEST_TOKEN ? undefined : this.#signature.verify(value),
    );
    return [...new Set(texts)].flatMap((text) => (text === undefined ? [] : (parseToken(text) ?? [])));
  }

  /** Sets the cookie. @param lifetime milliseconds until the browser drops it */
  write(request: LoginRequest, token: RememberToken, lifetime: number): void {
    const { name, attributes } = this.cookie;
    const value = this.#signature.sign(formatToken(token));
    writeCookie(responseOf(request), name, value, attributes, Math.max(1, Math.floor(lifetime / 1000)));
  }

  /** Tells the browser to drop the cookie. */
  clear(request: LoginRequest): void {
    clearCookie(responseOf(request), this.cookie.name, this.cookie.attributes);
  }

  /** Takes back what this answer was to set. */
  withdraw(request: LoginRequest): void {
    withdrawCookie(responseOf(request), this.cookie.name, this.cookie.attributes);
  }
}
