/** Calls a loader of the application: an error of it is an outage, not a stranger. */
import { LoginFault } from '../exceptions/login-fault.js';
import { LoginUnavailableException } from '../exceptions/login-unavailable.exception.js';
import type { LoginHandlers } from './login-handlers.js';

/** The user of this id; null where there is none, and where the application has no user loader. */
export async function loadUser(handlers: LoginHandlers, userId: string): Promise<object | null> {
  const loader = handlers.get('user-loader');
  return loader ? loaded('The user loader', () => loader(userId)) : null;
}

/**
 * What a loader answers, null for nobody.
 * @param what the loader, e.g. "The user loader"
 * @throws LoginUnavailableException where it throws; LoginFault ERR_LOGIN_USER_ID where it answers no object
 */
export async function loaded(what: string, load: () => unknown): Promise<object | null> {
  let user: unknown;
  try {
    user = await load();
  } catch (error) {
    throw new LoginUnavailableException(what, error);
  }
  if (user === undefined) return null;
  if (typeof user === 'object') return user;
  throw new LoginFault(
    'ERR_LOGIN_USER_ID',
    `${what} answered a ${typeof user}.`,
    'Answer the user as an object, or null.',
  );
}
