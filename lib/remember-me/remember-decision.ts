/**
 * Decides what a remember token is worth, and which tokens a login has afterwards. Pure: the caller brings the record and
 * the time. Rotation is confirmed by use: a token counts until its successor was seen, so that a lost answer, a closed
 * tab or a stopped process accuses nobody. docs/remember-me.md has the table and the reasons.
 */
import { sameText } from '../http/signature.js';
import { rememberEndsAt } from '../logins/login-decision.js';
import type { RecordLimits } from '../logins/login-decision.js';
import { hashOf } from '../logins/login-id.js';
import type { LoginRecord, RememberPart, SupersededToken } from '../logins/login-record.js';

/** The limits of remembered logins, in milliseconds. */
export interface RememberLimits extends RecordLimits {
  /** longer than any answer or request is under way */
  readonly grace: number;
}

/**
 * - `counts`: it is the token that the browser is known to hold
 * - `received`: the browser shows that it has received a token that was on its way; all that were sent before it are over
 * - `grace`: over, but so lately that the request was under way
 * - `theft`: two hold it
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

/** With so many tokens in their grace none is sent until it is over, so that no client makes the record grow. */
const MOST_PREVIOUS = 4;

/** So many tokens of before a changed security stamp are known as such; an older one is taken for stolen. */
const MOST_TAKEN_BACK = 12;

/** True where a token of this verdict lets its bearer in. */
export function isLetIn(verdict: TokenVerdict | null | undefined): verdict is 'counts' | 'received' | 'grace' {
  return verdict === 'counts' || verdict === 'received' || verdict === 'grace';
}

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
  const isDue = (part: RememberPart): boolean =>
    !isRushed(remember, now) && !isOnItsWay(part, now, limits.grace) && !isMoving(record, now, limits.grace);

  const place = placeOf(shown, remember);
  if (place >= 0) {
    if (isOvertaken(remember, place, limits.grace)) return { verdict: 'theft' };
    const promoted = promote(remember, place, now, limits.grace);
    return { verdict: 'received', remember: promoted, isDue: isDue(promoted) };
  }
  if (sameText(remember.base, shown)) return { verdict: 'counts', remember, isDue: isDue(remember) };
  if (remember.previous.some(({ hash, graceEndsAt }) => graceEndsAt === null && sameText(hash, shown)))
    return { verdict: 'gone' };
  const isInGrace = inGrace(remember, now).some(({ hash }) => sameText(hash, shown));
  return isInGrace ? { verdict: 'grace', remember, isDue: false } : { verdict: 'theft' };
}

/**
 * What the use of a living session says without a token: the answer that brought the session brought a token along, and has
 * arrived. So whoever restores a login and shows nothing but the session from then on is found out as well.
 * @returns the tokens of the login from now on, to be written; null where nothing changes
 */
export function decideSession(
  { session, remember }: LoginRecord,
  now: number,
  { grace }: RememberLimits,
): RememberPart | null {
  if (!remember || session.tokenHash === null) return null;
  const place = placeOf(session.tokenHash, remember);
  return place < 0 ? null : promote(remember, place, now, grace);
}

/**
 * One more token sets out to the browser; the one that counts goes on counting until this one was seen. To be called only
 * where one is due: of two answers that are under way the older could arrive last, and the browser would hold a token
 * that is over without ever having been shown.
 */
export function sendToken(remember: RememberPart, verifier: string, now: number): RememberPart {
  const candidates = [...remember.candidates, { hash: hashOf(verifier), sentAt: now }].slice(-MOST_CANDIDATES);
  return { ...remember, candidates };
}

/**
 * Takes back every token of before, also one that somebody has copied: the user proves who they are with something else now.
 * The new one counts at once. Who shows one of before has missed the answer, or is a thief: nobody is let in, or accused.
 */
export function takeBack(remember: RememberPart, verifier: string, now: number): RememberPart {
  const { base, candidates } = remember;
  const over = [...stillKnown(remember, now).map(({ hash }) => hash), ...candidates.map(({ hash }) => hash), base];
  return {
    ...remember,
    base: hashOf(verifier),
    candidates: [],
    previous: over.slice(-MOST_TAKEN_BACK).map((hash) => ({ hash, graceEndsAt: null })),
  };
}

/** The candidate has arrived: it counts from now on, and what was sent before it is over. What was sent later may still arrive. */
function promote(remember: RememberPart, place: number, now: number, grace: number): RememberPart {
  const { base, candidates } = remember;
  // One that was overtaken has not reached the browser that holds this one: no request of that browser can bring it.
  const earlier = candidates.slice(0, place).filter((_, at) => !isOvertaken(remember, at, grace));
  const over = [base, ...earlier.map(({ hash }) => hash)];
  return {
    ...remember,
    base: candidates[place]?.hash ?? base,
    candidates: candidates.slice(place + 1),
    previous: [...stillKnown(remember, now), ...over.map((hash) => ({ hash, graceEndsAt: now + grace }))],
  };
}

/**
 * True where a later token was sent so long after this one that whoever asked for it did not hold this one: the answer had
 * arrived a grace after it set out, and a request of before that a grace later. So somebody else has asked.
 */
function isOvertaken({ candidates }: RememberPart, place: number, grace: number): boolean {
  const sentAt = candidates[place]?.sentAt ?? 0;
  return candidates.slice(place + 1).some((later) => later.sentAt > sentAt + 2 * grace);
}

/** True while the answer with the newest token may not have arrived yet. */
function isOnItsWay({ candidates }: RememberPart, now: number, grace: number): boolean {
  return candidates.some(({ sentAt }) => now < sentAt + grace);
}

/**
 * True shortly after a confirmation: its answer brings another session id, and requests under way still bring the former one.
 * They have lost nothing, and to restore a session for them would undo the confirmation.
 */
function isMoving({ createdAt, authenticatedAt }: LoginRecord, now: number, grace: number): boolean {
  return authenticatedAt !== createdAt && now < authenticatedAt + grace;
}

const placeOf = (hash: string, { candidates }: RememberPart): number =>
  candidates.findIndex((sent) => sameText(sent.hash, hash));

const stillKnown = ({ previous }: RememberPart, now: number): readonly SupersededToken[] =>
  previous.filter(({ graceEndsAt }) => graceEndsAt === null || now < graceEndsAt);

const inGrace = (remember: RememberPart, now: number): readonly SupersededToken[] =>
  stillKnown(remember, now).filter(({ graceEndsAt }) => graceEndsAt !== null);

const isRushed = (remember: RememberPart, now: number): boolean => inGrace(remember, now).length >= MOST_PREVIOUS;
