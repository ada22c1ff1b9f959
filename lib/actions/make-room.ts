/** Makes room for a login of a user at the login limit, if the application refuses further logins. */
import type { LoginContext } from '../context/login-context.js';
import { clientFacts } from '../logins/event-facts.js';
import type { LoginRecord } from '../logins/login-record.js';
import type { NewLogin } from '../logins/login-snapshot.js';
import { stampHashOf } from '../user/login-user.js';
import { OTHER_TENANT } from '../user/other-tenant.js';
import { isLoaderFailure, loadUser } from '../user/user-loading.js';
import type { ActionServices } from './action-services.js';
import { deleteDuplicates, DUPLICATE_WINDOW } from './duplicate-logins.js';
import { deleteOutdated } from './outdated-logins.js';

/**
 * Deletes logins that nobody uses, and returns whether there is room now. It tries the logins from the same form first,
 * and then the logins that let nobody in. If there are none, it deletes a login that was lost when this browser was
 * closed.
 */
export async function makeRoom(context: LoginContext, services: ActionServices, draft: NewLogin): Promise<boolean> {
  const { userId } = draft;
  if (await deleteDuplicates(context, services, { draft, record: null })) return true;
  const stampHash = await latestStampHash(context, services, userId);
  if (await deleteOutdated(context, services, { userId, stampHash })) return true;
  return deleteLost(context, services, userId);
}

/**
 * Returns a hash of the user's present stamp, because the caller may have read the user before a change. Returns
 * undefined if the stamp is not known.
 */
async function latestStampHash(
  { exchange }: LoginContext,
  services: ActionServices,
  userId: string,
): Promise<string | null | undefined> {
  // The user from a replica that lags behind would end the logins with the newest stamp.
  if (services.options.login.loaderLag > 0) return undefined;
  try {
    const latest = await loadUser(services, userId, exchange.request);
    return latest && latest !== OTHER_TENANT ? stampHashOf(latest) : undefined;
  } catch (error) {
    // A loader that fails must not prevent a login.
    if (isLoaderFailure(error)) return undefined;
    throw error;
  }
}

/**
 * Deletes a login that this browser has lost, the least recently used first. The browser forgets a login without a
 * remember cookie when it closes, and the record stays until its idle end. After a double click it may drop the first
 * response with its cookies. The user has just authenticated, so such a login can make room.
 */
async function deleteLost(
  { exchange, session }: LoginContext,
  { logins, userLogins, events }: ActionServices,
  userId: string,
): Promise<boolean> {
  const { identifier } = session.client;
  const now = await logins.now();
  const isLost = (record: LoginRecord): boolean =>
    record.identifier === identifier && (record.remember === null || now - record.createdAt < DUPLICATE_WINDOW);

  const lost = (await userLogins.list(userId)).filter(isLost).at(-1);
  if (!lost || !(await userLogins.delete(userId, lost.id))) return false;

  events.emit('loginRevoked', () => ({ ...clientFacts(exchange), userId, loginId: lost.id, reason: 'cap' }));
  return true;
}
