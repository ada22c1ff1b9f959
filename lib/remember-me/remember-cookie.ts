/** The form of the remember cookie: a token and its MAC, by a key of its own. */
import type { NamedCookie } from '../http/cookies.js';
import type { HttpExchange } from '../http/http-exchange.js';
import { Signature } from '../http/signature.js';
import { formatToken, LONGEST_TOKEN, parseToken } from './remember-token.js';
import type { RememberToken } from './remember-token.js';

/** Reads and writes the remember cookie. A forgery is dropped before any store is asked. */
export class RememberCookie {
  readonly #signature: Signature;

  constructor(
    private readonly cookie: NamedCookie,
    secrets: readonly string[],
  ) {
    this.#signature = Signature.for(secrets, 'remember');
  }

  /** True where the cookie has a path of its own, so that a request elsewhere does not bring it. */
  get isUnderOwnPath(): boolean {
    return this.cookie.attributes.path !== '/';
  }

  /** Returns every token that the request brings under a signature of ours, each once. */
  read(exchange: HttpExchange): readonly RememberToken[] {
    const texts = exchange
      .cookieValues(this.cookie.name)
      .flatMap((value) => (value.length > LONGEST_TOKEN ? [] : (this.#signature.verify(value) ?? [])));
    return [...new Set(texts)].flatMap((text) => parseToken(text) ?? []);
  }

  /** Sets the cookie. @param lifetime milliseconds until the browser drops it */
  write(exchange: HttpExchange, token: RememberToken, lifetime: number): void {
    const seconds = Math.max(1, Math.floor(lifetime / 1000));
    exchange.setCookie(this.cookie, this.#signature.sign(formatToken(token)), seconds);
  }

  /** Tells the browser to drop the cookie, if the request brought one. */
  clear(exchange: HttpExchange): void {
    exchange.clearCookie(this.cookie);
  }

  /** Tells the browser to drop the cookie, also one that the request could not bring. */
  drop(exchange: HttpExchange): void {
    exchange.dropCookie(this.cookie);
  }

  /** Takes back what this response was to set. */
  cancel(exchange: HttpExchange): void {
    exchange.cancelCookie(this.cookie);
  }
}
