/** A request and its response as Express hands them over. */
import type { ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import { LoginFault } from '../exceptions/login-fault.js';
import type { NamedCookie } from '../http/cookies.js';
import { HttpExchange } from '../http/http-exchange.js';
import type { ExchangeSession } from '../http/http-exchange.js';
import type { LoginRequest } from '../http/login-request.js';
import { prepare } from './express-prototypes.js';
import type { ResponseHooks } from './response-hooks.js';

/** The exchange of an Express request. */
export class ExpressExchange extends HttpExchange implements ResponseHooks {
  ending: ResponseHooks['ending'] = 'open';
  wrappedEnd: ResponseHooks['wrappedEnd'];
  #session: ExchangeSession | undefined;

  /**
   * @param answerError answers an error in the place of a response that could not save its session; default: a bare
   *   500
   */
  constructor(
    request: LoginRequest,
    response: ServerResponse,
    private readonly answerError: (error: unknown) => void = () => endWith(response, 500),
  ) {
    super(request, response);
    // A browser that hangs up takes its address along. Node keeps it for a connection that was asked for it before.
    void (request.socket as { readonly remoteAddress?: string } | undefined)?.remoteAddress;
  }

  override get url(): string {
    return this.request.originalUrl ?? this.request.url ?? '/';
  }

  override get isSecure(): boolean {
    return this.request.secure === true || (this.request.socket as { encrypted?: boolean }).encrypted === true;
  }

  override get isAnswered(): boolean {
    return this.ending !== 'open' || this.isHeadSent || this.response.writableEnded;
  }

  protected override readAddress(): string | undefined {
    return this.request.ip;
  }

  protected override readBody(): unknown {
    return (this.request as { body?: unknown }).body;
  }

  override cookieFault({ name, attributes }: NamedCookie): LoginFault | null {
    if (this.isHeadSent)
      return new LoginFault(
        'ERR_LOGIN_HEADERS_SENT',
        `The answer has begun, so the cookie "${name}" cannot be sent.`,
        'Log in, and write the first session value, before the handler writes anything.',
      );
    if (!attributes.secure || this.isSecure) return null;

    return new LoginFault(
      'ERR_LOGIN_INSECURE_CONNECTION',
      `The cookie "${name}" is Secure and this request came without TLS, so no browser would get it.`,
      `If a proxy ends TLS in front of the application, trust it: app.set('trust proxy', 'loopback') or its address, ` +
        'and let it send X-Forwarded-Proto. For plain http in development set "production" to false.',
    );
  }

  override connect(session: ExchangeSession): void {
    this.#session = session;
    const present = Object.getOwnPropertyDescriptor(this.request, 'session');
    if (present) session.leaveToApplication(present.value);
  }

  protected override watchHead(): void {
    prepare(this.request, this.response);
  }

  /** Saves the session before the response ends. */
  save(): Promise<void> | null {
    return this.#session?.save() ?? null;
  }

  /** Answers an error of `save`, or logs it where the answer has begun. */
  fail(error: unknown): void {
    if (!this.isHeadSent) return this.answerError(error);
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    logger.error(`The answer had begun when its session values could not be stored: ${reason}`);
  }
}

const logger = new Logger('LoginModule');

function endWith(response: ServerResponse, status: number): void {
  response.statusCode = status;
  response.end();
}
