/** Answers refusals: a browser is redirected, everybody else gets JSON with a machine code; outages are 503 with Retry-After. The application's own handlers go first. */
import { Catch, HttpException, Logger } from '@nestjs/common';
import type { ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import type { ServerResponse } from 'node:http';
import { throwError } from 'rxjs';
import { LoginChallenge } from '../challenge/login-challenge.js';
import { LoginContexts } from '../context/login-contexts.js';
import { LoginEventStream } from '../events/login-event-stream.js';
import { FreshLoginRequiredException, LoginRequiredException } from '../exceptions/login-refusals.js';
import { LoginUnavailableException } from '../exceptions/login-unavailable.exception.js';
import { requestedUrl } from '../http/login-request.js';
import type { LoginRequest } from '../http/login-request.js';
import { keepOutOfCaches } from '../http/login-response.js';
import { clientFacts } from '../logins/login-facts.js';
import type { HandlerRole } from '../metadata/metadata-keys.js';
import { LoginHandlers } from '../user/login-handlers.js';

/** Seconds after which a client may try again. */
const RETRY_AFTER = '1';

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

  /** Answers HTTP requests. Elsewhere the exception goes on: as a stream that fails for a microservice, thrown for the rest. */
  override catch(exception: HttpException, host: ArgumentsHost): unknown {
    if (host.getType<string>() === 'http') return this.#answer(exception, host);
    if (host.getType<string>() !== 'rpc') throw exception;
    return throwError(() => ({ status: 'error', message: exception.message }));
  }

  /** Never rejects: Nest leaves what a filter rejects with to the process. */
  async #answer(exception: HttpException, host: ArgumentsHost): Promise<void> {
    const [request, response] = host.getArgs<[LoginRequest, ServerResponse]>();
    try {
      keepOutOfCaches(response);
      const isAnswered =
        exception instanceof LoginUnavailableException
          ? await this.#unavailable(exception, request, response)
          : await this.#challenged(exception, request, response);
      if (!isAnswered) super.catch(exception, host);
    } catch (error) {
      this.#fail(error, host);
    }
  }

  /** An exception that cannot be sent, such as a body that is no JSON, is itself the failure. */
  #fail(error: unknown, host: ArgumentsHost): void {
    try {
      super.catch(error, host);
    } catch (unsendable) {
      super.catch(unsendable, host);
    }
  }

  /** Tells the log what failed, then lets the application's handler answer. False: the JSON 503 is the answer. */
  async #unavailable(
    exception: LoginUnavailableException,
    request: LoginRequest,
    response: ServerResponse,
  ): Promise<boolean> {
    this.#logger.error(
      `${exception.what} failed`,
      exception.cause instanceof Error ? exception.cause.stack : exception.cause,
    );
    // A handler would only add its page to the half that the client has.
    if (response.headersSent) return false;
    response.setHeader('Retry-After', RETRY_AFTER);
    // A handler that just ends a page would answer 200, and a cache or a monitor would take the outage for the page.
    response.statusCode = exception.getStatus();
    return (await this.#handled('unavailable-handler', request, response)) ?? false;
  }

  /** Tells the refusal, then lets the application's handler or the redirect answer. False: the 401 is the answer. */
  async #challenged(exception: HttpException, request: LoginRequest, response: ServerResponse): Promise<boolean> {
    const isStale = exception instanceof FreshLoginRequiredException;
    const path = requestedUrl(request).split('?')[0] as string;
    this.events.emit(isStale ? 'needsRefresh' : 'unauthorized', {
      ...clientFacts(request),
      method: request.method ?? '',
      path,
    });
    if (response.headersSent) return false;
    const role = isStale ? 'needs-refresh-handler' : 'unauthorized-handler';
    const kind = isStale ? 'needs-refresh' : 'login';
    return (
      (await this.#handled(role, request, response)) ??
      this.challenge.redirect(request, kind, this.contexts.of(request).loginView)
    );
  }

  /** Lets the application's handler answer, and says whether it has. Undefined: there is none. */
  async #handled(role: HandlerRole, request: LoginRequest, response: ServerResponse): Promise<boolean | undefined> {
    const handler = this.handlers.get(role);
    if (!handler) return undefined;
    await handler(request, response);
    return response.writableEnded || response.headersSent;
  }
}
