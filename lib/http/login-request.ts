/** What we need of a request, and what we read from it: address, user agent, URL, method, and where it came from. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import ipaddr from 'ipaddr.js';

/** A request of Node with what Express adds to it. An Express `Request` is one. */
export type LoginRequest = IncomingMessage & {
  /** The address as it was asked for, before any router took something off. */
  readonly originalUrl?: string | undefined;
  /** The client's address as Express resolves it: through `trust proxy`, never from a bare X-Forwarded-For. */
  readonly ip?: string | undefined;
  /** True on TLS, or where a trusted proxy says so. */
  readonly secure?: boolean | undefined;
  readonly res?: ServerResponse | undefined;
};

/** The response that belongs to a request. Express sets `res` on every request before the first middleware. */
export function responseOf(request: LoginRequest): ServerResponse {
  return request.res as ServerResponse;
}

/** The client's address in one spelling, or '' where there is none: IPv4 inside IPv6 is IPv4, the zone is dropped. */
export function clientAddress(request: LoginRequest): string {
  // Some proxies write the port behind the address: 192.0.2.1:4711, [2001:db8::1]:4711.
  const text = (request.ip ?? '').replace(/^([\d.]+):\d+$|^\[(.*)\](?::\d+)?$/, '$1$2').replace(/%.*$/, '');
  // Asked first: on a Unix socket there is no address, and ipaddr.js takes its time over an empty one.
  return text && ipaddr.isValid(text) ? ipaddr.process(text).toString() : '';
}

/**
 * The part of an address that stays the same while one device stays in one place: all of an IPv4 address, the /64 of
 * an IPv6 one, since devices change the rest by themselves (RFC 8981).
 */
export function addressPrefix(address: string): string {
  if (address === '') return '';
  const parsed = ipaddr.process(address);
  return parsed instanceof ipaddr.IPv6
    ? `${parsed.parts
        .slice(0, 4)
        .map((part) => part.toString(16))
        .join(':')}::/64`
    : parsed.toString();
}

/** The User-Agent header, at most 200 characters, or ''. */
export function userAgent(request: LoginRequest): string {
  return (request.headers['user-agent'] ?? '').slice(0, 200);
}

/** Path and query as the client sent them, whatever prefix a router took off. */
export function requestedUrl(request: LoginRequest): string {
  return request.originalUrl ?? request.url ?? '/';
}

/** A query parameter that stands there once, else a field of the parsed body that is a text. One that is repeated is none. */
export function parameter(request: LoginRequest, name: string): string | undefined {
  const query = requestedUrl(request).split('#')[0]?.split('?').slice(1).join('?');
  const inQuery = new URLSearchParams(query).getAll(name);
  if (inQuery.length) return inQuery.length === 1 ? inQuery[0] : undefined;
  const body = (request as { body?: unknown }).body;
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, name)) return undefined;
  const inBody = (body as Record<string, unknown>)[name];
  return typeof inBody === 'string' ? inBody : undefined;
}

/** True for methods that may change something (RFC 9110 section 9.2.1). */
export function isUnsafe(request: LoginRequest): boolean {
  return !['GET', 'HEAD', 'OPTIONS', 'TRACE'].includes(request.method ?? 'GET');
}

/**
 * True where a person's browser asks for a page, so that a redirect to a form helps: `Sec-Fetch-Mode: navigate`, or,
 * where a client sends no such header, an `Accept` that names `text/html`.
 */
export function isBrowserNavigation(request: LoginRequest): boolean {
  const mode = request.headers['sec-fetch-mode'];
  if (mode !== undefined) return mode === 'navigate';
  return (request.headers.accept ?? '').toLowerCase().includes('text/html');
}

/** True where the connection, or a trusted proxy's word for it, is TLS: only then does a Secure cookie arrive. */
export function isSecure(request: LoginRequest): boolean {
  return request.secure === true || (request.socket as { encrypted?: boolean }).encrypted === true;
}

/**
 * Why an unsafe request counts as made by another site, or undefined where it does not: `Sec-Fetch-Site` decides, else
 * `Origin` against our own origin. A request with neither (curl, tests) is nobody's browser and passes.
 * @param origin our own origin; without one, the Host header stands in: a page of another site cannot choose it
 */
export function fromAnotherSite(request: LoginRequest, origin: string | null): string | undefined {
  if (!isUnsafe(request)) return undefined;
  const site = request.headers['sec-fetch-site'];
  const from = request.headers.origin;
  const own = origin ?? `${isSecure(request) ? 'https' : 'http'}://${request.headers.host ?? ''}`;
  if (site === 'same-origin' || site === 'none') return undefined;
  if (site === undefined && from === undefined) return undefined;
  if (site !== 'cross-site' && from === own) return undefined;
  if (from === 'null')
    return 'The browser hides where the request comes from: on plain http the header Referrer-Policy: no-referrer does that. Use https.';
  return (
    `The browser says the request comes from ${from ?? `a ${site} page`} and this site is ${own}. ` +
    `If both are yours, set the option "origin" to the address in the browser.`
  );
}
