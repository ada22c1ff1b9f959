/** Finds the HTTP request behind the objects of Nest and of handlers. No other file knows how requests travel. */
import type { ArgumentsHost } from '@nestjs/common';
import { LoginFault } from '../exceptions/login-fault.js';
import type { LoginRequest } from './login-request.js';

/**
 * Returns the HTTP request that a handler, guard or filter works for.
 * @throws LoginFault ERR_LOGIN_NOT_HTTP where the handler answers no HTTP request
 */
export function requestOf(host: ArgumentsHost): LoginRequest {
  const type = host.getType<string>();
  if (type === 'http') return host.switchToHttp().getRequest<LoginRequest>();
  throw new LoginFault(
    'ERR_LOGIN_NOT_HTTP',
    `A handler of type "${type}" asks for the current user, and only HTTP requests have one.`,
    'Take the guard or @CurrentUser() off this handler, or mark it @Public() and protect it by other means.',
  );
}

/**
 * Returns the request that the platform received. For a derived object (`Object.create(req)`, a proxy) and for a copy
 * (`{ ...req }`) it is the original request.
 * @throws LoginFault ERR_LOGIN_NO_REQUEST for a value that is no request
 */
export function originalRequest(given: unknown): LoginRequest {
  if (typeof given === 'object' && given !== null) {
    // A copy has no headers, because Node keeps them on the prototype.
    const original = (given as { res?: { req?: LoginRequest } }).res?.req ?? (given as LoginRequest);
    if (typeof original.headers === 'object') return original;
  }

  throw new LoginFault(
    'ERR_LOGIN_NO_REQUEST',
    `A request was expected and ${given === null ? 'null' : `a value of type ${typeof given}`} came.`,
    'Pass the request of the handler: @Req() req.',
  );
}
