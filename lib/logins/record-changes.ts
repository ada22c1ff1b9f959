/** What a confirmation and a restore make of a login record. Pure: the caller brings the record and the time. */
import type { LoginClient } from './live-login.js';
import { hasStamp } from './login-decision.js';
import type { LoginRecord, RememberPart, SessionPart } from './login-record.js';

/** A record whose end is still to be worked out. */
export type UnboundedRecord = Omit<LoginRecord, 'endsAt'>;

/** The session that a login is to have. */
interface NextSession {
  readonly idHash: string;
  readonly client: LoginClient;
  /** milliseconds from now that it may last */
  readonly absolute: number;
}

/**
 * The user has proved who they are: fresh, all ends counted anew. With another security stamp `anew` says which remember tokens
 * there are from now on.
 */
export function confirmedRecord(
  record: LoginRecord,
  now: number,
  to: NextSession & {
    /** who had no session of their own begins one */
    readonly isBegun: boolean;
    readonly stampHash: string | null;
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

/** A remember cookie has brought a session back: not fresh, and never past the end of the remember cookie, which does not move. */
export function restoredRecord(
  record: LoginRecord,
  now: number,
  to: NextSession & { readonly remember: RememberPart; readonly tokenHash: string },
): UnboundedRecord {
  const endsAt = Math.min(now + to.absolute, to.remember.endsAt);
  const session = { idHash: to.idHash, endsAt, ...begun(record, now, to.tokenHash) };
  return { ...record, ...to.client, session, remember: to.remember, freshAt: null, lastSeenAt: now };
}

/** How another session of a login begins: never at the same time as the one before, whose late writers it must not hear. */
function begun(
  record: LoginRecord,
  now: number,
  tokenHash: string | null,
): Pick<SessionPart, 'startedAt' | 'tokenHash'> {
  return { startedAt: Math.max(now, record.session.startedAt + 1), tokenHash };
}
