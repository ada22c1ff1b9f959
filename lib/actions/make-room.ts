/** Makes room for a login of a user at the limit, where the application refuses one login too many. */
import type { LoginContext } from '../context/login-context.js';
import { clientFacts } from '../logins/event-facts.js';
import type { LoginRecord } from '../logins/login-record.js';
import { stampHashOf } from '../user/login-user.js';
import { OTHER_TENANT } from '../user/other-tenant.js';
import { isLoaderFailure, loadUser } from '../user/user-loading.js';
import type { ActionServices } from './action-services.js';
import { deleteOutdated } from './outdated-logins.js';

/**
 * Deletes logins that let nobody in. Without any, deletes the login that was lost when this browser was closed.
 * Returns whether there is room now.
 */
export async function makeRoom(context: LoginContext, services: ActionServices, userId: string): Promise<boolean> {
  const stampHash = await latestStampHash(context, services, userId);
  if (await deleteOutdated(context, services, { userId, stampHash })) return true;
  return deleteLost(context, services, userId);
}

/**
 * Returns a hash of the user's present stamp, because the caller may have read the user before a change. Returns
 * undefined where it is not known.
 */
async function latestStampHash(
  { exchange }: LoginContext,
  services: ActionServices,
  userId: string,
): Promise<string | null | undefined> {
  // A replica that lags behind would end the logins that have the newest stamp.
  if (services.options.loaderLag > 0) return undefined;
  try {
    const latest = await loadUser(services, userId, exchange.request);
    return latest && latest !== OTHER_TENANT ? stampHashOf(latest) : undefined;
  } catch (error) {
    // A loader that fails must not keep anybody from logging in.
    if (isLoaderFailure(error)) return undefined;
    throw error;
  }
}

/**
 * A browser forgets a login without a remember cookie when it closes, and the record stays until its idle end. The user
 * has just authenticated, so the oldest such login of the same browser makes room.
 */
async function deleteLost(
  { exchange, session }: LoginContext,
  { userLogins, events }: ActionServices,
  userId: string,
): Promise<boolean> {
  const { identifier } = session.client;
  const isLost = (record: LoginRecord): boolean => record.remember === null && record.identifier === identifier;
  const lost = (await userLogins.list(userId)).filter(isLost).at(-1);
  if (!lost || !(await userLogins.end(userId, lost.id))) return false;

  events.emit('loginRevoked', () => ({ ...clientFacts(exchange), userId, loginId: lost.id, reason: 'cap' }));
  return true;
}
