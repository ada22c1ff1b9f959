/** Identifies a browser by its address prefix and user agent, which a stolen cookie does not carry. */
import { hash } from 'node:crypto';
import type { HttpExchange } from '../http/http-exchange.js';
import type { LoginClient } from '../logins/login-snapshot.js';

/**
 * Returns the browser of a request, as a login record keeps it. The identifier is Flask-Login's session identifier, a
 * hash of the address prefix and the user agent. The platform resolves the address, so a forged X-Forwarded-For changes
 * nothing.
 */
export function clientOf({ address, userAgent }: HttpExchange): LoginClient {
  const identifier = hash('sha256', `nestjs-login browser\0${address.prefix}\n${userAgent}`, 'base64url').slice(0, 22);
  return { identifier, userAgent, ip: address.text };
}
