/**
 * Decides what a remember token is worth, and which tokens a login has afterwards. Pure: the caller brings the record and
 * the time. Rotation is confirmed by use: a token counts until its successor was seen, so that a lost answer, a closed
 * tab or a stopped process accuses nobody. docs/remember-me.md has the table and the reasons.
 */
import { sameText } from '../http/signature.js';
import { rememberEndsAt } from '../logins/login-decision.js';
import type { RecordLimits } from '../logins/login-decision.js';
import { hashOf } from '../logins/login-id.js';
import type { LoginRecord, RememberPart } from '../logins/login-record.js';

/** The limits of remembered logins, in milliseconds. */
export interface RememberLimits extends RecordLimits {
  /** longer than any answer or request is under way */
  readonly grace: number;
}

/**
 * - `counts`: it is the token that the browser is known to hold
 * - `received`: the browser shows that it has received a token that was on its way; all that were issued before it are over
 * - `grace`: over, but so lately that the request was under way
 * - `theft`: over, and shown again: two hold it
 * - `ended`: an idle or absolute end has passed
 * - `gone`: no such login, or it is not remembered
 */
export type TokenVerdict = 'counts' | 'received' | 'grace' | 'theft' | 'ended' | 'gone';

/** What follows from a token that was shown. The first three verdicts let in, the others do not. */
export type TokenDecision =
  | {
      readonly verdict: 'counts' | 'received' | 'grace';
      /** the tokens of the login from now on; after `received` they are to be written */
      readonly remember: RememberPart;
      /** a request without a session is to get one, and the next token; else it is let in for itself alone */
      readonly isDue: boolean;
    }
  | { readonly verdict: 'theft' | 'ended' | 'gone' };

/** Tokens on their way at once: more were lost than any network loses. */
const MOST_CANDIDATES = 4;

/** With so many tokens in their grace nothing is rotated until it is over, so that no client makes the record grow. */
const MOST_PREVIOUS = 4;

/**
 * Judges the verifier of a token whose signature was verified, so that we have issued it once.
 * @param record the record that the token names
 * @param now milliseconds on the store's clock
 */
export function decideToken(
  record: LoginRecord | null,
  verifier: string,
  now: number,
  limits: RememberLimits,
): TokenDecision {
  const { remember = null } = record ?? {};
  if (!record || !remember || record.createdAt < limits.notBefore) return { verdict: 'gone' };
  if (now >= rememberEndsAt(record, limits)) return { verdict: 'ended' };
  const shown = hashOf(verifier);
  const inGrace = remember.previous.filter(({ graceEndsAt }) => now < graceEndsAt);
  const isRushed = inGrace.length >= MOST_PREVIOUS;
  const isDue = (part: RememberPart): boolean => !isRushed && !isOnItsWay(part, now, limits.grace);

  const place = remember.candidates.findIndex((hash) => sameText(hash, shown));
  if (place >= 0) {
    if (isRushed) return { verdict: 'counts', remember, isDue: false };
    const over = [remember.base, ...remember.candidates.slice(0, place)];
    const promoted: RememberPart = {
      ...remember,
      base: shown,
      // What was issued later may still arrive.
      candidates: remember.candidates.slice(place + 1),
      previous: [...inGrace, ...over.map((hash) => ({ hash, graceEndsAt: now + limits.grace }))],
    };
    return { verdict: 'received', remember: promoted, isDue: isDue(promoted) };
  }
  if (sameText(remember.base, shown)) return { verdict: 'counts', remember, isDue: isDue(remember) };
  if (inGrace.some(({ hash }) => sameText(hash, shown))) return { verdict: 'grace', remember, isDue: false };
  return { verdict: 'theft' };
}

/**
 * One more token sets out to the browser; the one that counts goes on counting until this one was seen. To be called only
 * where one is due: of two answers that are under way the older could arrive last, and the browser would hold a token
 * that is over without ever having been shown.
 */
export function issueToken(remember: RememberPart, verifier: string, now: number): RememberPart {
  const candidates = [...remember.candidates, hashOf(verifier)].slice(-MOST_CANDIDATES);
  return { ...remember, candidates, issuedAt: now };
}

/** True while the answer with the newest token may not have arrived yet. */
function isOnItsWay({ candidates, issuedAt }: RememberPart, now: number, grace: number): boolean {
  return candidates.length > 0 && now < issuedAt + grace;
}
