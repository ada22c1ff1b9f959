/** Makes one login of a form that is sent twice. A double click or a reload sends a form twice. */
import type { LoginContext } from '../context/login-context.js';
import { sameText } from '../http/signature.js';
import { clientFacts } from '../logins/event-facts.js';
import { hashOf } from '../logins/login-id.js';
import type { LoginRecord } from '../logins/login-record.js';
import type { NewLogin } from '../logins/login-snapshot.js';
import type { ActionServices } from './action-services.js';

/** Milliseconds within which two posts with the same cookie count as one form sent twice. */
export const DUPLICATE_WINDOW = 60_000;

/** The number of base64url characters, which hold 132 bits. */
const HASH_LENGTH = 22;

/** The login that a post asks for. `record` is null until the login is made. */
interface Submission {
  readonly draft: Pick<NewLogin, 'userId' | 'submissionHash'>;
  readonly record: Pick<LoginRecord, 'id' | 'createdAt'> | null;
}

/**
 * Returns a hash of the first genuine session cookie of the request, else of its remember cookie. Returns null if the
 * request carried neither.
 */
export function submissionHashOf({ session, tokens }: LoginContext): string | null {
  const [token] = tokens.presented;
  const presented = session.presentedHash ?? (token ? hashOf(token.verifier) : null);
  return presented && presented.slice(0, HASH_LENGTH);
}

/**
 * Deletes the logins that earlier posts of the same form have made. The newest login stays, because the browser shows
 * the response to its last post.
 * @returns whether it deleted any
 */
export async function deleteDuplicates(
  { exchange }: LoginContext,
  { logins, userLogins, events }: ActionServices,
  { draft: { userId, submissionHash }, record }: Submission,
): Promise<boolean> {
  if (submissionHash === null) return false;
  const now = record?.createdAt ?? (await logins.now());
  const duplicates = (await userLogins.list(userId)).filter(
    (other) =>
      sameText(other.submissionHash ?? '', submissionHash) &&
      now - other.createdAt < DUPLICATE_WINDOW &&
      (record === null || isEarlier(other, record)),
  );

  const deleted = await Promise.all(duplicates.map(({ id }) => userLogins.delete(userId, id)));
  for (const [at, { id: loginId }] of duplicates.entries())
    if (deleted[at])
      events.emit('loginRevoked', () => ({ ...clientFacts(exchange), userId, loginId, reason: 'duplicate' }));
  return deleted.includes(true);
}

/**
 * Tells whether a login is the earlier one of two. Two posts must agree on it, even if both logins began in the same
 * millisecond.
 */
const isEarlier = (one: Pick<LoginRecord, 'id' | 'createdAt'>, other: Pick<LoginRecord, 'id' | 'createdAt'>): boolean =>
  one.createdAt < other.createdAt || (one.createdAt === other.createdAt && one.id < other.id);
