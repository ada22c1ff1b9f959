/** The keys under which decorators leave their marks and guards and discovery read them. */

/** On a handler or a controller: how it is guarded (an `Access`). */
export const ACCESS = 'nestjs-login:access';
/** On a controller or handler: its own login view. */
export const LOGIN_VIEW = 'nestjs-login:login-view';
/** On a provider's method: the role it plays (a `HandlerRole`). */
export const HANDLER_ROLE = 'nestjs-login:handler-role';
/** On a provider's method: the names of the events it listens to. */
export const LISTENS_TO = 'nestjs-login:listens-to';

/** How a handler is guarded: open to everybody, for who is logged in, or for who logged in at most `maxAge` milliseconds ago. */
export type Access =
  { readonly kind: 'public' } | { readonly kind: 'login' } | { readonly kind: 'fresh'; readonly maxAge: number | null };

/** What a provider's method may be to us. */
export type HandlerRole =
  'user-loader' | 'request-loader' | 'unauthorized-handler' | 'needs-refresh-handler' | 'unavailable-handler';
