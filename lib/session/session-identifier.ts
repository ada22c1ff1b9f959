/** Recognises a browser by what a stolen cookie does not bring along: the address prefix and the user agent. */
import { hash } from 'node:crypto';
import type { HttpExchange } from '../http/http-exchange.js';
import type { LoginClient } from '../logins/login-snapshot.js';

/**
 * Returns the browser of a request as a login notes it. The identifier is Flask-Login's session identifier: a hash of
 * the address prefix and the user agent. The platform resolves the address, so a made-up X-Forwarded-For changes
 * nothing.
 */
export function clientOf({ address, userAgent }: HttpExchange): LoginClient {
  const identifier = hash('sha256', `nestjs-login browser\0${address.prefix}\n${userAgent}`, 'base64url').slice(0, 22);
  return { identifier, userAgent, ip: address.text };
}
