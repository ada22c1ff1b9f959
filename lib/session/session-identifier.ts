/** Recognises a browser by what a stolen cookie does not bring along: address prefix and user agent. */
import { createHash } from 'node:crypto';
import { addressPrefix, clientAddress, userAgent } from '../http/login-request.js';
import type { LoginRequest } from '../http/login-request.js';

/**
 * A hash of the client's address prefix and user agent (Flask-Login's session identifier). The address is the one Express resolves by
 * `trust proxy`, so a made-up X-Forwarded-For changes nothing.
 */
export function sessionIdentifier(request: LoginRequest): string {
  const seen = `${addressPrefix(clientAddress(request))}\n${userAgent(request)}`;
  return createHash('sha256').update(`nestjs-login browser\0${seen}`).digest('base64url').slice(0, 22);
}
