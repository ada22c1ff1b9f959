/** The port to one request and its response. The rest of this package knows requests only by it. */
import type { ServerResponse } from 'node:http';
import type { LoginFault } from '../exceptions/login-fault.js';
import { forbidSharedCaches } from './cache-headers.js';
import { parseAddress } from './client-address.js';
import type { ClientAddress } from './client-address.js';
import { decodeCookieValue, parseCookieHeader, ResponseCookies } from './cookies.js';
import type { NamedCookie, RawCookie } from './cookies.js';
import type { LoginRequest } from './login-request.js';

/** The session of a request, as the platform hands it to handlers and saves it. */
export interface ExchangeSession {
  /** True once handlers hold a session, or the application has put something else in its place. */
  readonly isBuilt: boolean;
  /** Builds the session at `request.session`. */
  build(): void;
  /** Leaves `request.session` to the application, which has set it. */
  leaveToApplication(value: unknown): void;
  /**
   * Saves the values that handlers have written, before the response ends. Returns null if there is nothing to wait
   * for.
   */
  save(): Promise<void> | null;
}

const SAFE_METHODS: readonly (string | undefined)[] = ['GET', 'HEAD', 'OPTIONS', 'TRACE'];

/** Longer user agents are cut. */
const MAX_USER_AGENT = 200;

/**
 * One request and its response. Reads each value once. A platform extends it, and calls `writeHeaders` right before the
 * head of the response goes out.
 */
export abstract class HttpExchange {
  #address: ClientAddress | undefined;
  #requestCookies: readonly RawCookie[] | undefined;
  #responseCookies: ResponseCookies | undefined;
  #headListeners: (() => void)[] | undefined;
  #isPrivate = false;

  /**
   * @param request as handlers get it
   * @param response the head and body that go back
   */
  constructor(
    readonly request: LoginRequest,
    protected readonly response: ServerResponse,
  ) {}

  /** The path and query as the client sent them, whatever prefix a router took off. */
  abstract readonly url: string;

  /** True where the connection is TLS, or a trusted proxy says so. Only then does a Secure cookie arrive. */
  abstract readonly isSecure: boolean;

  /** Returns the parsed body, or undefined. */
  protected abstract readBody(): unknown;

  /** Returns the address of the client, or undefined where there is none. The platform keeps it for after a hang-up. */
  protected abstract readAddress(): string | undefined;

  /** Makes sure that `writeHeaders` is called before the head goes out. */
  protected abstract watchHead(): void;

  /** Returns why this cookie cannot reach the browser, with the remedy; null where it can. */
  abstract cookieFault(cookie: NamedCookie): LoginFault | null;

  /** Lets handlers find the session at the request, and saves it before the response ends. Called once. */
  abstract connect(session: ExchangeSession): void;

  get method(): string {
    return this.request.method ?? 'GET';
  }

  /** True for methods that may change something (RFC 9110 section 9.2.1). */
  get isUnsafe(): boolean {
    return !SAFE_METHODS.includes(this.method);
  }

  /** The path without the query, which may hold secrets. */
  get path(): string {
    return this.url.split('?', 1)[0] as string;
  }

  /** The User-Agent header, at most 200 characters, or ''. */
  get userAgent(): string {
    return (this.request.headers['user-agent'] ?? '').slice(0, MAX_USER_AGENT);
  }

