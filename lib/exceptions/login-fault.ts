/** The error for faults that only the application's developer can repair. */
import type { LoginFaultCode } from './login-error-code.js';

/**
 * Reports a wrong use of this package, such as a wrong option, a missing loader or a user without an id. The message
 * describes the problem and then its remedy. At start-up the error stops the start, and at run time it is a 500.
 */
export class LoginFault extends Error {
  /** Always `LoginFault`. The name identifies the error, even if two copies of the class exist. */
  override readonly name = 'LoginFault';

  /**
   * @param code names the problem for programs
   * @param problem describes the problem for people, in a full sentence
   * @param remedy says how to repair it, in a full sentence
   */
  constructor(
    readonly code: LoginFaultCode,
    problem: string,
    remedy: string,
  ) {
    super(`${code}: ${problem} ${remedy}`);
  }
}
