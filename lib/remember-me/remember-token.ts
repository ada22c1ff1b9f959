/** The remember token: which login it is for, and the secret that only its browser knows. */
import { newVerifier } from '../logins/login-id.js';

/** A login's id as the selector, and a verifier. The user stands in the login's record, never in the token (CVE-2024-51996). */
export interface RememberToken {
  /** the selector: finds the record, opens nothing */
  readonly loginId: string;
  /** 256 random bits, of which a store knows the hash alone */
  readonly verifier: string;
}

/** Version, selector, verifier; all of a fixed length and none with a dot in it. */
const FORM = /^v1\.([\w-]{38})\.([\w-]{43})$/;

/** The length of the longest value of a remember cookie: a token and its MAC. */
export const LONGEST_TOKEN = 3 + 38 + 1 + 43 + 1 + 43;

/** A new token for a login. */
export function newRememberToken(loginId: string): RememberToken {
  return { loginId, verifier: newVerifier() };
}

/** The token as text, to be signed. */
export function formatToken({ loginId, verifier }: RememberToken): string {
  return `v1.${loginId}.${verifier}`;
}

/** The token of a text whose signature was verified; undefined for what `formatToken` cannot have made. */
export function parseToken(text: string): RememberToken | undefined {
  const [, loginId, verifier] = FORM.exec(text) ?? [];
  return loginId === undefined || verifier === undefined ? undefined : { loginId, verifier };
}
