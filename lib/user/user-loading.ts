/** Calls a loader of the application. An error of it is an outage, not a stranger. */
import { LoginFault } from '../exceptions/login-fault.js';
import { LoginUnavailableException } from '../exceptions/login-unavailable.exception.js';
import type { LoginHandlers } from './login-handlers.js';

/** Returns the user of this id; null where there is none, and where the application has no user loader. */
export function loadUser(handlers: LoginHandlers, userId: string): Promise<object | null> {
  const loader = handlers.get('user-loader');
  return loader ? callLoginLoader('The user loader', () => loader(userId)) : Promise.resolve(null);
}

/**
 * Returns what a loader answers, null for nobody. context/loader-reentry.ts knows this function by its name, and the
 * `await` keeps it in the asynchronous stack of everything that the loader awaits.
 * @param what the loader, e.g. "The user loader"
 * @throws LoginUnavailableException where it throws; LoginFault ERR_LOGIN_USER_ID where it answers no object
 */
export async function callLoginLoader(what: string, load: () => unknown): Promise<object | null> {
  let user: unknown;
  try {
    user = await load();
  } catch (error) {
    throw error instanceof LoginFault ? error : new LoginUnavailableException(what, error);
  }

  if (user === undefined || user === null) return null;
  if (typeof user === 'object') return user;
  throw new LoginFault(
    'ERR_LOGIN_USER_ID',
    `${what} answered a ${typeof user}.`,
    'Answer the user as an object, or null.',
  );
}
