/** Recognises an express-session of the application, mounted below LoginModule. */
import { callSites } from '../exceptions/call-sites.js';

/** express-session's middleware is a function of this name, in a file below this folder, in every version so far. */
export const SESSION_MIDDLEWARE = 'session';
const PACKAGE = /[\\/]express-session[\\/]/;

/** Tells whether the middleware of express-session has called the accessor of `req.session`. */
export function isCalledByExpressSession(): boolean {
  // This function, its caller, the accessor, and the code that reads the property.
  const [, , , reader] = callSites(4);
  return reader?.getFunctionName() === SESSION_MIDDLEWARE && PACKAGE.test(reader.getFileName() ?? '');
}
