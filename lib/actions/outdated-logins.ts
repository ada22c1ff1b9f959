/** Deletes the logins of a user that were made with another security stamp, and emits the events. */
import type { LoginContext } from '../context/login-context.js';
import { clientFacts } from '../logins/event-facts.js';
import type { ActionServices } from './action-services.js';

/**
 * Deletes the logins of a user that let nobody in any more. Returns whether it deleted any.
 * @param stampHash undefined deletes only the logins past their limits
 */
export async function deleteOutdated(
  { exchange }: LoginContext,
  { userLogins, events }: ActionServices,
  { userId, stampHash }: { readonly userId: string; readonly stampHash: string | null | undefined },
): Promise<boolean> {
  const deleted = await userLogins.deleteOutdated(userId, stampHash);
  // An expired login has ended by its limit, and not by the stamp.
  for (const { id: loginId, isExpired } of deleted)
    if (!isExpired) events.emit('loginRevoked', () => ({ ...clientFacts(exchange), userId, loginId, reason: 'stamp' }));
  return deleted.length > 0;
}
