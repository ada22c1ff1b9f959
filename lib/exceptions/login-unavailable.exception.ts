/** The 503 response. A store or a loader has failed, so the user of the request is unknown. */
import { ServiceUnavailableException } from '@nestjs/common';
import type { LoginRefusalCode } from './login-error-code.js';

/**
 * Reports that a store failed or was too slow, or that a loader failed. The user of the request is unknown, so a
 * guarded route responds with a 503 and Retry-After. Asking a visitor to log in would hide the outage (OWASP ASVS
 * 16.5.3). `cause` has the error for the log, and the response reveals nothing of it.
 */
export class LoginUnavailableException extends ServiceUnavailableException {
  /** The machine code in the JSON response. */
  readonly code: LoginRefusalCode = 'ERR_LOGIN_UNAVAILABLE';

  /**
   * @param what names the failed part, such as "The user loader"
   * @param cause the original error
   */
  constructor(
    readonly what: string,
    cause: unknown,
  ) {
    super(
      {
        statusCode: 503,
        code: 'ERR_LOGIN_UNAVAILABLE',
        error: 'Service Unavailable',
        message: 'Logins cannot be checked just now. Try again in a moment.',
      },
      { cause },
    );
  }
}
