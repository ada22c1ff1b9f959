/** The identity of the session of a request, and its first values. */
import { newAnonymousSessionId } from '../logins/login-id.js';
import type { SessionLogin } from '../logins/login-snapshot.js';
import { toJson } from '../logins/session-values-json.js';
import type { SessionValues } from '../logins/session-values-json.js';
import type { FetchedValues } from './fetched-session.js';

/** A session that a store keeps. */
export type StoredIdentity =
  | { readonly kind: 'login'; readonly sessionId: string; readonly loginId: string; readonly startedAt: number }
  | { readonly kind: 'anonymous'; readonly sessionId: string; readonly isNew: boolean };

/** The identity of a session, stored or not. */
export type SessionIdentity = StoredIdentity | { readonly kind: 'ephemeral'; readonly sessionId: null };

/** The start of a session. */
export interface SessionStart {
  readonly values: SessionValues;
  /** The stored values, as JSON. */
  readonly savedJson: string;
  /** Milliseconds until its cookie expires; null: when the browser closes. */
  readonly maxAge: number | null;
}

/** A session that no store keeps. */
export const EPHEMERAL: SessionIdentity = Object.freeze({ kind: 'ephemeral', sessionId: null });

/** The start of a session without values. */
export const EMPTY_SESSION: SessionStart = Object.freeze({ values: {}, savedJson: '{}', maxAge: null });

/** Returns the identity of a login's session. */
export const identityOf = ({ record, sessionId }: SessionLogin): SessionIdentity => ({
  kind: 'login',
  sessionId,
  loginId: record.id,
  startedAt: record.session.startedAt,
});

/** Returns the identity of a new anonymous session. No store has it before something is written to it. */
export const newAnonymousIdentity = (): SessionIdentity => ({
  kind: 'anonymous',
  sessionId: newAnonymousSessionId(),
  isNew: true,
});

/**
 * Returns the session that a request starts with.
 * @param isHidden tells whether session protection hides the values of a login from this browser
 */
export function identifySession(
  { found, anonymous }: FetchedValues,
  isHidden: (login: SessionLogin) => boolean,
): { readonly identity: SessionIdentity; readonly start: SessionStart } {
  if (found.verdict === 'alive') {
    if (isHidden(found.login)) return { identity: EPHEMERAL, start: EMPTY_SESSION };
    const { values, json } = found.values ?? { values: {}, json: EMPTY_SESSION.savedJson };
    return { identity: identityOf(found.login), start: { values, savedJson: json, maxAge: null } };
  }

  if (!anonymous) return { identity: newAnonymousIdentity(), start: EMPTY_SESSION };
  const { sessionId, values } = anonymous;
  const identity = { kind: 'anonymous', sessionId, isNew: false } as const;
  return { identity, start: { values, savedJson: toJson(values), maxAge: null } };
}
