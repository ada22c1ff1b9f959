/** Makes the records of a confirmed and of a restored login. Pure functions of record and time. */
import type { LoginClient } from './login-snapshot.js';
import { hasStamp } from './login-decision.js';
import type { LoginRecord, RememberPart, SessionPart } from './login-record.js';

/** A record before its end is computed. */
export type UnboundedRecord = Omit<LoginRecord, 'endsAt'>;

/** The next session of a login. */
interface NextSession {
  readonly idHash: string;
  readonly client: LoginClient;
  /** The longest time that the session may last, in milliseconds from now. */
  readonly absolute: number;
}

/** Returns the record after the user has authenticated again. It is fresh, and all its ends are counted anew. */
export function confirmedRecord(
  record: LoginRecord,
  now: number,
  to: NextSession & {
    /** True for a request without a session of its own, which begins one. */
    readonly isBegun: boolean;
    readonly stampHash: string | null;
    /** Replaces the remember tokens if the security stamp is another one. */
    readonly anew: (remember: RememberPart, now: number) => RememberPart;
  },
): UnboundedRecord {
  const isAnew = !hasStamp(record, to.stampHash);
  const { startedAt, tokenHash } = to.isBegun ? begun(record, now, null) : record.session;
  const tokens = record.remember && (isAnew ? to.anew(record.remember, now) : record.remember);

  return {
    ...record,
    ...to.client,
    stampHash: to.stampHash,
    session: { idHash: to.idHash, startedAt, endsAt: now + to.absolute, tokenHash: isAnew ? null : tokenHash },
    remember: tokens && { ...tokens, endsAt: now + (tokens.endsAt - record.authenticatedAt) },
    authenticatedAt: now,
    freshAt: now,
    lastSeenAt: now,
  };
}

/**
 * Returns the record after a remember cookie has restored its session. It is not fresh. The session never outlasts the
 * end of the remember cookie, which does not move.
 */
export function restoredRecord(
  record: LoginRecord,
  now: number,
  to: NextSession & { readonly remember: RememberPart; readonly tokenHash: string },
): UnboundedRecord {
  const endsAt = Math.min(now + to.absolute, to.remember.endsAt);
  const session = { idHash: to.idHash, endsAt, ...begun(record, now, to.tokenHash) };
  return { ...record, ...to.client, session, remember: to.remember, freshAt: null, lastSeenAt: now };
}

/**
 * Begins another session of a login, always later than the former one. By that time the store refuses late writers of
 * the former session.
 */
function begun(
  record: LoginRecord,
  now: number,
  tokenHash: string | null,
): Pick<SessionPart, 'startedAt' | 'tokenHash'> {
  return { startedAt: Math.max(now, record.session.startedAt + 1), tokenHash };
}
