/** Makes loginCookies(): a real login as cookies for the jar of a test's browser. */
import type { INestApplication } from '@nestjs/common';
import { parseSetCookie } from 'cookie';
import type { LoginUser } from '../index.js';
import { realLogin } from './real-login.js';
import type { LoginAsOptions } from './real-login.js';

const SAME_SITE = { lax: 'Lax', strict: 'Strict', none: 'None' } as const;

/** A cookie as Playwright's `context.addCookies()` and Puppeteer's `browser.setCookie()` take it. */
export interface BrowserCookie {
  readonly name: string;
  /** not decoded, because a browser sends it back letter for letter */
  readonly value: string;
  /** a host; with a dot in front, also the hosts below it */
  readonly domain: string;
  readonly path: string;
  /** seconds since the epoch; -1: when the browser closes */
  readonly expires: number;
  readonly httpOnly: boolean;
  readonly secure: boolean;
  readonly sameSite: 'Lax' | 'Strict' | 'None';
}

/** The kind of login to make, and its host. */
export interface LoginCookiesOptions extends LoginAsOptions {
  /**
   * The host of the pages that the browser opens, without a port. Cookies without a domain of their own get it.
   * Default: `localhost`.
   */
  readonly host?: string;
}

/**
 * Makes the same login as `loginAs` for a real browser:
 * `await context.addCookies(await loginCookies(app, user, { userAgent }))`.
 *
 * Pass the browser's own `navigator.userAgent`, and let the application listen on 127.0.0.1. With another user agent or
 * address session protection takes the freshness of the login, and under `'strong'` ends it.
 * @param app an initialised application on Express
 * @returns the session cookie, and with `remembered` the remember cookie
 * @throws Error where loginUser rejects, or refuses an inactive user or one login too many
 */
export async function loginCookies(
  app: INestApplication,
  user: LoginUser,
  { host = 'localhost', ...options }: LoginCookiesOptions = {},
): Promise<BrowserCookie[]> {
  const lines = await realLogin(app, user, options);
  // A line that clears a cookie makes a browser delete it, and an empty jar has none.
  return lines.map((line) => asBrowserCookie(line, host)).filter(({ expires }) => expires < 0 || expires > now());
}

function asBrowserCookie(line: string, host: string): BrowserCookie {
  // Not decoded, because the browser would send another spelling back.
  const cookie = parseSetCookie(line, { decode: (value) => value });
  const { name, value = '', domain, path = '/', expires, maxAge, httpOnly, secure, sameSite } = cookie;
  // Max-Age goes before Expires (RFC 6265 section 5.3).
  const end = maxAge === undefined ? expires && expires.getTime() / 1000 : now() + maxAge;

  return {
    name,
    value,
    // Without the dot a jar keeps the cookie for this one host, and the hosts below it would not get it.
    domain: domain === undefined ? host : `.${domain}`,
    path,
    expires: end === undefined ? -1 : Math.floor(end),
    httpOnly: httpOnly === true,
    secure: secure === true,
    sameSite: typeof sameSite === 'string' ? SAME_SITE[sameSite] : 'Lax',
  };
}

const now = (): number => Date.now() / 1000;
