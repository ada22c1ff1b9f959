/** The facts that events carry about a request and a login. */
import type { ClientFacts, LoginFacts } from '../events/login-events.js';
import type { HttpExchange } from '../http/http-exchange.js';
import type { LoginRecord } from './login-record.js';

/** Returns the client that sent the request, as far as the request shows it. */
export function clientFacts(exchange: HttpExchange): ClientFacts {
  return { ip: exchange.address.text, userAgent: exchange.userAgent };
}

/** Returns the login, and the client that used it. */
export function loginFacts(exchange: HttpExchange, record: LoginRecord): LoginFacts {
  return { ...clientFacts(exchange), userId: record.userId, loginId: record.id };
}
