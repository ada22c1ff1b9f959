/** Session protection: decides whether a login counts in another browser than its own. Pure functions. */
import type { LoginRecord } from '../logins/login-record.js';
import type { LoginClient } from '../logins/login-snapshot.js';

/**
 * The result of session protection.
 *
 * - `intact`: the same browser
 * - `unknown`: the client has hung up, and its address is lost. The request gets less access, and the login does not
 *   change
 * - `weakened`: another browser, so the login is no longer fresh
 * - `broken`: another browser, so the login ends
 */
export type Protection = 'intact' | 'unknown' | 'weakened' | 'broken';

/** The browser of a request, before any hash. */
interface Shown {
  readonly address: { readonly text: string };
  readonly userAgent: string;
}

/** Tells whether address and user agent are those of the login. If so, their hashes need no comparison. */
export function isUnchanged({ ip, userAgent }: LoginRecord, shown: Shown): boolean {
  return ip !== '' && ip === shown.address.text && userAgent === shown.userAgent;
}

/**
 * Decides whether a login counts in this browser.
 * @param mode the option `sessionProtection`
 * @param client the browser of this request
 */
export function decideProtection(mode: 'basic' | 'strong', record: LoginRecord, client: LoginClient): Protection {
  if (record.identifier === client.identifier) return 'intact';
  const isSameUserAgent = record.userAgent === client.userAgent;

  // An unknown address is no evidence of another browser.
  if (client.ip === '' && isSameUserAgent) return 'unknown';
  if (record.ip === '' && isSameUserAgent) return 'intact';
  return mode === 'strong' ? 'broken' : 'weakened';
}
