/** Reads the session for handlers that see it, where `session.load` is on demand. */
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { LoginContexts } from '../context/login-contexts.js';
import { requestOf } from '../http/request-of.js';
import { USE_SESSION } from '../metadata/metadata-keys.js';

/** Where Nest keeps which parameters of a handler are taken from the request, by class and method name. */
const ROUTE_ARGUMENTS = '__routeArguments__';

/** How the key of a `@Session()` parameter begins there. */
const SESSION_PARAMETER = '7:';

type Handler = ReturnType<ExecutionContext['getHandler']>;
type Controller = ReturnType<ExecutionContext['getClass']>;

/** The first of all global guards. Refuses nobody. */
@Injectable()
export class SessionGuard implements CanActivate {
  readonly #seesSession = new WeakMap<Handler, Map<Controller, boolean>>();

  constructor(private readonly contexts: LoginContexts) {}

  /** Returns true, once the session is there. */
  async canActivate(execution: ExecutionContext): Promise<boolean> {
    if (execution.getType<string>() !== 'http' || !this.#isSeenBy(execution)) return true;
    await this.contexts.of(requestOf(execution)).session.load();
    return true;
  }

  #isSeenBy(execution: ExecutionContext): boolean {
    const [handler, controller] = [execution.getHandler(), execution.getClass()];
    const byController = this.#seesSession.get(handler) ?? new Map<Controller, boolean>();
    const known = byController.get(controller);
    if (known !== undefined) return known;

    const isMarked = [handler, controller].some((place) => Reflect.getMetadata(USE_SESSION, place) === true);
    const sees = isMarked || hasSessionParameter(controller, handler);
    this.#seesSession.set(handler, byController.set(controller, sees));
    return sees;
  }
}

/** Finds the method by identity: a decorator that replaces it takes its name away. */
function hasSessionParameter(controller: { readonly prototype: unknown }, handler: object): boolean {
  for (let place = controller.prototype as object | null; place; place = Object.getPrototypeOf(place) as object | null)
    for (const name of Object.getOwnPropertyNames(place)) {
      if (Object.getOwnPropertyDescriptor(place, name)?.value !== handler) continue;
      const parameters = (Reflect.getMetadata(ROUTE_ARGUMENTS, controller, name) ?? {}) as object;
      return Object.keys(parameters).some((key) => key.startsWith(SESSION_PARAMETER));
    }
  return false;
}