  /** The address of the client, also once it has hung up. */
  get address(): ClientAddress {
    return (this.#address ??= parseAddress(this.readAddress()));
  }

  /** True once the head of the response has gone out. */
  get isHeadSent(): boolean {
    return this.response.headersSent;
  }

  /** True once the handler has ended the response, or the client has hung up. */
  get isEnded(): boolean {
    // The request hears of a hang-up before its response does.
    return this.response.writableEnded || this.response.destroyed || this.request.socket.destroyed;
  }

  /** True once somebody has answered, also while the end of the response still waits for the session to be saved. */
  abstract readonly isAnswered: boolean;

  /** Returns one header of the request. */
  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  /** Returns every value that the request brings under this cookie name, decoded, in order. */
  cookieValues(name: string): readonly string[] {
    const values: string[] = [];
    for (const cookie of this.#cookies()) {
      const value = cookie.name === name ? decodeCookieValue(cookie.value) : undefined;
      if (value !== undefined) values.push(value);
    }
    return values;
  }

  /** True where the request brings a cookie of this name, genuine or not. */
  hasCookie(name: string): boolean {
    return this.#cookies().some((cookie) => cookie.name === name);
  }

  /**
   * Returns a query parameter that occurs once, else a text field of the parsed body. A repeated one counts as none.
   */
  parameter(name: string): string | undefined {
    const query = this.url.split('#')[0]?.split('?').slice(1).join('?');
    const inQuery = new URLSearchParams(query).getAll(name);
    if (inQuery.length) return inQuery.length === 1 ? inQuery[0] : undefined;

    const body = this.readBody();
    if (typeof body !== 'object' || body === null || !Object.hasOwn(body, name)) return undefined;
    const inBody = (body as Record<string, unknown>)[name];
    return typeof inBody === 'string' ? inBody : undefined;
  }

  /**
   * Tells whether a browser asks for a page, so that a redirect to a form helps. The header is `Sec-Fetch-Mode:
   * navigate`. A client without that header has to send an `Accept` that names `text/html`.
   */
  get isNavigation(): boolean {
    const mode = this.header('sec-fetch-mode');
    if (mode !== undefined) return mode === 'navigate';
    return (this.header('accept') ?? '').toLowerCase().includes('text/html');
  }

  /** True where the response can still set this cookie. */
  canSetCookie(cookie: NamedCookie): boolean {
    return this.cookieFault(cookie) === null;
  }

  /** Sets a cookie with the response. @param maxAge seconds until the browser drops it; null: when it closes */
  setCookie(cookie: NamedCookie, value: string, maxAge: number | null): void {
    this.keepPrivate();
    (this.#responseCookies ??= new ResponseCookies()).set(cookie, value, maxAge);
  }

  /** Tells the browser to drop a cookie, if the request brought one: another site's request must clear nothing. */
  clearCookie(cookie: NamedCookie): void {
    this.cancelCookie(cookie);
    if (this.hasCookie(cookie.name)) this.forceClearCookie(cookie);
  }

  /** Tells the browser to drop a cookie that may be there without having come along, under a path of its own. */
  forceClearCookie(cookie: NamedCookie): void {
    this.setCookie(cookie, '', 0);
  }

  /** Cancels a cookie in this response. */
  cancelCookie(cookie: NamedCookie): void {
    this.#responseCookies?.cancel(cookie);
  }

  /** Keeps the response out of every shared cache, because it depends on the user (ASVS 14.3.2, CVE-2023-30861). */
  keepPrivate(): void {
    this.#isPrivate = true;
    this.watchHead();
  }

  /** Calls the listener before the head of the response goes out, while cookies can still be set. */
  beforeHead(listener: () => void): void {
    (this.#headListeners ??= []).push(listener);
    this.watchHead();
  }

  /** Sends the browser elsewhere: 303 after an unsafe method, so that nothing is sent twice, else 302. */
  redirect(location: string): void {
    const { response } = this;
    response.statusCode = this.isUnsafe ? 303 : 302;
    response.setHeader('Location', location);
    response.setHeader('Content-Length', '0');
    response.end();
  }

  /** True where `writeHeaders` has something to say. */
  get hasHeaders(): boolean {
    return this.#isPrivate || this.#headListeners !== undefined;
  }

  /** Writes cookies and cache headers. The platform calls it once, after all that handlers have set. */
  writeHeaders(): void {
    const listeners = this.#headListeners ?? [];
    this.#headListeners = undefined;
    for (const listener of listeners) listener();
    this.#responseCookies?.writeTo(this.response);
    if (this.#isPrivate) forbidSharedCaches(this.response);
  }

  #cookies(): readonly RawCookie[] {
    return (this.#requestCookies ??= parseCookieHeader(this.request.headers.cookie));
  }
}
