/** All events of this package and their facts. A new event is a new line in this map. */

/**
 * The facts of every event, which describe the client of the request. No event contains a cookie, a token or a session
 * id.
 */
export interface ClientFacts {
  /** the address as Express resolves it, or '' */
  readonly ip: string;
  /** the User-Agent header, at most 200 characters, or '' */
  readonly userAgent: string;
}

/** The facts of an event about one login. */
export interface LoginFacts extends ClientFacts {
  /** the id in the login, or with `idAttribute` the value of that attribute */
  readonly userId: string;
  /** the handle of the login, which names it and lets nobody in */
  readonly loginId: string;
}

/** The facts of an event about a refused request. */
export interface RefusalFacts extends ClientFacts {
  readonly method: string;
  /** without the query, which may hold secrets */
  readonly path: string;
}

/**
 * Maps the name of an event to the facts for its listeners. The names are Flask-Login's signals without the prefix, and
 * some names of this package.
 */
export interface LoginEvents {
  /** a user logged in (Flask-Login's user_logged_in) */
  loggedIn: LoginFacts & {
    readonly fresh: boolean;
    readonly remembered: boolean;
    /**
     * the time of the last theft of a remember token since the user's previous login, in milliseconds; null for none
     */
    readonly theftSeenAt: number | null;
  };
  /** logoutUser ended a login (Flask-Login's user_logged_out) */
  loggedOut: LoginFacts;
  /** a remember cookie named the user (Flask-Login's user_loaded_from_cookie) */
  loadedFromCookie: LoginFacts;
  /** a remember cookie restored a login, and the browser gets its next token */
  rememberTokenRotated: LoginFacts;
  /**
   * a superseded remember token was presented. Two parties hold it, so the package has ended the login. The application
   * may mail the user
   */
  rememberTokenTheft: LoginFacts & {
    /** the time of the login, in milliseconds */
    readonly createdAt: number;
    /** the time of its last use */
    readonly lastSeenAt: number;
    /** the address of its login, last confirmation or last restore; `ip` is that of the request with the old token */
    readonly lastIp: string;
    readonly lastUserAgent: string;
  };
  /** the request loader named the user (Flask-Login's user_loaded_from_request) */
  loadedFromRequest: ClientFacts & { readonly userId: string };
  /** confirmLogin made a login fresh (Flask-Login's user_login_confirmed) */
  loginConfirmed: LoginFacts;
  /** a request without a login was refused (Flask-Login's user_unauthorized) */
  unauthorized: RefusalFacts;
  /** a request without a fresh login was refused (Flask-Login's user_needs_refresh) */
  needsRefresh: RefusalFacts;
  /** a handler, a guard or the application asked for the user of a request (Flask-Login's user_accessed) */
  accessed: ClientFacts;
  /** a login was used from another browser or place (Flask-Login's session_protected) */
  sessionProtected: LoginFacts & { readonly mode: 'basic' | 'strong' };
  /** a login was used after its idle or absolute end. Only the first such use emits the event */
  loginExpired: LoginFacts & { readonly limit: 'idle' | 'absolute' };
  /**
   * a login was revoked. The reason is a user or administrator (`revoked`), a changed security stamp (`stamp`), one
   * login too many (`cap`), or the same form sent again (`duplicate`)
   */
  loginRevoked: LoginFacts & { readonly reason: 'revoked' | 'stamp' | 'cap' | 'duplicate' };
  /**
   * loginUser refused a login. The user is inactive or has as many logins as allowed, or another site sent the request
   */
  loginRefused: ClientFacts & {
    readonly userId: string;
    readonly reason: 'inactive' | 'cross-site' | 'too-many-logins';
  };
}

/** The name of an event. */
export type LoginEventName = keyof LoginEvents;

/** A listener. Its result, its error and its duration change nothing. */
export type LoginListener<Name extends LoginEventName> = (event: LoginEvents[Name]) => unknown;
