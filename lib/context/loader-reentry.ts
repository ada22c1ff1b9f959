/** Recognises a loader that asks for the very user that it is being asked for, which would wait for itself. */
import { callSites } from '../exceptions/call-sites.js';
import { LoginFault } from '../exceptions/login-fault.js';

/** The name of the function that calls loaders (user/user-loading.ts), as it stands in stack traces. */
const LOADER_CALL = 'callLoginLoader';

/** Calls between a loader and its question. Deeper ones are not recognised. */
const DEEPEST = 200;

/**
 * Refuses a call that a loader has led to. Called only while a loader may be under way. The stack answers the question,
 * because an AsyncLocalStorage would slow down every promise of the application.
 * @throws LoginFault ERR_LOGIN_LOADER_REENTRY
 */
export function refuseInsideLoader(): void {
  if (!callSites(DEEPEST).some((site) => site.getFunctionName()?.endsWith(LOADER_CALL))) return;
  throw new LoginFault(
    'ERR_LOGIN_LOADER_REENTRY',
    'A loader asks for the user of its own request, or logs them in or out, and would wait for itself.',
    'Let the loader answer the user from the id or the request alone, and log in from a handler.',
  );
}
