/** Reads the session for handlers that use it, if `session.load` is on demand. */
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { LoginContexts } from '../context/login-contexts.js';
import { requestOf } from '../http/request-of.js';
import { USE_SESSION } from '../metadata/metadata-keys.js';

/** The metadata key of Nest for the parameters that a handler takes from the request, by class and method name. */
const ROUTE_ARGUMENTS = '__routeArguments__';

/** The prefix of the key for a `@Session()` parameter in this metadata. */
const SESSION_PARAMETER = '7:';

type Handler = ReturnType<ExecutionContext['getHandler']>;
type Controller = ReturnType<ExecutionContext['getClass']>;

/** The first of all global guards. It refuses nobody. */
@Injectable()
export class SessionGuard implements CanActivate {
  readonly #usesSession = new WeakMap<Handler, Map<Controller, boolean>>();

  constructor(private readonly contexts: LoginContexts) {}

  /** Returns true when the session has been read. */
  async canActivate(execution: ExecutionContext): Promise<boolean> {
    if (execution.getType<string>() !== 'http' || !this.#isUsedBy(execution)) return true;
    await this.contexts.of(requestOf(execution)).session.load();
    return true;
  }

  #isUsedBy(execution: ExecutionContext): boolean {
    const [handler, controller] = [execution.getHandler(), execution.getClass()];
    const byController = this.#usesSession.get(handler) ?? new Map<Controller, boolean>();
    const known = byController.get(controller);
    if (known !== undefined) return known;

    const isMarked = [handler, controller].some((place) => Reflect.getMetadata(USE_SESSION, place) === true);
    const sees = isMarked || hasSessionParameter(controller, handler);
    this.#usesSession.set(handler, byController.set(controller, sees));
    return sees;
  }
}

/**
 * Tells whether a handler has a `@Session()` parameter. Finds the method by identity, because a decorator that replaces
 * a method may change its name.
 */
function hasSessionParameter(controller: { readonly prototype: unknown }, handler: object): boolean {
  for (let place = controller.prototype as object | null; place; place = Object.getPrototypeOf(place) as object | null)
    for (const name of Object.getOwnPropertyNames(place)) {
      if (Object.getOwnPropertyDescriptor(place, name)?.value !== handler) continue;
      const parameters = (Reflect.getMetadata(ROUTE_ARGUMENTS, controller, name) ?? {}) as object;
      return Object.keys(parameters).some((key) => key.startsWith(SESSION_PARAMETER));
    }
  return false;
}
