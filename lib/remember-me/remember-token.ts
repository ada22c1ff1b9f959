/** The remember token, which holds the id of its login and a secret that only its browser knows. */
import { newVerifier } from '../logins/login-id.js';

/**
 * A login id as the selector, and a verifier. The user is named in the record of the login, and never in the token
 * (CVE-2024-51996).
 */
export interface RememberToken {
  /** the selector, which finds the record and lets nobody in */
  readonly loginId: string;
  /** 256 random bits. A store has only their hash */
  readonly verifier: string;
}

/** Version, selector and verifier. Each has a fixed length and contains no dot. */
const FORM = /^v1\.([\w-]{38})\.([\w-]{43})$/;

/** The length of the longest value of a remember cookie, which is a token and its MAC. */
export const MAX_TOKEN_LENGTH = 3 + 38 + 1 + 43 + 1 + 43;

/** Makes a new token for a login. */
export function newRememberToken(loginId: string): RememberToken {
  return { loginId, verifier: newVerifier() };
}

/** Returns the token as text, ready to be signed. */
export function formatToken({ loginId, verifier }: RememberToken): string {
  return `v1.${loginId}.${verifier}`;
}

/** Reads a token from a text with a valid signature. Returns undefined for a text that `formatToken` cannot make. */
export function parseToken(text: string): RememberToken | undefined {
  const [, loginId, verifier] = FORM.exec(text) ?? [];
  return loginId === undefined || verifier === undefined ? undefined : { loginId, verifier };
}
