/** The 401 and 403 answers: a login is required, a fresh one is required, a login came from another site. */
import { ForbiddenException, UnauthorizedException } from '@nestjs/common';
import type { LoginRefusalCode } from './login-error-code.js';

/**
 * Nobody is logged in and somebody must be. Thrown by the guard; a handler may throw it, too, with the same effect:
 * a browser navigation is sent to the login view, everybody else gets this 401 as JSON.
 */
export class LoginRequiredException extends UnauthorizedException {
  /** The machine code that stands in the JSON answer. */
  readonly code: LoginRefusalCode = 'ERR_LOGIN_REQUIRED';

  constructor() {
    super({ statusCode: 401, code: 'ERR_LOGIN_REQUIRED', error: 'Unauthorized', message: 'A login is required.' });
  }
}

/**
 * The login is not fresh, or not fresh enough (OWASP ASVS 7.5.3). Thrown by the guard for `@Fresh()`; a handler may
 * throw it, too: a browser navigation is sent to the refresh view, everybody else gets this 401 as JSON.
 */
export class FreshLoginRequiredException extends UnauthorizedException {
  /** The machine code that stands in the JSON answer. */
  readonly code: LoginRefusalCode = 'ERR_FRESH_LOGIN_REQUIRED';

  constructor() {
    super({
      statusCode: 401,
      code: 'ERR_FRESH_LOGIN_REQUIRED',
      error: 'Unauthorized',
      message: 'A fresh login is required.',
    });
  }
}

/** A login that another site tried to make in this visitor's browser (login CSRF, OWASP ASVS 3.5.1): 403. */
export class CrossSiteLoginException extends ForbiddenException {
  /** The machine code that stands in the JSON answer. */
  readonly code: LoginRefusalCode = 'ERR_LOGIN_CROSS_SITE';

  /** @param reason why the request counts as coming from elsewhere: a full sentence */
  constructor(reason: string) {
    super({
      statusCode: 403,
      code: 'ERR_LOGIN_CROSS_SITE',
      error: 'Forbidden',
      message: `The login was refused. ${reason}`,
    });
  }
}
