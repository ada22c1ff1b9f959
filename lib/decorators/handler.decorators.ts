/** Decorators for providers' methods that this package calls: loaders, handlers of refusals and outages, listeners. Found by discovery. */
import type { LoginEventName } from '../events/login-events.js';
import { HANDLER_ROLE, LISTENS_TO } from '../metadata/metadata-keys.js';
import type { HandlerRole } from '../metadata/metadata-keys.js';

/**
 * Turns the id that a login holds, always a text, into a user; null where there is none, which ends the login
 * (Flask-Login's user_loader): `@UserLoader() findById(id: string): Promise<User | null>`. What it throws is a 503 on guarded routes.
 */
export function UserLoader(): <Loader extends (id: string) => unknown>(
  prototype: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<Loader>,
) => void {
  return plays('user-loader');
}

/**
 * Finds the user of a request that no login names, by a header or key, or null (Flask-Login's request_loader):
 * `@RequestLoader() byKey(request: Request)`. Such a user is never fresh.
 */
export function RequestLoader(): MethodDecorator {
  return plays('request-loader');
}

/**
 * Answers in place of the redirect or the 401 where a login is required (Flask-Login's unauthorized_handler): gets request and
 * response; writes the answer, or throws an HttpException.
 */
export function UnauthorizedHandler(): MethodDecorator {
  return plays('unauthorized-handler');
}

/** The same where a fresh login is required (Flask-Login's needs_refresh_handler). */
export function NeedsRefreshHandler(): MethodDecorator {
  return plays('needs-refresh-handler');
}

/**
 * Answers in place of the JSON 503 where a store or a loader fails, in a handler, a guard or in front of all routes: gets request
 * and response once the cause is logged and the status 503, `Retry-After` and `Cache-Control: no-store` are set. It writes the
 * answer, or throws an HttpException. Where none has begun when it is done (await `sendFile` and the like), the JSON is the answer;
 * an answer that had begun before the outage gets nothing added, and the method is not called. Ask nothing of login
 * or session in it: they are what has failed.
 */
export function UnavailableHandler(): MethodDecorator {
  return plays('unavailable-handler');
}

/** Calls the method at every event of this name: `@OnLogin('loggedIn') greet(event: LoginEvents['loggedIn'])`. */
export function OnLogin(event: LoginEventName): MethodDecorator {
  return (prototype, name) => {
    const former = (Reflect.getOwnMetadata(LISTENS_TO, prototype, name) ?? []) as LoginEventName[];
    Reflect.defineMetadata(LISTENS_TO, [...former, event], prototype, name);
  };
}

/** On class and name, not on the function: a decorator that replaces the method would lose the mark. */
function plays(role: HandlerRole): MethodDecorator {
  return (prototype, name) => Reflect.defineMetadata(HANDLER_ROLE, role, prototype, name);
}
