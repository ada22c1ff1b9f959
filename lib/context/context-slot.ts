/** Keeps the context of a request at the request itself. */
import type { LoginRequest } from '../http/login-request.js';
import type { LoginContext } from './login-context.js';

const SLOT = Symbol('nestjs-login');

/** Hides a context from code that prints, serializes or copies a request. */
class ContextSlot {
  readonly #context: LoginContext;

  constructor(context: LoginContext) {
    this.#context = context;
  }

  get context(): LoginContext {
    return this.#context;
  }
}

/** An object that may hold a context. */
interface Holder {
  [SLOT]?: ContextSlot;
}

/**
 * Puts a context on a request that has none yet. A WeakMap keyed by the request would do the same, and cost many times
 * the CPU, because the garbage collector walks its entries.
 */
export function setContext(request: LoginRequest, context: LoginContext): void {
  (request as Holder)[SLOT] = new ContextSlot(context);
}

/** Returns the context of a request. Returns undefined if the request has passed no LoginModule. */
export function findContext(holder: object): LoginContext | undefined {
  return (holder as Holder)[SLOT]?.context;
}
