/** Describes every option of LoginModule: its meaning, unit and default. */
import type { LoginRequest } from '../http/login-request.js';
import type { LoginStorage } from '../logins/login-storage.js';
import type { Duration } from './duration.js';

/** The options of `LoginModule.forRoot()`. Durations are milliseconds, or text such as `'10m'`, `'12h'`, `'30d'`. */
export interface LoginOptions {
  /**
   * Signs the cookies: text of at least 32 bytes, or a list of such texts. The first one signs, and all of them verify.
   * To rotate, put a new secret in front. To invalidate an old one, take it out. Required.
   */
  secret: string | readonly string[] | undefined;
  /**
   * The scheme and host of this application: `'https://app.example'`. Required where a view is an absolute URL. A list
   * names further front ends after it, which may log users in: `'https://admin.app.example'`,
   * `'capacitor://localhost'`. Default: none.
   */
  origin?: string | readonly string[] | undefined;
  /**
   * The path under which a proxy serves this application and which it takes off: `'/shop'`. Pages to go on to get it in
   * front. Views are written with it: `loginView: '/shop/login'`. Default: none.
   */
  pathPrefix?: string | undefined;
  /**
   * Turns on strict checks at start-up, and cookies that are Secure and begin with `__Host-`. Default: `NODE_ENV ===
   * 'production'`.
   */
  production?: boolean | undefined;
  /**
   * Keeps logins and sessions. Default: in memory. Production refuses this default, and accepts memory only where it is
   * written as `memoryStorage()`.
   */
  storage?: LoginStorage | undefined;
  /** The longest time that a store call may take. After it the request is answered with a 503. Default: 1 s. */
  storeTimeout?: Duration | undefined;
  /** The page that a browser is redirected to for a login: path or URL. Default: none, which is a 401. */
  loginView?: string | undefined;
  /** The page that a browser is redirected to for a fresh login: path or URL. Default: none, which is a 401. */
  refreshView?: string | undefined;
  /** The message for the login view; null for none. Default: `Please log in to access this page.` */
  loginMessage?: string | null | undefined;
  /** The category of `loginMessage`. Default: `'message'`. */
  loginMessageCategory?: string | undefined;
  /** The message for the refresh view; null for none. Default: `Please reauthenticate to access this page.` */
  needsRefreshMessage?: string | null | undefined;
  /** The category of `needsRefreshMessage`. Default: `'message'`. */
  needsRefreshMessageCategory?: string | undefined;
  /** Translates a message when a request reads it. Default: no translation. */
  localize?: ((message: string, request: LoginRequest) => string) | undefined;
  /** Carries the refused page in the address of the login view, or in a signed cookie. Default: `'url'`. */
  nextIn?: 'url' | 'cookie' | undefined;
  /** Makes redirects to the views absolute, with this host. Default: none. */
  forceHostForRedirects?: string | undefined;
  /**
   * The reaction to a login that is used from another address or user agent. `'basic'` makes it no longer fresh,
   * `'strong'` ends it, and `false` does nothing. Default: `'basic'`.
   */
  sessionProtection?: 'basic' | 'strong' | false | undefined;
  /** The property or method of a user that holds the id. Default: `getId()` where a user has it, else `id`. */
  idAttribute?: string | undefined;
  /** Makes the user of a request without a login. Default: null. */
  anonymousUser?: (() => unknown) | undefined;
  /** HTTP methods that guards let pass, except on handlers for every method (`@All()`). Default: `['OPTIONS']`. */
  exemptMethods?: readonly string[] | undefined;
  /** Lets every request pass the guards. It is for tests, and production refuses it. Default: false. */
  loginDisabled?: boolean | undefined;
  /** Limits the lifetime and the number of logins. */
  login?: LoginLifetimeOptions | undefined;
  /** Describes logins that outlive the browser: `loginUser(req, user, { remember: true })`. */
  remember?: RememberOptions | undefined;
  /** Describes the session that express-session runs, and its cookie. */
  session?: SessionOptions | undefined;
  /**
   * Ends the logins of all users that were made before this date. Use it after a leak, or after a backup was restored.
   * Default: none.
   */
  notBefore?: Date | undefined;
  /** Salts the hash at the beginning of every login id. Never change it. Default: none. */
  userKeySalt?: string | undefined;
}

