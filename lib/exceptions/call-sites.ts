/** Reads the stack of the current call, for the rare questions that only the stack can answer. */

/**
 * Returns the calls that led here, innermost first, including asynchronous ones.
 * @param depth the maximum number of calls
 */
export function callSites(depth: number): readonly NodeJS.CallSite[] {
  const former = { limit: Error.stackTraceLimit, prepare: Reflect.get(Error, 'prepareStackTrace') as unknown };
  const trace: { stack?: unknown } = {};
  try {
    Error.stackTraceLimit = depth;
    Error.prepareStackTrace = (_, sites) => sites;
    Error.captureStackTrace(trace, callSites);
    return trace.stack as readonly NodeJS.CallSite[];
  } finally {
    Error.stackTraceLimit = former.limit;
    if (former.prepare === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Reflect.set(Error, 'prepareStackTrace', former.prepare);
  }
}
