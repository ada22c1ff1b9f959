/** The remember tokens of one request: those that it brought, and the one that its response sets. */
import type { HttpExchange } from '../http/http-exchange.js';
import type { LoginSnapshot } from '../logins/login-snapshot.js';
import type { RememberCookie } from './remember-cookie.js';
import type { RememberToken } from './remember-token.js';

/** Reads tokens once. The methods that change a cookie are for the context of the request alone. */
export class RequestTokens {
  #presented: readonly RememberToken[] | undefined;
  #issued: RememberToken | undefined;

  constructor(
    private readonly exchange: HttpExchange,
    private readonly cookie: RememberCookie,
  ) {}

  /** The genuine tokens that the request brought, until this request has changed the cookie. */
  get presented(): readonly RememberToken[] {
    return (this.#presented ??= this.cookie.read(this.exchange));
  }

  /** The logins that these tokens name, whether they still count or not. */
  get loginIds(): readonly string[] {
    return [...new Set(this.presented.map(({ loginId }) => loginId))];
  }

  /** The token that this response sets; undefined: none. */
  get issued(): RememberToken | undefined {
    return this.#issued;
  }

  /** True where the cookie has a path of its own, so that a login elsewhere does not see it. */
  get isUnderOwnPath(): boolean {
    return this.cookie.isUnderOwnPath;
  }

  /** Sets the cookie of a login that is remembered from now on, or whose next token goes out. */
  issueCookie(token: RememberToken, login: LoginSnapshot): void {
    this.#presented = [];
    this.#write(token, login);
  }

  /** Sends a token again, with the time that its login has left. */
  extendCookie(token: RememberToken | undefined, login: LoginSnapshot): void {
    if (token?.loginId === login.record.id) this.#write(token, login);
  }

  /** Takes back what this response was to set, because it was not stored. */
  cancelCookie(): void {
    this.#issued = undefined;
    this.cookie.cancel(this.exchange);
  }

  /**
   * Lets the browser forget. From now on the request brings no token.
   * @param isUnseen also a cookie that the request did not bring, because it has a path of its own
   */
  clearCookie({ isUnseen = false }: { readonly isUnseen?: boolean } = {}): void {
    this.#presented = [];
    this.#issued = undefined;
    if (isUnseen) this.cookie.drop(this.exchange);
    else this.cookie.clear(this.exchange);
  }

  #write(token: RememberToken, { record, now }: LoginSnapshot): void {
    if (!record.remember) return;
    this.#issued = token;
    this.cookie.write(this.exchange, token, record.remember.endsAt - now);
  }
}
