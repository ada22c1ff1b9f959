/** Makes the record of a new login. Pure: the caller passes id and time. */
import { recordEndsAt } from './login-decision.js';
import type { LoginLimits } from './login-limits.js';
import type { LoginRecord } from './login-record.js';
import type { NewLogin } from './login-snapshot.js';

/** The ids of a new record, and the time of the login. */
interface MadeIds {
  readonly id: string;
  /** SHA-256 of the session id */
  readonly idHash: string;
  /** milliseconds on the store's clock */
  readonly now: number;
}

/** Returns the first version of a login's record. */
export function newRecord(draft: NewLogin, { id, idHash, now }: MadeIds, limits: LoginLimits): LoginRecord {
  const session = { idHash, startedAt: now, endsAt: now + limits.login.absolute, tokenHash: null };
  const remember = draft.remember && {
    base: draft.remember.hash,
    candidates: [],
    previous: [],
    endsAt: now + draft.remember.duration,
  };

  // The members are listed, because a spread of the draft would cost more than the rest of the function.
  return {
    id,
    userId: draft.userId,
    stampHash: draft.stampHash,
    session,
    remember,
    createdAt: now,
    authenticatedAt: now,
    freshAt: draft.fresh ? now : null,
    lastSeenAt: now,
    endsAt: recordEndsAt({ session, remember, lastSeenAt: now }, limits),
    identifier: draft.identifier,
    userAgent: draft.userAgent,
    ip: draft.ip,
    submissionHash: draft.submissionHash,
    version: 1,
  };
}
