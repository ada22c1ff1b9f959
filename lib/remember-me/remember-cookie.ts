/** The remember cookie, which holds a token and its MAC. The MAC has a key of its own. */
import type { NamedCookie } from '../http/cookies.js';
import type { HttpExchange } from '../http/http-exchange.js';
import { Signature } from '../http/signature.js';
import { formatToken, MAX_TOKEN_LENGTH, parseToken } from './remember-token.js';
import type { RememberToken } from './remember-token.js';

/** Reads and writes the remember cookie. Drops a forged cookie before any store call. */
export class RememberCookie {
  readonly #signature: Signature;

  constructor(
    private readonly cookie: NamedCookie,
    secrets: readonly string[],
  ) {
    this.#signature = Signature.for(secrets, 'remember');
  }

  /** True if the cookie has a path other than `/`. Requests to other paths then do not carry it. */
  get isUnderOwnPath(): boolean {
    return this.cookie.attributes.path !== '/';
  }

  /** Returns every token of the request with a valid signature, each once. */
  read(exchange: HttpExchange): readonly RememberToken[] {
    const texts = exchange
      .cookieValues(this.cookie.name)
      .flatMap((value) => (value.length > MAX_TOKEN_LENGTH ? [] : (this.#signature.verify(value) ?? [])));
    return [...new Set(texts)].flatMap((text) => parseToken(text) ?? []);
  }

  /** Sets the cookie. @param lifetime milliseconds until the browser deletes it */
  write(exchange: HttpExchange, token: RememberToken, lifetime: number): void {
    const seconds = Math.max(1, Math.floor(lifetime / 1000));
    exchange.setCookie(this.cookie, this.#signature.sign(formatToken(token)), seconds);
  }

  /** Tells the browser to delete the cookie, if the request carried one. */
  clear(exchange: HttpExchange): void {
    exchange.clearCookie(this.cookie);
  }

  /** Tells the browser to delete the cookie, even if the request could not carry it. */
  forceClear(exchange: HttpExchange): void {
    exchange.forceClearCookie(this.cookie);
  }

  /** Removes the `Set-Cookie` of this cookie from the response, before it is sent. */
  cancel(exchange: HttpExchange): void {
    exchange.cancelCookie(this.cookie);
  }
}
