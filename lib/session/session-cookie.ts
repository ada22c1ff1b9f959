/** The session cookie in express-session's own format: reads it more strictly than express-session does. */
import { createHmac } from 'node:crypto';
import { readCookies } from '../http/cookies.js';
import type { LoginRequest } from '../http/login-request.js';
import { sameText } from '../http/signature.js';
import { isAnonymousSessionId, loginIdOf } from '../logins/login-id.js';

/** Longer than any value of ours; longer ones are not worth a hash. */
const LONGEST = 256;

/** Reads and writes the value `s:<session id>.<signature>`. */
export class SessionCookie {
  constructor(
    private readonly name: string,
    private readonly secrets: readonly string[],
  ) {}

  /**
   * Every session id that the request brings under a signature of ours, each once. A cookie with a wrong signature is as
   * good as none, wherever else it may be found (CVE-2026-39324).
   */
  read(request: LoginRequest): string[] {
    return [...new Set(readCookies(request, this.name).flatMap((value) => this.#verify(value) ?? []))];
  }

  /** A Cookie header that brings this session id and nothing else. */
  header(sessionId: string): string {
    const [newest] = this.secrets as [string];
    return `${this.name}=${encodeURIComponent(`s:${sessionId}.${signatureOf(sessionId, newest)}`)}`;
  }

  #verify(value: string): string | undefined {
    const at = value.lastIndexOf('.');
    if (value.length > LONGEST || !value.startsWith('s:') || at < 0) return undefined;
    const sessionId = value.slice(2, at);
    if (!isAnonymousSessionId(sessionId) && loginIdOf(sessionId) === undefined) return undefined;
    const given = value.slice(at + 1);
    return this.secrets.some((secret) => sameText(signatureOf(sessionId, secret), given)) ? sessionId : undefined;
  }
}

/** As the package cookie-signature makes it: base64 without padding. */
function signatureOf(text: string, secret: string): string {
  return createHmac('sha256', secret).update(text).digest('base64').replace(/=+$/, '');
}
