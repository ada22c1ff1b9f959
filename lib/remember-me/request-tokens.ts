/** The remember tokens of one request, and the token that its response sets. */
import type { HttpExchange } from '../http/http-exchange.js';
import type { LoginSnapshot } from '../logins/login-snapshot.js';
import type { RememberCookie } from './remember-cookie.js';
import type { RememberToken } from './remember-token.js';

/** Reads the tokens of a request once. Only the context of the request may call the methods that change a cookie. */
export class RequestTokens {
  #presented: readonly RememberToken[] | undefined;
  #issued: RememberToken | undefined;

  constructor(
    private readonly exchange: HttpExchange,
    private readonly cookie: RememberCookie,
  ) {}

  /** The genuine tokens that the request carried. The list is empty once this request has set or cleared the cookie. */
  get presented(): readonly RememberToken[] {
    return (this.#presented ??= this.cookie.read(this.exchange));
  }

  /** The ids of the logins that these tokens name, whether they still count or not. */
  get loginIds(): readonly string[] {
    return [...new Set(this.presented.map(({ loginId }) => loginId))];
  }

  /** The token that this response sets, or undefined. */
  get issued(): RememberToken | undefined {
    return this.#issued;
  }

  /** True if the cookie has a path other than `/`. A login request to another path then does not carry it. */
  get isUnderOwnPath(): boolean {
    return this.cookie.isUnderOwnPath;
  }

  /** Sets the first token of a remembered login, or its next token. */
  issueCookie(token: RememberToken, login: LoginSnapshot): void {
    this.#presented = [];
    this.#write(token, login);
  }

  /** Sends a token again, with the remaining lifetime of its login. */
  extendCookie(token: RememberToken | undefined, login: LoginSnapshot): void {
    if (token?.loginId === login.record.id) this.#write(token, login);
  }

  /** Removes the cookie from the response, for example because its token was not stored. */
  cancelCookie(): void {
    this.#issued = undefined;
    this.cookie.cancel(this.exchange);
  }

  /**
   * Tells the browser to delete the cookie. From now on the request has no token.
   * @param evenIfAbsent deletes even a cookie that the request did not carry, because the cookie has another path
   */
  clearCookie({ evenIfAbsent = false }: { readonly evenIfAbsent?: boolean } = {}): void {
    this.#presented = [];
    this.#issued = undefined;
    if (evenIfAbsent) this.cookie.forceClear(this.exchange);
    else this.cookie.clear(this.exchange);
  }

  #write(token: RememberToken, { record, now }: LoginSnapshot): void {
    if (!record.remember) return;
    this.#issued = token;
    this.cookie.write(this.exchange, token, record.remember.endsAt - now);
  }
}
