/** What an answer says to caches, and how a browser is sent elsewhere. */
import type { ServerResponse } from 'node:http';
import { isUnsafe } from './login-request.js';
import type { LoginRequest } from './login-request.js';

/** Keeps an answer that depends on who asks out of every cache (OWASP ASVS 14.3.2, CVE-2023-30861). */
export function keepOutOfCaches(response: ServerResponse): void {
  if (response.headersSent) return;
  response.setHeader('Cache-Control', 'no-store');
  const vary = [response.getHeader('Vary') ?? []].flat().join(', ');
  if (!/(^|,)\s*(cookie|\*)\s*(,|$)/i.test(vary)) response.setHeader('Vary', vary ? `${vary}, Cookie` : 'Cookie');
}

/** Calls the listener once, before the head of the answer goes out: while its headers can still be changed. */
export function beforeHead(response: ServerResponse, listener: () => void): void {
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  response.writeHead = (...args: unknown[]): ServerResponse => {
    response.writeHead = writeHead as never;
    listener();
    return writeHead(...args);
  };
}

/** Sends the browser elsewhere with an empty body: 303 after an unsafe method, so that nothing is sent twice, 302 else. */
export function redirect(request: LoginRequest, response: ServerResponse, location: string): void {
  response.statusCode = isUnsafe(request) ? 303 : 302;
  response.setHeader('Location', location);
  response.setHeader('Content-Length', '0');
  response.end();
}
