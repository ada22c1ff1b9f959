/** LoginManagerService: the face of this package in handlers and services. It delegates and decides nothing. */
import type { LoginActions } from './actions/login-actions.js';
import type { LoginDevice } from './actions/login-devices.js';
import type { LoginUserOptions } from './actions/login-user-options.js';
import type { ChallengeRequest, LoginChallenge } from './challenge/login-challenge.js';
import type { Challenge, Flash } from './challenge/notices.js';
import type { LoginRefusal } from './context/login-context.js';
import type { LoginContexts } from './context/login-contexts.js';
import type { LoginEventStream } from './events/login-event-stream.js';
import type { LoginRequest } from './http/login-request.js';
import { milliseconds } from './options/duration.js';
import type { Duration } from './options/duration.js';
import type { LoginUser, LoginUserId } from './user/login-user.js';

/** The type of `req.session`, if the type of the request declares it. */
export type SessionOf<Request> = Request extends { session: infer Session } ? Session : Record<string, unknown>;

/**
 * Logs users in and out, and returns the current user: Flask-Login's LoginManager. When a promise resolves, the change
 * is stored.
 *
 * @example
 * const user = await this.users.verify(form.email, form.password);
 * if (!user) throw new UnauthorizedException();
 * await this.login.loginUser(req, user);
 */
export class LoginManagerService {
  /** The events of logins, logouts, refusals and thefts: `login.events.on('loggedIn', (event) => ...)`. */
  readonly events: Pick<LoginEventStream, 'on'>;

  constructor(
    private readonly contexts: LoginContexts,
    private readonly actions: LoginActions,
    private readonly challenge: LoginChallenge,
    events: LoginEventStream,
  ) {
    this.events = events;
  }

  /**
   * Logs a user in. Stores a new login under a new session id before the promise resolves, so a redirect may follow at
   * once. Loads no user.
   *
   * The session values stay if the same user logs in again. In all other cases only the values that
   * `session.keepOnLogin` names stay (Flask-Login's login_user; OWASP ASVS 7.2.4).
   *
   * With `remember: true` the browser gets a remember cookie. It logs the user in again after the session is lost,
   * until `remember.idle` or `remember.absolute` has passed. Such a login is not fresh. Without `remember`, a
   * remembered login of this browser ends.
   * @returns false without any change for an inactive user without `force`, and for a HEAD request. Also false for a
   *   user with as many logins as `login.maxLogins` allows if `login.whenFull` is `'refuse'`
   * @throws CrossSiteLoginException if another site sent the request (403)
   * @throws LoginUnavailableException if the login cannot be stored (503). The response then carries no cookie
   * @throws LoginFault ERR_LOGIN_USER_ID, ERR_LOGIN_USER_ACTIVE, ERR_LOGIN_USER_STAMP, ERR_LOGIN_NO_USER_LOADER,
   *   ERR_LOGIN_INSECURE_CONNECTION, ERR_LOGIN_HEADERS_SENT, ERR_LOGIN_INVALID_OPTION for an option that is no boolean,
   *   ERR_LOGIN_INVALID_DURATION
   */
  async loginUser(request: LoginRequest, user: LoginUser, options: LoginUserOptions = {}): Promise<boolean> {
    return this.actions.logIn.run(this.contexts.of(request), user, options);
  }

  /**
   * Ends the login of this browser, with its session and its remember cookie. The end is final, and no request in
   * flight restores the login. Loads no user, and does nothing if nobody is logged in (Flask-Login's logout_user; OWASP
   * ASVS 7.4.1).
   * @throws LoginUnavailableException if the end cannot be stored (503). The browser's cookies are cleared even then.
   *   They stay if the session cannot be read (503)
   */
  async logoutUser(request: LoginRequest): Promise<void> {
    return this.actions.logOut.run(this.contexts.of(request));
  }

  /**
   * Makes the login fresh after the user has authenticated again. The login gets a new session id and is bound to this
   * browser (Flask-Login's confirm_login).
   *
   * Loads the user again. If the security stamp is another one, this login takes it over and gets a new remember token.
   * All other logins of the user end (OWASP ASVS 7.4.3).
   * @param proved the user that the password or code was checked against. Pass it wherever the handler checks one.
   *   Without it a former password would count if it is checked while the new one is written
   * @returns false without any change if nobody is logged in, or if the user is deleted or inactive by now. Also false
   *   if `proved` is another user, or has another security stamp than the user has now. With `login.loaderLag` the
   *   stamp of `proved` counts while the loader still returns the stamp of the login
   * @throws LoginUnavailableException if the store or a loader fails (503)
   * @throws LoginFault ERR_LOGIN_USER_ID, ERR_LOGIN_USER_ACTIVE, ERR_LOGIN_USER_STAMP, ERR_LOGIN_INSECURE_CONNECTION,
   *   ERR_LOGIN_HEADERS_SENT
   */
  async confirmLogin(request: LoginRequest, proved?: LoginUser): Promise<boolean> {
    return this.actions.confirmLogin.run(this.contexts.of(request), proved);
  }

  /**
   * Returns the user of this request, also an inactive one. Returns the result of `anonymousUser`, or null, if there is
   * no user. The package finds the user once per request, and then sets `req.user` for an active user. If a loader
   * fails or returns no user, the result is null, the log has the reason, and guards refuse the request.
   * @throws LoginUnavailableException if a store fails (503)
   */
  async currentUser(request: LoginRequest): Promise<LoginUser | null> {
    return (await this.contexts.of(request).currentUser()) as LoginUser | null;
  }

