/** The metadata keys of the decorators. Decorators write them, and guards and discovery read them. */

/** The protection of a handler or a controller (an `Access`). */
export const ACCESS = 'nestjs-login:access';
/** The login view of a controller or handler. */
export const LOGIN_VIEW = 'nestjs-login:login-view';
/** True for a controller or handler that needs its session before it runs. */
export const USE_SESSION = 'nestjs-login:use-session';
/** The role of a provider's method (a `HandlerRole`). */
export const HANDLER_ROLE = 'nestjs-login:handler-role';
/** The names of the events that a provider's method listens to. */
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
