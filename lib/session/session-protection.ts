/** Session protection: decides what a login is worth in another browser than the one that made it. Pure. */
import type { LoginRecord } from '../logins/login-record.js';

/** `intact`: the same browser. `weakened`: another one, the login is no longer fresh. `broken`: another one, the login ends. */
export type Protection = 'intact' | 'weakened' | 'broken';

/**
 * @param mode the option `sessionProtection`
 * @param identifier what `sessionIdentifier` makes of this request
 */
export function judgeProtection(mode: 'basic' | 'strong', record: LoginRecord, identifier: string): Protection {
  if (record.identifier === identifier) return 'intact';
  return mode === 'strong' ? 'broken' : 'weakened';
}
