/** Session protection: decides what a login is worth in another browser than its own. Pure. */
import type { LoginRecord } from '../logins/login-record.js';
import type { LoginClient } from '../logins/login-snapshot.js';

/**
 * - `intact`: the same browser
 * - `unknown`: nobody can tell, because the client has hung up and taken its address along. The request is let in for
 *   less, and nothing about the login changes
 * - `weakened`: another browser; the login is no longer fresh
 * - `broken`: another browser; the login ends
 */
export type Protection = 'intact' | 'unknown' | 'weakened' | 'broken';

/** What a request shows of its browser, before anything is hashed. */
interface Shown {
  readonly address: { readonly text: string };
  readonly userAgent: string;
}

/** True where address and user agent are those of the login, so that no hash of them has to be compared. */
export function isUnchanged({ ip, userAgent }: LoginRecord, shown: Shown): boolean {
  return ip !== '' && ip === shown.address.text && userAgent === shown.userAgent;
}

/** Decides about a login. @param mode the option `sessionProtection` @param client the browser of this request */
export function decideProtection(mode: 'basic' | 'strong', record: LoginRecord, client: LoginClient): Protection {
  if (record.identifier === client.identifier) return 'intact';
  const isSameUserAgent = record.userAgent === client.userAgent;

  // An address that is not known is no evidence of another browser.
  if (client.ip === '' && isSameUserAgent) return 'unknown';
  if (record.ip === '' && isSameUserAgent) return 'intact';
  return mode === 'strong' ? 'broken' : 'weakened';
}
