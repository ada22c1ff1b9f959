/** The facts that events carry about a request and a login. */
import type { ClientFacts, LoginFacts } from '../events/login-events.js';
import { clientAddress, userAgent } from '../http/login-request.js';
import type { LoginRequest } from '../http/login-request.js';
import type { LoginRecord } from './login-record.js';

/** Who sent the request, as far as the request shows it. */
export function clientFacts(request: LoginRequest): ClientFacts {
  return { ip: clientAddress(request), userAgent: userAgent(request) };
}

/** Which login, and from where it was used. */
export function loginFacts(request: LoginRequest, record: LoginRecord): LoginFacts {
  return { ...clientFacts(request), userId: record.userId, loginId: record.id };
}