  /** Tells whether an active user is logged in. @throws LoginUnavailableException as currentUser does */
  async isAuthenticated(request: LoginRequest): Promise<boolean> {
    return (await this.contexts.of(request).resolve()).isAuthenticated;
  }

  /**
   * Tells whether the user has authenticated in this login (Flask-Login's login_fresh).
   * @param maxAge the longest time since then: milliseconds, or text such as `'10m'`. Default: any time in this login
   * @throws LoginUnavailableException as currentUser does
   */
  async isFresh(request: LoginRequest, maxAge?: Duration): Promise<boolean> {
    return this.contexts.of(request).isFresh(maxAge === undefined ? null : milliseconds(maxAge, 'maxAge'));
  }

  /**
   * Tells whether this request carried a remember cookie that counts for its login, or has just logged in with one.
   * @throws LoginUnavailableException as currentUser does
   */
  async isRemembered(request: LoginRequest): Promise<boolean> {
    return (await this.contexts.of(request).resolve()).isRemembered;
  }

  /**
   * Returns a user's logins, one per device, the last used first. Expired logins are not among them (OWASP ASVS 7.5.2).
   * @param userId the id, as the user loader gets it
   * @param request marks its own login with `isCurrent`
   * @throws LoginUnavailableException if the store fails (503); LoginFault ERR_LOGIN_USER_ID for a value that is no id
   */
  async logins(userId: LoginUserId, request?: LoginRequest): Promise<LoginDevice[]> {
    return this.actions.devices.list(userId, request && this.contexts.of(request));
  }

  /**
   * Ends one login of a user, with its session and its remember cookie, from the next request on every node (OWASP ASVS
   * 7.4.5, 7.5.2). The handler decides which users may call it. Put `@Fresh()` in front if users end their own logins.
   * @returns false for a login that does not exist, and for one of another user
   * @throws LoginUnavailableException if the store fails (503)
   */
  revoke(userId: LoginUserId, loginId: string): Promise<boolean> {
    return this.actions.devices.revoke(userId, loginId);
  }

  /**
   * Ends every login of the request's user except the request's own.
   * @returns the number of logins that it has ended
   * @throws LoginRequiredException if nobody is logged in (401); LoginUnavailableException as revoke does
   */
  async logoutOthers(request: LoginRequest): Promise<number> {
    return this.actions.devices.revokeOthers(this.contexts.of(request));
  }

  /**
   * Ends every login of a user, the present one included.
   * @returns the number of logins that it has ended
   * @throws LoginUnavailableException as revoke does
   */
  logoutEverywhere(userId: LoginUserId): Promise<number> {
    return this.actions.devices.revokeAll(userId);
  }

  /**
   * Returns the address that a refused browser is redirected to, with this request's page as `next`. Returns null if
   * there is no such view (Flask-Login's login_url).
   * @param wanted the kind of view, or `kind` and `next`, another page to go on to. A `next` that `nextUrl` would not
   *   return is left out
   */
  loginUrl(request: LoginRequest, wanted: Challenge | ChallengeRequest = {}): string | null {
    return this.challenge.url(this.contexts.of(request), challengeOf(wanted));
  }

  /**
   * Keeps the message of a refusal for the next page, as a redirect to the view does. With `nextIn: 'cookie'` it also
   * keeps the page to go on to. An `@UnauthorizedHandler()` calls it before it sends a client to `loginUrl()` in its
   * own way.
   * @param wanted as `loginUrl` takes it
   */
  keepChallenge(request: LoginRequest, wanted: Challenge | ChallengeRequest = {}): void {
    this.challenge.keep(this.contexts.of(request), challengeOf(wanted));
  }

  /**
   * Returns the reason why `loginUser` returned false in this request. The user is inactive, or has as many logins as
   * `login.maxLogins` allows. Returns null if no login was refused. Show the reason to a visitor only if the password
   * was right.
   */
  loginRefusal(request: LoginRequest): LoginRefusal | null {
    return this.contexts.of(request).loginRefusal;
  }

  /**
   * Returns the page to go on to after the login, if the visitor was redirected here from one. It is always a page of
   * this site (OWASP ASVS 3.7.2). With `nextIn: 'cookie'` it is read once. Call it in the handler that redirects, and
   * not in the one that shows the form.
   */
  nextUrl(request: LoginRequest): string | undefined {
    return this.challenge.next(this.contexts.of(request));
  }

  /** Returns the messages for this page, oldest first. They are read once. */
  flashes(request: LoginRequest): Flash[] {
    return this.contexts.of(request).notices.takeFlashes();
  }

  /**
   * Returns the session of this request, and reads it first if that has not been done. Only `session.load: 'on-demand'`
   * needs it. `req.session` is the same object from then on.
   * @throws LoginUnavailableException if the store fails (503)
   */
  async session<Request extends LoginRequest>(request: Request): Promise<SessionOf<Request>> {
    const { session, exchange } = this.contexts.of(request);
    await session.load();
    session.build();
    return (exchange.request as unknown as { session: SessionOf<Request> }).session;
  }
}

const challengeOf = (wanted: Challenge | ChallengeRequest): ChallengeRequest =>
  typeof wanted === 'string' ? { kind: wanted } : wanted;
