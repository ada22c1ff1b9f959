/**
 * Responds to refusals and outages. After a refusal a browser is redirected, and every other client gets JSON with a
 * machine code. An outage is a 503 with Retry-After. The application's own handlers are called first.
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

/** A refused request and its response. */
interface Refused {
  readonly context: LoginContext;
  readonly response: ServerResponse;
}

/** The first of all global filters, so that an application's own catch-all filter does not respond instead. */
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
   * Responds to HTTP requests. For a microservice it returns the exception as a failing stream. In all other cases it
   * throws the exception.
   */
  override catch(exception: HttpException, host: ArgumentsHost): unknown {
    if (host.getType<string>() === 'http') return this.#answer(exception, host);
    if (host.getType<string>() !== 'rpc') throw exception;
    return throwError(() => ({ status: 'error', message: exception.message }));
  }

  /**
   * Sends the response. Never rejects, because Nest does not handle the rejection of a filter and the process would
   * receive it.
   */
  async #answer(exception: HttpException, host: ArgumentsHost): Promise<void> {
    try {
      const context = this.contexts.of(requestOf(host));
      const refused = { context, response: host.switchToHttp().getResponse<ServerResponse>() };
      context.exchange.keepPrivate();
      // Set the cache headers now, so that a handler of the application finds them. They are set again when the head
      // goes out.
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

  /**
   * Responds to an error. If its response cannot be sent, for example because the body cannot become JSON, responds to
   * that failure instead.
   */
  #fail(error: unknown, host: ArgumentsHost): void {
    try {
      super.catch(error, host);
    } catch (unsendable) {
      super.catch(unsendable, host);
    }
  }

  /** Logs the failure, then calls the application's handler. Returns false if the response is the JSON 503. */
  async #answerOutage(exception: LoginUnavailableException, refused: Refused): Promise<boolean> {
    this.#log(exception, refused);
    // The client already has a part of the response, and a handler would only add its page to that part.
    if (refused.context.exchange.isHeadSent) return false;

    refused.response.setHeader('Retry-After', RETRY_AFTER);
    // A handler that only ends a page would send a 200. A cache or a monitor would then take the outage for the page.
    refused.response.statusCode = exception.getStatus();
    return this.#callHandler('unavailable-handler', refused);
  }

  /** Logs the failure. A loader may fail for one visitor at every request, so that line is not written each time. */
  #log(exception: LoginUnavailableException, { context }: Refused): void {
    const { what, cause } = exception;
    if (exception instanceof LoaderFailedException) context.application.sessions.log.error(`${what} failed`, cause);
    else this.#logger.error(`${what} failed`, cause instanceof Error ? cause.stack : cause);
  }

  /** Emits the event, then calls the application's handler or redirects. Returns false if the response is the 401. */
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

  /**
   * Calls the application's handler, and returns whether it has responded. A handler may leave a client to this
   * package.
   */
  async #callHandler(role: HandlerRole, { context, response }: Refused): Promise<boolean> {
    const handler = this.handlers.get(role);
    if (!handler) return false;
    await handler(context.exchange.request, response);
    return context.exchange.isAnswered;
  }
}
