/**
 * Decides what a remember token is worth, and which tokens its login has afterwards. Pure functions of record and time.
 *
 * A token counts until the browser has presented its successor. A lost response, a closed tab or a stopped process
 * therefore accuses nobody. docs/remember-me.md has the table and the reasons.
 */
import { sameText } from '../http/signature.js';
import { rememberEndsAt } from '../logins/login-decision.js';
import type { RecordLimits } from '../logins/login-decision.js';
import { hashOf } from '../logins/login-id.js';
import type { LoginRecord, RememberPart, SupersededToken } from '../logins/login-record.js';

/** The limits of remembered logins, in milliseconds. */
export interface RememberLimits extends RecordLimits {
  /** longer than any request or response is under way */
  readonly grace: number;
}

/**
 * - `counts`: the browser is known to hold this token
 * - `received`: the browser has received a token that was on its way. All tokens that were sent before it are
 *   superseded
 * - `grace`: superseded, but so recently that the request was under way
 * - `theft`: two parties hold it
 * - `ended`: an idle or absolute limit has expired
 * - `gone`: the login was not found, or is not remembered
 */
export type TokenVerdict = 'counts' | 'received' | 'grace' | 'theft' | 'ended' | 'gone';

/** The consequences of a presented token. The first three verdicts let its bearer in, and the others do not. */
export type TokenDecision =
  | {
      readonly verdict: 'counts' | 'received' | 'grace';
      /** the tokens of the login from now on; after `received` the caller writes them */
      readonly remember: RememberPart;
      /** true: a request without a session gets one, and the next token. false: its login is ephemeral */
      readonly isDue: boolean;
    }
  | { readonly verdict: 'theft' | 'ended' | 'gone' };

/** The most tokens on their way at once. If more are missing, the network did not lose them. */
const MOST_CANDIDATES = 4;

/**
 * The most tokens in their grace at once. None is sent before one grace has passed, so no client makes the record grow.
 */
const MOST_PREVIOUS = 4;

/** The most tokens that are known from before a changed security stamp. An older one counts as stolen. */
const MOST_TAKEN_BACK = 12;

/** Tells whether a token of this verdict lets its bearer in. */
export function isLetIn(verdict: TokenVerdict | null | undefined): verdict is 'counts' | 'received' | 'grace' {
  return verdict === 'counts' || verdict === 'received' || verdict === 'grace';
}

/**
 * Decides about the verifier of a token with a verified signature. The signature shows that the token was issued here.
 * @param record the record that the token names
 * @param at.now milliseconds on the store's clock
 */
export function decideToken(
  record: LoginRecord | null,
  verifier: string,
  { now, limits }: { readonly now: number; readonly limits: RememberLimits },
): TokenDecision {
  const { remember = null } = record ?? {};
  if (!record || !remember || record.createdAt < limits.notBefore) return { verdict: 'gone' };
  if (now >= rememberEndsAt(record, limits)) return { verdict: 'ended' };

  const { grace } = limits;
  const presented = hashOf(verifier);
  const isDue = (part: RememberPart): boolean =>
    !isRushed(remember, now) && !isOnItsWay(part, now, grace) && !isMoving(record, now, grace);

  const place = placeOf(presented, remember);
  if (place >= 0) {
    if (isOvertaken(remember, place, grace)) return { verdict: 'theft' };
    const promoted = promote(remember, place, { now, grace });
    return { verdict: 'received', remember: promoted, isDue: isDue(promoted) };
  }
  if (sameText(remember.base, presented)) return { verdict: 'counts', remember, isDue: isDue(remember) };

  if (remember.previous.some(({ hash, graceEndsAt }) => graceEndsAt === null && sameText(hash, presented)))
    return { verdict: 'gone' };
  const isInGrace = inGrace(remember, now).some(({ hash }) => sameText(hash, presented));
  return isInGrace ? { verdict: 'grace', remember, isDue: false } : { verdict: 'theft' };
}

/**
 * Decides about the use of a living session without a token. The response with the session also brought a token, and
 * the use shows that it has arrived. This also detects a thief that restores a login and then presents the session
 * alone.
 * @returns the tokens of the login from now on, to be written; null where nothing changes
 */
export function decideSession(
  { session, remember }: LoginRecord,
  now: number,
  { grace }: RememberLimits,
): RememberPart | null {
  if (!remember || session.tokenHash === null) return null;
  const place = placeOf(session.tokenHash, remember);
  return place < 0 ? null : promote(remember, place, { now, grace });
}

/**
 * Adds a token that is sent to the browser. The token that counts goes on counting until the browser presents the new
 * one. Call it only where a token is due. If two responses were under way, the older one could arrive last. The browser
 * would then hold a superseded token that it has never presented.
 */
export function sendToken(remember: RememberPart, verifier: string, now: number): RememberPart {
  const candidates = [...remember.candidates, { hash: hashOf(verifier), sentAt: now }].slice(-MOST_CANDIDATES);
  return { ...remember, candidates };
}

/**
 * Takes back all earlier tokens, including a copied one, because the user now authenticates with another secret. The
 * new token counts at once. The bearer of an earlier one has missed the response, or is a thief. An earlier token
 * therefore lets nobody in, and accuses nobody.
 */
export function takeBack(remember: RememberPart, verifier: string, now: number): RememberPart {
  const { base, candidates } = remember;
  const earlier = [...stillKnown(remember, now).map(({ hash }) => hash), ...candidates.map(({ hash }) => hash), base];
  return {
    ...remember,
    base: hashOf(verifier),
    candidates: [],
    previous: earlier.slice(-MOST_TAKEN_BACK).map((hash) => ({ hash, graceEndsAt: null })),
  };
}

/**
 * Makes a received candidate the token that counts. All tokens that were sent before it are superseded. Tokens that
 * were sent later may still arrive.
 */
function promote(
  remember: RememberPart,
  place: number,
  { now, grace }: { readonly now: number; readonly grace: number },
): RememberPart {
  const { base, candidates } = remember;
  // An overtaken candidate has not reached the browser that holds this one, so no request of that browser can bring it.
  const earlier = candidates.slice(0, place).filter((_, at) => !isOvertaken(remember, at, grace));
  const superseded = [base, ...earlier.map(({ hash }) => hash)];

  return {
    ...remember,
    base: candidates[place]?.hash ?? base,
    candidates: candidates.slice(place + 1),
    previous: [...stillKnown(remember, now), ...superseded.map((hash) => ({ hash, graceEndsAt: now + grace }))],
  };
}

/**
 * Tells whether the requester of a later token did not hold this one. The response with this one arrived within a
 * grace, and a request from before that within another. A token that was sent more than two graces later had another
 * requester.
 */
function isOvertaken({ candidates }: RememberPart, place: number, grace: number): boolean {
  const sentAt = candidates[place]?.sentAt ?? 0;
  return candidates.slice(place + 1).some((later) => later.sentAt > sentAt + 2 * grace);
}

/** Tells whether the response with the newest token may still be under way. */
function isOnItsWay({ candidates }: RememberPart, now: number, grace: number): boolean {
  return candidates.some(({ sentAt }) => now < sentAt + grace);
}

/**
 * Tells whether the login was confirmed within the last grace. The response brings another session id, and requests
 * under way still bring the former one. They have lost nothing, and a session that is restored for them would undo the
 * confirmation.
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
