/** Reads and writes the head of a response that has not gone out yet. */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** The status and headers of a response. */
export interface ResponseHead {
  readonly status: number;
  readonly message: string;
  readonly headers: OutgoingHttpHeaders;
}

type HeadersArgument = OutgoingHttpHeaders | readonly unknown[] | undefined;

/** Headers that describe the answer which an error takes the place of. */
const OF_THE_ANSWER = /^(content-.*|etag|last-modified|location|cache-control|expires|accept-ranges)$/;

/** Returns a copy of the head as it is now. */
export const copyHead = (response: ServerResponse): ResponseHead => ({
  status: response.statusCode,
  message: response.statusMessage,
  headers: response.getHeaders(),
});

/** Sets the head back to this copy. */
export function restoreHead(response: ServerResponse, { status, message, headers }: ResponseHead): void {
  if (response.headersSent) return;
  response.statusCode = status;
  response.statusMessage = message;

  for (const name of response.getHeaderNames()) if (!(name in headers)) response.removeHeader(name);
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && response.getHeader(name) !== value) response.setHeader(name, value as string);
}

/** Removes the headers that describe the body of the handler, so that an error response can replace it. */
export function removeAnswer(response: ServerResponse): void {
  response.statusMessage = '';
  for (const name of response.getHeaderNames()) if (OF_THE_ANSWER.test(name)) response.removeHeader(name);
}

/**
 * Sets the headers that a call to `writeHead` names, as Node does where none is set before. Otherwise they would win
 * over headers that are set afterwards.
 * @returns the arguments without these headers
 */
export function applyHeaders(response: ServerResponse, args: unknown[]): unknown[] {
  if (args.length < 2) return args;
  const [status, ...rest] = args;
  const reason = typeof rest[0] === 'string' ? rest[0] : undefined;
  // Node looks for the headers in both places.
  setHeaders(response, (rest[1] ?? (reason === undefined ? rest[0] : undefined)) as HeadersArgument);
  return reason === undefined ? [status] : [status, reason];
}

/** Returns Node's own error for a second head. */
export const headSentError = (): Error =>
  Object.assign(new Error('Cannot write headers after they are sent to the client'), { code: 'ERR_HTTP_HEADERS_SENT' });

function setHeaders(response: ServerResponse, headers: HeadersArgument): void {
  if (!headers) return;
  if (!Array.isArray(headers)) {
    for (const [name, value] of Object.entries(headers))
      if (value !== undefined) response.setHeader(name, value as string);
    return;
  }

  // Names and values by turns, or pairs of them. A value may be a list itself.
  const flat = (Array.isArray(headers[0]) ? headers.flat() : headers) as (string | string[])[];
  const names = flat.filter((_, at) => at % 2 === 0) as string[];
  for (const name of names) response.removeHeader(name);
  names.forEach((name, at) => response.appendHeader(name, flat[at * 2 + 1] ?? ''));
}
