/** Reads cookies from requests, and writes those of our own that express-session does not. */
import type { ServerResponse } from 'node:http';
import { stringifySetCookie } from 'cookie';
import type { LoginRequest } from './login-request.js';

/** Where a cookie goes. The same attributes must be used to clear it. */
export interface CookieAttributes {
  readonly path: string;
  /** null: the host alone */
  readonly domain: string | null;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: 'lax' | 'strict' | 'none';
}

/**
 * Every value that a request brings under exactly this name, decoded, in order. Only blanks and tabs around a name are
 * ignored: a name with any other white space is another name (CVE-2026-39410).
 */
export function readCookies(request: LoginRequest, name: string): string[] {
  const found: string[] = [];
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at < 0 || trim(pair.slice(0, at)) !== name) continue;
    const value = decode(trim(pair.slice(at + 1)));
    if (value !== undefined) found.push(value);
  }
  return found;
}

/**
 * Writes a cookie into the answer, in place of an earlier line of the same name, path and domain.
 * @param maxAge seconds until the browser drops it; null: when the browser closes; 0: now
 */
export function writeCookie(
  response: ServerResponse,
  name: string,
  value: string,
  attributes: CookieAttributes,
  maxAge: number | null,
): void {
  if (response.headersSent) return;
  const line = stringifySetCookie({
    name,
    value,
    path: attributes.path,
    secure: attributes.secure,
    httpOnly: attributes.httpOnly,
    sameSite: attributes.sameSite,
    ...(attributes.domain === null ? {} : { domain: attributes.domain }),
    ...(maxAge === null ? {} : { maxAge, expires: new Date(maxAge === 0 ? 0 : Date.now() + maxAge * 1000) }),
  });
  withdrawCookie(response, name, attributes);
  response.appendHeader('Set-Cookie', line);
}

/** Tells the browser to drop a cookie that was set with these attributes. */
export function clearCookie(response: ServerResponse, name: string, attributes: CookieAttributes): void {
  writeCookie(response, name, '', attributes, 0);
}

/** Takes a line written earlier in this answer out again. */
export function withdrawCookie(response: ServerResponse, name: string, attributes: CookieAttributes): void {
  if (response.headersSent) return;
  const lines = setCookieLines(response);
  const others = lines.filter((line) => !isOf(line, name, attributes));
  if (others.length === lines.length) return;
  if (others.length) response.setHeader('Set-Cookie', others);
  else response.removeHeader('Set-Cookie');
}

function setCookieLines(response: ServerResponse): string[] {
  const header = response.getHeader('Set-Cookie');
  return header === undefined ? [] : [header].flat().map(String);
}

function isOf(line: string, name: string, { path, domain }: CookieAttributes): boolean {
  const [pair = '', ...rest] = line.split(';').map((part) => part.trim());
  const given = new Map(rest.map((part) => [part.split('=')[0]?.toLowerCase(), part.slice(part.indexOf('=') + 1)]));
  return pair.startsWith(`${name}=`) && (given.get('path') ?? '/') === path && (given.get('domain') ?? null) === domain;
}

/** By hand: a regular expression for the end of a text takes time by the square of the blanks, and a stranger chooses how many. */
function trim(text: string): string {
  const isBlank = (at: number): boolean => text[at] === ' ' || text[at] === '\t';
  let [from, to] = [0, text.length];
  while (from < to && isBlank(from)) from += 1;
  while (to > from && isBlank(to - 1)) to -= 1;
  return text.slice(from, to);
}

function decode(text: string): string | undefined {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
