/** The error for what only the application's developer can repair. */
import type { LoginFaultCode } from './login-error-code.js';

/**
 * A fault in how the application uses this package: a wrong option, a missing loader, a user without an id.
 * The message is the problem followed by its remedy. At start-up it ends the start; at run time it is a 500.
 */
export class LoginFault extends Error {
  /** `LoginFault`, also where two copies of the class exist. */
  override readonly name = 'LoginFault';

  /**
   * @param code what is wrong, for programs
   * @param problem what is wrong, for people: a full sentence
   * @param remedy what to change: a full sentence
   */
  constructor(
    readonly code: LoginFaultCode,
    problem: string,
    remedy: string,
  ) {
    super(`${code}: ${problem} ${remedy}`);
  }
}
