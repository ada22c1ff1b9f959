/** Keeps a response out of shared caches, whatever the handler said about caching. */
import type { ServerResponse } from 'node:http';

/**
 * A handler may say this instead of `no-store`. Then only the browser of this user keeps the answer. `private="x-own"`
 * does not count, because it shares everything but one field (RFC 9111 section 5.2.2.7).
 */
const IS_PRIVATE = /(^|[,\s])(no-store|private)($|[,\s])/i;
const IS_PUBLIC = /(^|[,\s])(public|s-maxage)($|[,\s=])/i;
const VARIES_BY_COOKIE = /(^|,)\s*(cookie|\*)\s*(,|$)/i;

/** Headers that a CDN or a proxy obeys before `Cache-Control` (RFC 9213, Edge Architecture, Akamai, nginx). */
const FOR_CDN = /^(surrogate-control|edge-control|x-accel-expires|([\w-]+-)?cache-control)$/;

/** Sets `Cache-Control: no-store`, unless the handler has said `private`, and `Vary: Cookie`. */
export function forbidSharedCaches(response: ServerResponse): void {
  const said = textOf(response.getHeader('Cache-Control'));
  if (!said || !IS_PRIVATE.test(said) || IS_PUBLIC.test(said)) response.setHeader('Cache-Control', 'no-store');

  for (const name of response.getHeaderNames())
    if (name !== 'cache-control' && FOR_CDN.test(name)) response.removeHeader(name);

  const vary = textOf(response.getHeader('Vary'));
  if (!vary) response.setHeader('Vary', 'Cookie');
  else if (!VARIES_BY_COOKIE.test(vary)) response.setHeader('Vary', `${vary}, Cookie`);
}

const textOf = (header: string | number | readonly string[] | undefined): string =>
  Array.isArray(header) ? header.join(', ') : String(header ?? '');
