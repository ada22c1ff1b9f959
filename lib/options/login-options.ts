/** Every option of LoginModule: meaning, unit and default. What is written here is what a user may write. */
import type { LoginRequest } from '../http/login-request.js';
import type { LoginStorage } from '../logins/login-storage.js';
import type { Duration } from './duration.js';

/** The options of `LoginModule.forRoot()`. Durations are milliseconds, or text such as `'10m'`, `'12h'`, `'30d'`. */
export interface LoginOptions {
  /**
   * What cookies are signed with: text of at least 32 bytes, or a list of such. The first signs, all verify: put a new
   * one in front to rotate, take an old one out to cut it off. Required.
   */
  secret: string | readonly string[] | undefined;
  /** Our own address, scheme and host: `'https://app.example'`. Required where a view is an absolute URL. Default: none. */
  origin?: string | undefined;
  /** Strict start-up checks, Secure and `__Host-` cookies. Default: `NODE_ENV === 'production'`. */
  production?: boolean | undefined;
  /** Where logins and sessions are kept. Default: in memory, refused in production unless written as `memoryStorage()`. */
  storage?: LoginStorage | undefined;
  /** How long a store call may take before the request is answered 503. Default: 1 s. */
  storeTimeout?: Duration | undefined;
  /** Where a browser goes when a login is required: path or URL. Default: none, which is a 401. */
  loginView?: string | undefined;
  /** Where a browser goes when a fresh login is required: path or URL. Default: none, which is a 401. */
  refreshView?: string | undefined;
  /** The message for the login view; null for none. Default: `Please log in to access this page.` */
  loginMessage?: string | null | undefined;
  /** The category of `loginMessage`. Default: `'message'`. */
  loginMessageCategory?: string | undefined;
  /** The message for the refresh view; null for none. Default: `Please reauthenticate to access this page.` */
  needsRefreshMessage?: string | null | undefined;
  /** The category of `needsRefreshMessage`. Default: `'message'`. */
  needsRefreshMessageCategory?: string | undefined;
  /** Turns a message into the visitor's language when it is read. Default: as it is. */
  localize?: ((message: string, request: LoginRequest) => string) | undefined;
  /** Whether the refused page travels in the address of the login view, or in a signed cookie. Default: `'url'`. */
  nextIn?: 'url' | 'cookie' | undefined;
  /** A host that redirects to our views are made absolute with. Default: none. */
  forceHostForRedirects?: string | undefined;
  /**
   * What happens when a login is used from another address or user agent: it is no longer fresh (`'basic'`), it ends
   * (`'strong'`), or nothing (`false`). Default: `'basic'`.
   */
  sessionProtection?: 'basic' | 'strong' | false | undefined;
  /** The property or method of a user that holds the id. Default: `getId()` where a user has it, else `id`. */
  idAttribute?: string | undefined;
  /** Makes the user of who is not logged in. Default: null. */
  anonymousUser?: (() => unknown) | undefined;
  /** Methods that guards let pass, but for handlers of every method (`@All()`). Default: `['OPTIONS']`. */
  exemptMethods?: readonly string[] | undefined;
  /** Guards let everybody pass: for tests, refused in production. Default: false. */
  loginDisabled?: boolean | undefined;
  /** How long a login lives. */
  login?: LoginLifetimeOptions | undefined;
  /** Logins that outlive the browser, on `loginUser(req, user, { remember: true })`. */
  remember?: RememberOptions | undefined;
  /** The session that express-session runs, and its cookie. */
  session?: SessionOptions | undefined;
  /** Logins that were made earlier are dead, everybody's: after a backup was restored, or a leak. Default: none. */
  notBefore?: Date | undefined;
  /** Mixed into the hash that begins a login's id; never change it. Default: none. */
  userKeySalt?: string | undefined;
}

/** How long a login lives, and how many a user may have. Times are kept on the server by the store's clock. */
export interface LoginLifetimeOptions {
  /** Ends a login that was not used for so long. Default: 24 h. */
  idle?: Duration | undefined;
  /** Ends a session so long after the user last proved who they are, or a remember cookie restored it. Default: 30 d. */
  absolute?: Duration | undefined;
  /** How many logins a user may have at once, over all nodes: 1 to 10,000. Default: 100. */
  maxLogins?: number | undefined;
  /**
   * What one more login does: ends the one that went unused for the longest time (`'evict-oldest'`), or is refused
   * (`'refuse'`, `loginUser` answers false). Default: `'evict-oldest'`.
   */
  whenFull?: 'evict-oldest' | 'refuse' | undefined;
}

/** Remembered logins and their cookie. Both limits are kept on the server by the store's clock. */
export interface RememberOptions {
  /** The cookie's name. Default: `__Host-remember` where Secure (`__Secure-remember` with a domain or path), `remember` else. */
  cookieName?: string | undefined;
  /** How long the remember cookie counts without a use of the login. Default: 14 d. */
  idle?: Duration | undefined;
  /** How long it counts after the user last proved who they are; `duration` of a single login goes before it. Default: 30 d. */
  absolute?: Duration | undefined;
  /** How long a token that is being replaced still counts: longer than a request, its handler and its answer take together; 1 s to 10 m. Default: 60 s. */
  grace?: Duration | undefined;
  /** Each request that asks for the user sends the cookie again, with the time that is left. Default: false. */
  refreshEachRequest?: boolean | undefined;
  /** Default: that of the session cookie, as of all that follow. */
  path?: string | undefined;
  /** Shares the cookie with the hosts below it. */
  domain?: string | undefined;
  /** Over TLS alone. */
  secure?: boolean | undefined;
  /** Out of reach of scripts. */
  httpOnly?: boolean | undefined;
  /** Not looser than that of the session cookie. */
  sameSite?: 'lax' | 'strict' | 'none' | undefined;
}

/** The session of express-session. */
export interface SessionOptions {
  /** The cookie's name. Default: `__Host-session` where Secure (`__Secure-session` with a domain or path), `session` else. */
  name?: string | undefined;
  /** Where the cookie goes. */
  cookie?: SessionCookieOptions | undefined;
  /** Keys of an anonymous visitor's session that live on when they log in. Default: none. */
  keepOnLogin?: readonly string[] | undefined;
}

/** Where the session cookie goes. */
export interface SessionCookieOptions {
  /** Default: `'/'`. */
  path?: string | undefined;
  /** Default: the host alone. */
  domain?: string | undefined;
  /** Over TLS alone. Default: true in production. */
  secure?: boolean | undefined;
  /** Out of reach of scripts. Default: true. */
  httpOnly?: boolean | undefined;
  /** Default: `'lax'`. */
  sameSite?: 'lax' | 'strict' | 'none' | undefined;
  /** The cookie of a login outlives the browser, until the login's absolute end. Default: false. */
  persistent?: boolean | undefined;
}
