/**
 * Decides what a remember token is worth, and which tokens a login has afterwards. Pure: the caller brings the record and
 * the time. Rotation is confirmed by use: a token stays good until its successor was seen, so that a lost answer, a closed
 * tab or a stopped process accuses nobody. docs/remember-me.md has the table and the reasons.
 */
import { sameText } from '../http/signature.js';
import { rememberEndsAt } from '../logins/login-decision.js';
import { hashOf } from '../logins/login-id.js';
import type { LoginRecord, RememberPart, SupersededToken } from '../logins/login-record.js';

/** The limits of remembered logins, in milliseconds. */
export interface RememberLimits {
  readonly idle: number;
  readonly rememberIdle: number;
  /** how long a token that is being replaced is still accepted, for parallel and late requests */
  readonly grace: number;
}

/**
 * - `current`: the token that counts; where no session does, a session and the next token are due
 * - `received`: the browser shows that the newest token arrived; the same, and the former token is over
 * - `burst`: the token that counts, while a session and the next token are on their way already
 * - `grace`: over, but so lately that the request was under way
 * - `theft`: over, and shown again: two hold it
 * - `ended`: an idle or absolute end has passed
 * - `gone`: no such login, or it is not remembered
 */
export type TokenVerdict = 'current' | 'received' | 'burst' | 'grace' | 'theft' | 'ended' | 'gone';

/** Tokens on their way at once: more were lost than any network loses. */
const MOST_CANDIDATES = 4;

/** Tokens in their grace at once: a browser that loses its session over and over does not make the record grow. */
const MOST_PREVIOUS = 8;

/**
 * Judges the verifier of a token whose signature was verified, so that we have issued it once.
 * @param record the record that the token names
 * @param now milliseconds on the store's clock
 */
export function judgeToken(
  record: LoginRecord | null,
  verifier: string,
  now: number,
  limits: RememberLimits,
): TokenVerdict {
  const { remember = null } = record ?? {};
  if (!record || !remember) return 'gone';
  if (now >= rememberEndsAt(record, limits)) return 'ended';
  const shown = hashOf(verifier);
  if (remember.candidates.some((hash) => sameText(hash, shown))) return 'received';
  if (sameText(remember.base, shown))
    return remember.candidates.length > 0 && now < remember.issuedAt + limits.grace ? 'burst' : 'current';
  const superseded = remember.previous.find(({ hash }) => sameText(hash, shown));
  return superseded && now < superseded.graceEndsAt ? 'grace' : 'theft';
}

/** The browser has shown a candidate: it counts from now on, and all others are over. */
export function promote(remember: RememberPart, verifier: string, now: number, grace: number): RememberPart {
  const base = hashOf(verifier);
  // A late answer may still bring a sibling of the token, and a request under way the former one.
  const over = [remember.base, ...remember.candidates].filter((hash) => hash !== base);
  const previous: SupersededToken[] = [
    ...remember.previous.filter(({ graceEndsAt }) => now < graceEndsAt),
    ...over.map((hash) => ({ hash, graceEndsAt: now + grace })),
  ];
  return { ...remember, base, candidates: [], previous: previous.slice(-MOST_PREVIOUS) };
}

/** One more token is on its way to the browser; the one that counts goes on counting until this one was seen. */
export function issue(remember: RememberPart, verifier: string, now: number): RememberPart {
  const candidates = [...remember.candidates, hashOf(verifier)].slice(-MOST_CANDIDATES);
  return { ...remember, candidates, issuedAt: now };
}
