/**
 * Decides whether a remember token lets its bearer in, and which tokens its login has afterwards. The functions are
 * pure functions of record and time.
 *
 * A token counts until the browser has presented its successor. A lost response, a closed tab or a stopped process
 * therefore does not look like a theft. The table and the reasons are in docs/remember-me.md.
 */
import { sameText } from '../http/signature.js';
import { rememberEndsAt } from '../logins/login-decision.js';
import type { RecordLimits } from '../logins/login-decision.js';
import { hashOf } from '../logins/login-id.js';
import type { LoginRecord, RememberPart, SupersededToken } from '../logins/login-record.js';

/** The limits of remembered logins, in milliseconds. */
export interface RememberLimits extends RecordLimits {
  readonly remember: {
    readonly idle: number;
    /** longer than any request or response is in transit */
    readonly grace: number;
  };
}

/**
 * - `counts`: the browser is known to hold this token
 * - `received`: the browser has received a token that was in transit. All tokens that were sent before it are
 *   superseded
 * - `grace`: the token was superseded within the last grace, so the request with it was already under way
 * - `theft`: two parties hold the token
 * - `expired`: an idle or absolute limit has expired
 * - `not-found`: the login was not found, or is not remembered
 */
export type TokenVerdict = 'counts' | 'received' | 'grace' | 'theft' | 'expired' | 'not-found';

/** The consequences of a presented token. The first three verdicts let its bearer in, and the others do not. */
export type TokenDecision =
  | {
      readonly verdict: 'counts' | 'received' | 'grace';
      /** the tokens of the login from now on. After `received` the caller writes them */
      readonly remember: RememberPart;
      /**
       * whether a request without a session gets a new session and the next token. Otherwise its session is ephemeral
       */
      readonly isDue: boolean;
    }
  | { readonly verdict: 'theft' | 'expired' | 'not-found' };

/** The maximum number of tokens in transit at once. If more are missing, the network did not lose them. */
const MAX_CANDIDATES = 4;

/**
 * The maximum number of tokens in their grace at once. At this number, no token is sent until the grace of one has
 * passed. No client can therefore make the record grow.
 */
const MAX_PREVIOUS = 4;

/** The maximum number of tokens that are known from before a changed security stamp. An older one counts as stolen. */
const MAX_REVOKED = 12;

/** Tells whether this verdict lets the bearer of the token in. */
export function isLetIn(verdict: TokenVerdict | null | undefined): verdict is 'counts' | 'received' | 'grace' {
  return verdict === 'counts' || verdict === 'received' || verdict === 'grace';
}

/**
 * Decides about the verifier of a token with a valid signature. The signature shows that the token was issued here.
 * @param record the record that the token names
 * @param at.now milliseconds on the store's clock
 */
export function decideToken(
  record: LoginRecord | null,
  verifier: string,
  { now, limits }: { readonly now: number; readonly limits: RememberLimits },
): TokenDecision {
  const { remember = null } = record ?? {};
  if (!record || !remember || record.createdAt < limits.notBefore) return { verdict: 'not-found' };
  if (now >= rememberEndsAt(record, limits)) return { verdict: 'expired' };

  const { grace } = limits.remember;
  const presented = hashOf(verifier);
  const isDue = (part: RememberPart): boolean =>
    !hasTooManySuperseded(remember, now) && !isInTransit(part, now, grace) && !isJustConfirmed(record, now, grace);

  const place = candidateIndex(presented, remember);
  if (place >= 0) {
    if (isOvertaken(remember, place, grace)) return { verdict: 'theft' };
    const promoted = promote(remember, place, { now, grace });
    return { verdict: 'received', remember: promoted, isDue: isDue(promoted) };
  }
  if (sameText(remember.base, presented)) return { verdict: 'counts', remember, isDue: isDue(remember) };

  if (remember.previous.some(({ hash, graceEndsAt }) => graceEndsAt === null && sameText(hash, presented)))
    return { verdict: 'not-found' };
  const isInGrace = inGrace(remember, now).some(({ hash }) => sameText(hash, presented));
  return isInGrace ? { verdict: 'grace', remember, isDue: false } : { verdict: 'theft' };
}

