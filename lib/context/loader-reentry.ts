/** Detects a loader that asks for the user of its own request, and would therefore wait for itself. */
import { callSites } from '../exceptions/call-sites.js';
import { LoginFault } from '../exceptions/login-fault.js';

/** The name of the function that calls loaders (user/user-loading.ts), as stack traces show it. */
const LOADER_CALL = 'callLoginLoader';

/** The number of stack frames to search between a loader and its question. A deeper loader is not detected. */
const DEEPEST = 200;

/**
 * Refuses a call that comes from a loader. It is called only while a loader may be running. It reads the stack, because
 * an AsyncLocalStorage would slow down every promise of the application.
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
