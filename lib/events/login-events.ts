/** Every event this package tells, with what each one carries. A new event is a new line in this map. */

/** What every event carries: the client as the request showed it. No cookie, token or session id is ever in an event. */
export interface ClientFacts {
  /** address as Express resolves it, or '' */
  readonly ip: string;
  /** User-Agent header, at most 200 characters, or '' */
  readonly userAgent: string;
}

/** An event about one login. */
export interface LoginFacts extends ClientFacts {
  /** the id that the login holds: with `idAttribute`, what that names */
  readonly userId: string;
  /** the login's handle: names the login, opens nothing */
  readonly loginId: string;
}

/** An event about a request that was refused. */
export interface RefusalFacts extends ClientFacts {
  readonly method: string;
  /** without the query, which may hold secrets */
  readonly path: string;
}

/** Event name to what its listeners get. The names are Flask-Login's signals without the prefix, and some of our own. */
export interface LoginEvents {
  /** somebody logged in (Flask-Login: user_logged_in) */
  loggedIn: LoginFacts & {
    readonly fresh: boolean;
    readonly remembered: boolean;
    /** when a theft of one of the user's remember tokens was last seen, if that was after their login before this one; milliseconds */
    readonly theftSeenAt: number | null;
  };
  /** a login was ended by logoutUser (Flask-Login: user_logged_out) */
  loggedOut: LoginFacts;
  /** a remember cookie named the user (Flask-Login: user_loaded_from_cookie) */
  loadedFromCookie: LoginFacts;
  /** a remember cookie has restored a login, and the browser gets its next token */
  rememberTokenRotated: LoginFacts;
  /** a remember token that is over was shown again, so two hold it: the login has ended. For a mail to the user */
  rememberTokenTheft: LoginFacts & {
    /** when the login was made, in milliseconds */
    readonly createdAt: number;
    /** when it was last used */
    readonly lastSeenAt: number;
    /** the address of its login, last confirmation or last restore; `ip` is that of who has shown the old token now */
    readonly lastIp: string;
    readonly lastUserAgent: string;
  };
  /** the request loader named the user (Flask-Login: user_loaded_from_request) */
  loadedFromRequest: ClientFacts & { readonly userId: string };
  /** confirmLogin made a login fresh (Flask-Login: user_login_confirmed) */
  loginConfirmed: LoginFacts;
  /** a request was refused: login required (Flask-Login: user_unauthorized) */
  unauthorized: RefusalFacts;
  /** a request was refused: fresh login required (Flask-Login: user_needs_refresh) */
  needsRefresh: RefusalFacts;
  /** somebody asks who the user of a request is (Flask-Login: user_accessed) */
  accessed: ClientFacts;
  /** a login was used from another browser or place (Flask-Login: session_protected) */
  sessionProtected: LoginFacts & { readonly mode: 'basic' | 'strong' };
  /** a login was used after its idle or absolute end; told at the first such use */
  loginExpired: LoginFacts & { readonly limit: 'idle' | 'absolute' };
  /**
   * a login was ended by another one's doing: a user or administrator (`revoked`), a changed security stamp (`stamp`), or
   * one login more than there may be (`cap`)
   */
  loginRevoked: LoginFacts & { readonly reason: 'revoked' | 'stamp' | 'cap' };
  /** loginUser refused: the user is inactive, has as many logins as they may, or another site sent the request */
  loginRefused: ClientFacts & {
    readonly userId: string;
    readonly reason: 'inactive' | 'cross-site' | 'too-many-logins';
  };
}

/** The name of an event. */
export type LoginEventName = keyof LoginEvents;

/** A listener. What it throws, rejects with or waits for changes nothing. */
export type LoginListener<Name extends LoginEventName> = (event: LoginEvents[Name]) => unknown;
