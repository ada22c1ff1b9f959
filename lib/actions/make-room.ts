/** Makes room for a login of a user who has as many as they may, where the application refuses one too many. */
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

/** The stamp of the user as they are now: the caller may have read them before a change. Undefined: not known. */
async function latestStampHash(
  { exchange }: LoginContext,
  { handlers, options }: ActionServices,
  userId: string,
): Promise<string | null | undefined> {
  // A replica that lags behind would end the logins that have the newest stamp.
  if (options.loaderLag > 0) return undefined;
  const question = { userId, request: exchange.request, idAttribute: options.idAttribute };
  try {
    const latest = await loadUser(handlers, question);
    return latest && latest !== OTHER_TENANT ? stampHashOf(latest) : undefined;
  } catch (error) {
    // A loader that fails must not keep anybody from logging in.
    if (isLoaderFailure(error)) return undefined;
    throw error;
  }
}

/**
 * A browser forgets a login without a remember cookie when it closes, and the record stays until its idle end. The user
 * has just proved who they are, so the oldest such login of the same browser makes room.
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
