/** Decorators for methods of providers. Discovery finds the marked methods, and this package calls them. */
import type { LoginEventName } from '../events/login-events.js';
import { HANDLER_ROLE, LISTENS_TO } from '../metadata/metadata-keys.js';
import type { HandlerRole } from '../metadata/metadata-keys.js';

/**
 * Marks the method that turns the id in a login into a user (Flask-Login's user_loader). The id is always a text, and
 * the request follows it. The user's id must be the id that was asked for.
 *
 * Null stands for no user, and ends the login. So does an HttpException below 500, such as NotFoundException.
 * `OTHER_TENANT` makes this request anonymous and ends nothing. Any other error refuses guarded routes with a 503, and
 * other routes go on without a user.
 * `@UserLoader() findById(id: string): Promise<User | null>`
 */
export function UserLoader(): <Loader extends (id: string, request: never) => unknown>(
  prototype: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<Loader>,
) => void {
  return plays('user-loader');
}

/**
 * Marks the method that finds the user of a request without a login, by a header or key, or null (Flask-Login's
 * request_loader). Such a user is never fresh. An HttpException below 500, such as UnauthorizedException for an expired
 * token, is the answer of guarded routes. Any other error is a 503 there. `@RequestLoader() byKey(request: Request)`
 */
export function RequestLoader(): MethodDecorator {
  return plays('request-loader');
}

/**
 * Marks the method that answers instead of the redirect or the 401 where a login is required (Flask-Login's
 * unauthorized_handler). It receives request and response. It writes the response, or throws an HttpException. A client
 * for which it writes nothing gets the usual answer.
 */
export function UnauthorizedHandler(): MethodDecorator {
  return plays('unauthorized-handler');
}

/** Marks such a method for requests that require a fresh login (Flask-Login's needs_refresh_handler). */
export function NeedsRefreshHandler(): MethodDecorator {
  return plays('needs-refresh-handler');
}

/**
 * Marks the method that answers instead of the JSON 503 where a store or a loader fails. The failure may happen in a
 * handler, in a guard, or before all routes.
 *
 * The method receives request and response. The cause is already logged, and the status 503, `Retry-After` and
 * `Cache-Control: no-store` are already set. It writes the response, or throws an HttpException. Where no response has
 * begun when it returns, the JSON is sent, so await `sendFile` and the like. A response that had begun before the
 * outage stays as it is, and the method is not called. Do not ask for login or session in it, because they have failed.
 */
export function UnavailableHandler(): MethodDecorator {
  return plays('unavailable-handler');
}

/** Calls the method at each event of this name: `@OnLogin('loggedIn') greet(event: LoginEvents['loggedIn'])`. */
export function OnLogin(event: LoginEventName): MethodDecorator {
  return (prototype, name) => {
    const former = (Reflect.getOwnMetadata(LISTENS_TO, prototype, name) ?? []) as LoginEventName[];
    Reflect.defineMetadata(LISTENS_TO, [...former, event], prototype, name);
  };
}

/** Marks class and name, not the function, because a decorator that replaces the method would lose the mark. */
function plays(role: HandlerRole): MethodDecorator {
  return (prototype, name) => Reflect.defineMetadata(HANDLER_ROLE, role, prototype, name);
}
