/** Calls a loader of the application, and refuses a result that is not a valid user. */
import { HttpException } from '@nestjs/common';
import type { LoginFaultCode } from '../exceptions/login-error-code.js';
import { LoginFault } from '../exceptions/login-fault.js';
import { LoginUnavailableException } from '../exceptions/login-unavailable.exception.js';
import type { LoginRequest } from '../http/login-request.js';
import { userIdOf } from './login-user.js';
import { OTHER_TENANT } from './other-tenant.js';
import type { ResolverServices } from './resolver-services.js';

/**
 * Returns the user of this id, `OTHER_TENANT` if the loader returns it, or null if there is no user. An HttpException
 * below 500 from the loader means that there is no user. Returns null as well if the application has no user loader.
 * @throws LoaderFailedException, and LoginFault ERR_LOGIN_USER_ID for a result that is not this user
 */
export async function loadUser(
  { handlers, options }: Pick<ResolverServices, 'handlers' | 'options'>,
  userId: string,
  request: LoginRequest,
): Promise<object | typeof OTHER_TENANT | null> {
  const loader = handlers.get('user-loader');
  if (!loader) return null;
  const user = await callLoginLoader('The user loader', () => loader(userId, request)).catch(nobodyFor);
  if (user === null || user === OTHER_TENANT) return user;

  const answered = userIdOf(user, options.idAttribute);
  if (answered === userId) return user;
  throw new LoginFault(
    'ERR_LOGIN_USER_ID',
    `The user loader was asked for the user ${JSON.stringify(userId)} and answered ${JSON.stringify(answered)}.`,
    'Look the user up by exactly the id that the loader gets. A database that ignores case may find somebody else.',
  );
}

/**
 * Calls a loader and returns its result, or null for nobody. context/loader-reentry.ts finds this function in the stack
 * by its name. The `await` keeps the function in the asynchronous stack of everything that the loader awaits.
 * @param what the loader, e.g. "The user loader"
 * @throws LoaderFailedException if the loader throws; its own LoginFault or HttpException below 500; LoginFault
 *   ERR_LOGIN_USER_ID if the result is no object
 */
export async function callLoginLoader(what: string, load: () => unknown): Promise<object | typeof OTHER_TENANT | null> {
  let user: unknown;
  try {
    user = await load();
  } catch (error) {
    throw error instanceof LoginFault || isClientError(error) ? error : new LoaderFailedException(what, error);
  }

  if (user === undefined || user === null) return null;
  if (user === OTHER_TENANT || (typeof user === 'object' && !Array.isArray(user))) return user;
  throw new LoginFault(
    'ERR_LOGIN_USER_ID',
    `${what} answered ${Array.isArray(user) ? 'an array' : `a ${typeof user}`}.`,
    'Answer the user as an object, or null. A query answers its rows as an array: answer the first of them.',
  );
}

/** Reports that a loader failed. Only guards and changes of a login respond to it with a 503. */
export class LoaderFailedException extends LoginUnavailableException {}

/** The codes of faults about an invalid result of a loader. */
const WRONG_ANSWERS: readonly LoginFaultCode[] = ['ERR_LOGIN_USER_ID', 'ERR_LOGIN_USER_ACTIVE', 'ERR_LOGIN_USER_STAMP'];

/**
 * Tells whether a loader or its result has caused an error. Returns false for a store error, and for a loader that asks
 * for its own user.
 */
export function isLoaderFailure(error: unknown): error is Error {
  if (error instanceof LoginFault) return WRONG_ANSWERS.includes(error.code);
  return error instanceof LoaderFailedException || isClientError(error);
}

/** Tells whether an error of the application concerns only this visitor and is no outage. */
function isClientError(error: unknown): error is HttpException {
  return error instanceof HttpException && error.getStatus() < 500;
}

function nobodyFor(error: unknown): null {
  if (isClientError(error)) return null;
  throw error;
}
