/** Errors as pages for browsers, and as Nest's JSON for programs. */
import { Catch, HttpException, Injectable, Logger } from '@nestjs/common';
import type { ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost } from '@nestjs/core';
import type { Request, Response } from 'express';
import { UnavailableHandler } from 'nestjs-login';
import { Pages } from './pages.js';
import { TooManyTriesException } from './too-many-tries.exception.js';

/** Tells whether the client reads pages. */
const readsPages = (req: Request): boolean => !req.path.startsWith('/api/') && req.accepts(['json', 'html']) === 'html';

/** The application's filter. LoginModule's own stands before it: refused visitors are sent to the login page. */
@Catch()
export class ErrorPages extends BaseExceptionFilter {
  readonly #logger = new Logger('ErrorPages');

  constructor(
    adapterHost: HttpAdapterHost,
    private readonly pages: Pages,
  ) {
    super(adapterHost.httpAdapter);
  }

  override catch(error: unknown, host: ArgumentsHost): void {
    const [req, res] = host.getArgs<[Request, Response]>();
    const retryAfter = error instanceof TooManyTriesException ? error.retryAfter : undefined;
    if (retryAfter !== undefined && !res.headersSent) res.set('Retry-After', String(retryAfter));
    if (res.headersSent || !readsPages(req)) return super.catch(error, host);
    const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
    if (status >= 500) this.#logger.error(error);
    this.pages.error(req, res, status, retryAfter);
  }
}

/** Express's own errors, such as a body that is too large, bear a status. */
function statusOf(error: unknown): number {
  const { status } = (error ?? {}) as { status?: unknown };
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500;
}

/** The page for a browser while logins cannot be checked. */
@Injectable()
export class OutagePage {
  constructor(private readonly pages: Pages) {}

  @UnavailableHandler()
  answer(req: Request, res: Response): void {
    if (readsPages(req)) this.pages.error(req, res, 503);
  }
}
