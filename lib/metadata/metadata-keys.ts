/** The metadata keys of the decorators. Decorators write them, and guards and discovery read them. */

/** On a handler or a controller: its protection (an `Access`). */
export const ACCESS = 'nestjs-login:access';
/** On a controller or handler: its own login view. */
export const LOGIN_VIEW = 'nestjs-login:login-view';
/** On a controller or handler: its session is read before it runs. */
export const USE_SESSION = 'nestjs-login:use-session';
/** On a provider's method: the role it plays (a `HandlerRole`). */
export const HANDLER_ROLE = 'nestjs-login:handler-role';
/** On a provider's method: the names of the events it listens to. */
export const LISTENS_TO = 'nestjs-login:listens-to';

/**
 * The protection of a handler. It is open to everybody, to logged-in users, or to users that logged in at most `maxAge`
 * milliseconds ago.
 */
export type Access =
  { readonly kind: 'public' } | { readonly kind: 'login' } | { readonly kind: 'fresh'; readonly maxAge: number | null };

/** The role of a provider's method for this package. */
export type HandlerRole =
  'user-loader' | 'request-loader' | 'unauthorized-handler' | 'needs-refresh-handler' | 'unavailable-handler';