/** The lifetime of a login, and the number of logins of a user. The server measures times by the store's clock. */
export interface LoginLifetimeOptions {
  /** Ends a login that was not used for this time. Default: 24 h. */
  idle?: Duration | undefined;
  /** Ends a session this time after the last authentication, or after a remember cookie restored it. Default: 30 d. */
  absolute?: Duration | undefined;
  /** The most logins that a user may have at once, over all nodes: 1 to 1,000. Default: 100. */
  maxLogins?: number | undefined;
  /**
   * The reaction to one login too many. `'evict-oldest'` ends the login that went unused for the longest time.
   * `'refuse'` makes `loginUser` return false. Default: `'evict-oldest'`.
   */
  whenFull?: 'evict-oldest' | 'refuse' | undefined;
  /**
   * How long the database that the user loader reads may lag behind the one that is written, at most 10 m. For this
   * time after a login or confirmation, an unknown user or another security stamp refuses the request with a 401 and
   * ends nothing. Default: 0, which stands for no lag.
   */
  loaderLag?: Duration | undefined;
}

/** Remembered logins and their cookie. The server measures both limits by the store's clock. */
export interface RememberOptions {
  /**
   * The name of the cookie. Default: `__Host-remember` for a Secure cookie, `__Secure-remember` for one with a domain
   * or path, and `remember` for any other.
   */
  cookieName?: string | undefined;
  /** Invalidates the remember cookie after this time without a use of the login. Default: 14 d. */
  idle?: Duration | undefined;
  /**
   * Invalidates the remember cookie this time after the last authentication. The `duration` of a single login takes
   * precedence. Default: 30 d.
   */
  absolute?: Duration | undefined;
  /**
   * The time for which a token that is being replaced still counts: 1 s to 10 m. It must be longer than a request, its
   * handler and its response take together. Default: 60 s.
   */
  grace?: Duration | undefined;
  /** Sends the cookie again with each request that asks for the user, with the time that is left. Default: false. */
  refreshEachRequest?: boolean | undefined;
  /** Limits the cookie to a path. Default: that of the session cookie, as for all options that follow. */
  path?: string | undefined;
  /** Shares the cookie with the hosts below this domain. */
  domain?: string | undefined;
  /** Sends the cookie over TLS alone. */
  secure?: boolean | undefined;
  /** Hides the cookie from scripts. */
  httpOnly?: boolean | undefined;
  /** Limits the requests from other sites that carry the cookie. Not looser than that of the session cookie. */
  sameSite?: 'lax' | 'strict' | 'none' | undefined;
  /** Keeps a cookie of its own for each site that embeds the application in a frame (CHIPS). */
  partitioned?: boolean | undefined;
}

/**
 * The moment at which the session of a request is read. `always` is before its handlers, `on-demand` is at its first
 * use.
 */
export type LoadMode = 'always' | 'on-demand';

/** The session of express-session. */
export interface SessionOptions {
  /**
   * Decides when the session is read. `'always'` reads it before any handler runs, so that `req.session` exists
   * everywhere. `'on-demand'` reads it for handlers with `@Session()` or `@UseSession()`, and for `await
   * login.session(req)`. Requests that need no session then cost no store call. A function decides for each request.
   * Default: `'always'`.
   */
  load?: LoadMode | ((request: LoginRequest) => LoadMode) | undefined;
  /**
   * The name of the cookie. Default: `__Host-session` for a Secure cookie, `__Secure-session` for one with a domain or
   * path, and `session` for any other.
   */
  name?: string | undefined;
  /** The name of the cookie for visitors without a login. Default: `session.name` followed by `-anonymous`. */
  anonymousName?: string | undefined;
  /** The attributes of both cookies. */
  cookie?: SessionCookieOptions | undefined;
  /** Keys of an anonymous visitor's session that survive a login. Default: none. */
  keepOnLogin?: readonly string[] | undefined;
}

/** The attributes of the session cookie. */
export interface SessionCookieOptions {
  /** Limits the cookie to a path. Default: `'/'`. */
  path?: string | undefined;
  /** Shares the cookie with the hosts below this domain. Default: the host alone. */
  domain?: string | undefined;
  /** Sends the cookie over TLS alone. Default: true in production. */
  secure?: boolean | undefined;
  /** Hides the cookie from scripts. Default: true. */
  httpOnly?: boolean | undefined;
  /** Limits the requests from other sites that carry the cookie. Default: `'lax'`. */
  sameSite?: 'lax' | 'strict' | 'none' | undefined;
  /**
   * Keeps a cookie of its own for each site that embeds the application in a frame (CHIPS). It needs `secure`, and
   * `sameSite: 'none'` to work there. Default: false.
   */
  partitioned?: boolean | undefined;
  /** Keeps the cookie of a login after the browser closes, until the login's absolute end. Default: false. */
  persistent?: boolean | undefined;
}
