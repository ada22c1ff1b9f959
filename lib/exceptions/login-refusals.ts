/** The 401 and 403 responses, for a missing login, a login that is not fresh, and a login from another site. */
import { ForbiddenException, UnauthorizedException } from '@nestjs/common';
import type { LoginRefusalCode } from './login-error-code.js';

/**
 * Refuses a request without a login. The guard throws it, and a handler may throw it with the same effect. A browser
 * navigation is redirected to the login view. Every other request gets this 401 as JSON.
 */
export class LoginRequiredException extends UnauthorizedException {
  /** The machine code in the JSON response. */
  readonly code: LoginRefusalCode = 'ERR_LOGIN_REQUIRED';

  constructor() {
    super({ statusCode: 401, code: 'ERR_LOGIN_REQUIRED', error: 'Unauthorized', message: 'A login is required.' });
  }
}

/**
 * Refuses a login that is not fresh, or not fresh enough (OWASP ASVS 7.5.3). The guard throws it for `@Fresh()`, and a
 * handler may throw it. A browser navigation is redirected to the refresh view. Every other request gets this 401 as
 * JSON.
 */
export class FreshLoginRequiredException extends UnauthorizedException {
  /** The machine code in the JSON response. */
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

/**
 * Refuses a login that another site tried to make in this visitor's browser (login CSRF, OWASP ASVS 3.5.1). The
 * response is a 403.
 */
export class CrossSiteLoginException extends ForbiddenException {
  /** The machine code in the JSON response. */
  readonly code: LoginRefusalCode = 'ERR_LOGIN_CROSS_SITE';

  /** @param reason says why the request counts as sent by another site, in a full sentence */
  constructor(reason: string) {
    super({
      statusCode: 403,
      code: 'ERR_LOGIN_CROSS_SITE',
      error: 'Forbidden',
      message: `The login was refused. ${reason}`,
    });
  }
}
