/** Decorators for methods of providers. Discovery finds the marked methods, and this package calls them. */
import type { LoginEventName } from '../events/login-events.js';
import { HANDLER_ROLE, LISTENS_TO } from '../metadata/metadata-keys.js';
import type { HandlerRole } from '../metadata/metadata-keys.js';

/**
 * Marks the method that turns the id in a login into a user (Flask-Login's user_loader). The id is always a text, and
 * the request is the second argument. The user must have the id that the method was called with.
 *
 * Null means that there is no user, and ends the login. An HttpException below 500, such as NotFoundException, does the
 * same. `OTHER_TENANT` makes this request anonymous and ends nothing. After any other error, guarded routes respond
 * with a 503, and other routes go on without a user.
 * `@UserLoader() findById(id: string): Promise<User | null>`
 */
export function UserLoader(): <Loader extends (id: string, request: never) => unknown>(
  prototype: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<Loader>,
) => void {
  return markRole('user-loader');
}

/**
 * Marks the method that finds the user of a request without a login, for example by a header or a key. It returns null
 * if there is no user (Flask-Login's request_loader). Such a user is never fresh. An HttpException below 500, such as
 * UnauthorizedException for an expired token, is the response of guarded routes. Any other error is a 503 there.
 * `@RequestLoader() byKey(request: Request)`
 */
export function RequestLoader(): MethodDecorator {
  return markRole('request-loader');
}

/**
 * Marks the method that responds if a login is required, instead of the redirect or the 401 (Flask-Login's
 * unauthorized_handler). It receives request and response. It writes the response, or throws an HttpException. If it
 * writes nothing, the client gets the usual response.
 */
export function UnauthorizedHandler(): MethodDecorator {
  return markRole('unauthorized-handler');
}

/**
 * Marks the method that responds if a fresh login is required (Flask-Login's needs_refresh_handler). It works in the
 * same way as the method of `@UnauthorizedHandler()`.
 */
export function NeedsRefreshHandler(): MethodDecorator {
  return markRole('needs-refresh-handler');
}

/**
 * Marks the method that responds if a store or a loader fails, instead of the JSON 503. The failure may happen in a
 * handler, in a guard, or before all routes.
 *
 * The method receives request and response. The cause is already logged. The status 503, `Retry-After` and
 * `Cache-Control: no-store` are already set. The method writes the response, or throws an HttpException. If no response
 * has begun when it returns, the JSON is sent. The method must therefore await `sendFile` and similar calls.
 *
 * If a response had begun before the outage, it stays as it is, and the method is not called. Do not ask for the login
 * or the session in the method, because they have failed.
 */
export function UnavailableHandler(): MethodDecorator {
  return markRole('unavailable-handler');
}

/** Calls the method at each event of this name: `@OnLogin('loggedIn') greet(event: LoginEvents['loggedIn'])`. */
export function OnLogin(event: LoginEventName): MethodDecorator {
  return (prototype, name) => {
    const former = (Reflect.getOwnMetadata(LISTENS_TO, prototype, name) ?? []) as LoginEventName[];
    Reflect.defineMetadata(LISTENS_TO, [...former, event], prototype, name);
  };
}

/**
 * Stores the mark by class and method name. A decorator that replaces the function would lose a mark on the function.
 */
function markRole(role: HandlerRole): MethodDecorator {
  return (prototype, name) => Reflect.defineMetadata(HANDLER_ROLE, role, prototype, name);
}