/**
 * Decides about a request that uses a session and carries no token. The response with the session also carried a token,
 * and the use of the session shows that it arrived. This also detects a thief that restores a login and then presents
 * only the session.
 * @returns the tokens of the login from now on, for the caller to write; null if nothing changes
 */
export function decideSession(
  { session, remember }: LoginRecord,
  now: number,
  limits: RememberLimits,
): RememberPart | null {
  if (!remember || session.tokenHash === null) return null;
  const place = candidateIndex(session.tokenHash, remember);
  return place < 0 ? null : promote(remember, place, { now, grace: limits.remember.grace });
}

/**
 * Adds a token that is sent to the browser. The present token keeps counting until the browser presents the new one.
 * Call it only if a token is due. If two responses were in transit, the older one could arrive last. The browser would
 * then hold a superseded token that it has never presented.
 */
export function sendToken(remember: RememberPart, verifier: string, now: number): RememberPart {
  const candidates = [...remember.candidates, { hash: hashOf(verifier), sentAt: now }].slice(-MAX_CANDIDATES);
  return { ...remember, candidates };
}

/**
 * Revokes all earlier tokens, including copied ones, because the user now authenticates with another secret. The new
 * token counts at once. The bearer of an earlier token has missed this response, or is a thief. An earlier token
 * therefore lets nobody in, and does not count as a theft.
 */
export function revokeTokens(remember: RememberPart, verifier: string, now: number): RememberPart {
  const { base, candidates } = remember;
  const earlier = [...stillKnown(remember, now).map(({ hash }) => hash), ...candidates.map(({ hash }) => hash), base];
  return {
    ...remember,
    base: hashOf(verifier),
    candidates: [],
    previous: earlier.slice(-MAX_REVOKED).map((hash) => ({ hash, graceEndsAt: null })),
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
  // An overtaken candidate has not reached the browser that holds this one, so no request of that browser can carry it.
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
 * Tells whether this token was overtaken, because a later token went to a browser that did not hold this one. The
 * response with this token arrived within one grace. A request from before that arrival was answered within another
 * grace. A token that was sent more than two graces later therefore went to another browser.
 */
function isOvertaken({ candidates }: RememberPart, place: number, grace: number): boolean {
  const sentAt = candidates[place]?.sentAt ?? 0;
  return candidates.slice(place + 1).some((later) => later.sentAt > sentAt + 2 * grace);
}

/** Tells whether a response with one of these tokens may still be in transit. */
function isInTransit({ candidates }: RememberPart, now: number, grace: number): boolean {
  return candidates.some(({ sentAt }) => now < sentAt + grace);
}

/**
 * Tells whether the login was confirmed within the last grace. The response to the confirmation carries another session
 * id, and requests under way still carry the former one. These requests have lost nothing. A session that is restored
 * for them would undo the confirmation.
 */
function isJustConfirmed({ createdAt, authenticatedAt }: LoginRecord, now: number, grace: number): boolean {
  return authenticatedAt !== createdAt && now < authenticatedAt + grace;
}

const candidateIndex = (hash: string, { candidates }: RememberPart): number =>
  candidates.findIndex((sent) => sameText(sent.hash, hash));

const stillKnown = ({ previous }: RememberPart, now: number): readonly SupersededToken[] =>
  previous.filter(({ graceEndsAt }) => graceEndsAt === null || now < graceEndsAt);

const inGrace = (remember: RememberPart, now: number): readonly SupersededToken[] =>
  stillKnown(remember, now).filter(({ graceEndsAt }) => graceEndsAt !== null);

const hasTooManySuperseded = (remember: RememberPart, now: number): boolean =>
  inGrace(remember, now).length >= MAX_PREVIOUS;
