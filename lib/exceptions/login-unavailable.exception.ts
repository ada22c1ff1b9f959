/** The 503 answer: who is asking cannot be found out just now. */
import { ServiceUnavailableException } from '@nestjs/common';
import type { LoginRefusalCode } from './login-error-code.js';

/**
 * A store failed or was too slow, or a loader failed, so nobody can say who is asking: 503 with Retry-After, never a silent
 * anonymous (OWASP ASVS 16.5.3). What failed is in `cause`, for the log; the answer names nothing of it.
 */
export class LoginUnavailableException extends ServiceUnavailableException {
  /** The machine code that stands in the JSON answer. */
  readonly code: LoginRefusalCode = 'ERR_LOGIN_UNAVAILABLE';

  /**
   * @param what what could not be asked, e.g. "The user loader"
   * @param cause the error as it came
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
