/**
 * Answers refusals: a browser is redirected, every other client gets JSON with a machine code. Outages are 503 with
 * Retry-After. The application's own handlers go first.
 */
import { Catch, Logger } from '@nestjs/common';
import type { ArgumentsHost, HttpException } from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import type { ServerResponse } from 'node:http';
import { throwError } from 'rxjs';
import { LoginChallenge } from '../challenge/login-challenge.js';
import type { LoginContext } from '../context/login-context.js';
import { LoginContexts } from '../context/login-contexts.js';
import { LoginEventStream } from '../events/login-event-stream.js';
import { FreshLoginRequiredException, LoginRequiredException } from '../exceptions/login-refusals.js';
import { LoginUnavailableException } from '../exceptions/login-unavailable.exception.js';
import { forbidSharedCaches } from '../http/cache-headers.js';
import { requestOf } from '../http/request-of.js';
import { clientFacts } from '../logins/event-facts.js';
import type { HandlerRole } from '../metadata/metadata-keys.js';
import { LoginHandlers } from '../user/login-handlers.js';
import { LoaderFailedException } from '../user/user-loading.js';

/** Seconds after which a client may try again. */
const RETRY_AFTER = '1';

/** A refused request and where its answer goes. */
interface Refused {
  readonly context: LoginContext;
  readonly response: ServerResponse;
}

/** The first of all global filters, so that an application's own catch-all does not answer in its place. */
@Catch(LoginRequiredException, FreshLoginRequiredException, LoginUnavailableException)
export class LoginExceptionFilter extends BaseExceptionFilter {
  readonly #logger = new Logger('LoginModule');

  constructor(
    adapterHost: HttpAdapterHost,
    private readonly contexts: LoginContexts,
    private readonly challenge: LoginChallenge,
    private readonly handlers: LoginHandlers,
    private readonly events: LoginEventStream,
  ) {
    super(adapterHost.httpAdapter);
  }

  /**
   * Answers HTTP requests. Elsewhere the exception goes on: as a failing stream for a microservice, thrown for the
   * rest.
   */
  override catch(exception: HttpException, host: ArgumentsHost): unknown {
    if (host.getType<string>() === 'http') return this.#answer(exception, host);
    if (host.getType<string>() !== 'rpc') throw exception;
    return throwError(() => ({ status: 'error', message: exception.message }));
  }

  /** Never rejects: Nest leaves what a filter rejects with to the process. */
  async #answer(exception: HttpException, host: ArgumentsHost): Promise<void> {
    try {
      const context = this.contexts.of(requestOf(host));
      const refused = { context, response: host.switchToHttp().getResponse<ServerResponse>() };
      context.exchange.keepPrivate();
      // Said again when the head goes out. A handler of the application finds it said already.
      if (!context.exchange.isHeadSent) forbidSharedCaches(refused.response);

      const isAnswered =
        exception instanceof LoginUnavailableException
          ? await this.#answerOutage(exception, refused)
          : await this.#answerRefusal(exception, refused);
      if (!isAnswered) super.catch(exception, host);
    } catch (error) {
      this.#fail(error, host);
    }
  }

  /** Answers an exception that cannot be sent, such as a body that is no JSON: it is itself the failure. */
  #fail(error: unknown, host: ArgumentsHost): void {
    try {
      super.catch(error, host);
    } catch (unsendable) {
      super.catch(unsendable, host);
    }
  }

  /** Tells the log what failed, then lets the application's handler answer. False: the JSON 503 is the answer. */
  async #answerOutage(exception: LoginUnavailableException, refused: Refused): Promise<boolean> {
    this.#log(exception, refused);
    // A handler would only add its page to the half that the client has.
    if (refused.context.exchange.isHeadSent) return false;

    refused.response.setHeader('Retry-After', RETRY_AFTER);
    // A handler that just ends a page would answer 200, and a cache or a monitor would take the outage for the page.
    refused.response.statusCode = exception.getStatus();
    return this.#callHandler('unavailable-handler', refused);
  }

  /** A loader may fail for one visitor for ever, so its line is not written for each request. */
  #log(exception: LoginUnavailableException, { context }: Refused): void {
    const { what, cause } = exception;
    if (exception instanceof LoaderFailedException) context.application.sessions.log.error(`${what} failed`, cause);
    else this.#logger.error(`${what} failed`, cause instanceof Error ? cause.stack : cause);
  }

  /** Tells the refusal, then lets the application's handler or the redirect answer. False: the 401 is the answer. */
  async #answerRefusal(exception: HttpException, refused: Refused): Promise<boolean> {
    const { context } = refused;
    const { exchange } = context;
    const isStale = exception instanceof FreshLoginRequiredException;
    const { method, path } = exchange;
    this.events.emit(isStale ? 'needsRefresh' : 'unauthorized', () => ({ ...clientFacts(exchange), method, path }));
    if (exchange.isHeadSent) return false;

    const isHandled = await this.#callHandler(isStale ? 'needs-refresh-handler' : 'unauthorized-handler', refused);
    return isHandled || this.challenge.redirect(context, isStale ? 'needs-refresh' : 'login');
  }

  /** Lets the application's handler answer, and returns whether it has. A handler may leave a client to us. */
  async #callHandler(role: HandlerRole, { context, response }: Refused): Promise<boolean> {
    const handler = this.handlers.get(role);
    if (!handler) return false;
    await handler(context.exchange.request, response);
    return context.exchange.isAnswered;
  }
}
