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

/** The type of `req.session`, as far as the request's type knows it. */
export type SessionOf<Request> = Request extends { session: infer Session } ? Session : Record<string, unknown>;

/**
 * Logs users in and out and says who the current user is: Flask-Login's LoginManager. What a promise stands for is
 * stored when it resolves.
 *
 * @example
 * const user = await this.users.verify(form.email, form.password);
 * if (!user) throw new UnauthorizedException();
 * await this.login.loginUser(req, user);
 */
export class LoginManagerService {
  /** Tells logins, logouts, refusals and alarms: `login.events.on('loggedIn', (event) => ...)`. */
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
   * Logs a user in: a new session id and a new login, stored before the promise resolves, so that a redirect may follow
   * at once. Loads nobody. The values of the session stay where the same user logs in again; of anybody else's only
   * those named by `session.keepOnLogin` do (Flask-Login's login_user; OWASP ASVS 7.2.4). With `remember: true` a
   * cookie goes to the browser that logs the user in again after the session is gone, not fresh, until `remember.idle`
   * or `remember.absolute` ends it; without, a remembered login of this browser is over.
   * @returns false, and nothing has changed, for an inactive user without `force`, and for one who has as many logins
   *   as `login.maxLogins` allows where `login.whenFull` is `'refuse'`; and for a HEAD request
   * @throws CrossSiteLoginException where another site sent the request (403)
   * @throws LoginUnavailableException where the login cannot be stored (503); no cookie is sent then
   * @throws LoginFault ERR_LOGIN_USER_ID, ERR_LOGIN_USER_ACTIVE, ERR_LOGIN_USER_STAMP, ERR_LOGIN_NO_USER_LOADER,
   *   ERR_LOGIN_INSECURE_CONNECTION, ERR_LOGIN_HEADERS_SENT, ERR_LOGIN_INVALID_OPTION for an option that is no boolean,
   *   ERR_LOGIN_INVALID_DURATION
   */
  async loginUser(request: LoginRequest, user: LoginUser, options: LoginUserOptions = {}): Promise<boolean> {
    return this.actions.logIn.run(this.contexts.of(request), user, options);
  }

  /**
   * Ends the login of this browser, with its session and its remember cookie. Final: no request in flight brings it
   * back. Loads nobody, and is harmless where nobody is logged in (Flask-Login's logout_user; OWASP ASVS 7.4.1).
   * @throws LoginUnavailableException where the end cannot be stored (503; the browser's cookies are cleared all the
   *   same), or the session cannot even be opened (503; they stay)
   */
  async logoutUser(request: LoginRequest): Promise<void> {
    return this.actions.logOut.run(this.contexts.of(request));
  }

  /**
   * The user has proved again who they are: the login is fresh from now on, under a new session id, and known by this
   * browser (Flask-Login's confirm_login). Loads the user again: with a new security stamp this login goes on by it,
   * its remember cookie is made anew, and all other logins of the user end (OWASP ASVS 7.4.3).
   * @param proved the user as they were read when the proof was held against them. Without it a former password that is
   *   checked while the new one is written would count: hand it in wherever a proof is checked
   * @returns false, and nothing has changed, where nobody is logged in, the user is gone or inactive by now, or
   *   `proved` is somebody else or has another security stamp than the user has now. With `login.loaderLag` the stamp
   *   of a row that was just saved counts, as long as the loader still answers the stamp of the login
   * @throws LoginUnavailableException where the store or a loader fails (503)
   * @throws LoginFault ERR_LOGIN_USER_ID, ERR_LOGIN_USER_ACTIVE, ERR_LOGIN_USER_STAMP, ERR_LOGIN_INSECURE_CONNECTION,
   *   ERR_LOGIN_HEADERS_SENT
   */
  async confirmLogin(request: LoginRequest, proved?: LoginUser): Promise<boolean> {
    return this.actions.confirmLogin.run(this.contexts.of(request), proved);
  }

  /**
   * The user of this request, an inactive one included; null, or what `anonymousUser` makes, where there is none.
   * Found out once a request. `req.user` is set from then on for an active user. Where a loader fails, or its answer is
   * no user, the result is null. The log says why, and guards refuse.
   * @throws LoginUnavailableException where a store fails (503)
   */
  async currentUser(request: LoginRequest): Promise<LoginUser | null> {
    return (await this.contexts.of(request).currentUser()) as LoginUser | null;
  }

  /** True where somebody active is logged in. @throws LoginUnavailableException as currentUser does */
  async isAuthenticated(request: LoginRequest): Promise<boolean> {
    return (await this.contexts.of(request).resolve()).isAuthenticated;
  }

  /**
   * True where the user has proved who they are in this login (Flask-Login's login_fresh).
   * @param maxAge at most so long ago: milliseconds, or text such as `'10m'`; default: at any time in this login
   * @throws LoginUnavailableException as currentUser does
   */
  async isFresh(request: LoginRequest, maxAge?: Duration): Promise<boolean> {
    return this.contexts.of(request).isFresh(maxAge === undefined ? null : milliseconds(maxAge, 'maxAge'));
  }

  /**
   * True where this request brought a remember cookie that counts for its login, or has just logged in with one (the
   * contract's "remembered"). @throws LoginUnavailableException as currentUser does
   */
  async isRemembered(request: LoginRequest): Promise<boolean> {
    return (await this.contexts.of(request).resolve()).isRemembered;
  }

  /**
   * A user's logins, one a device, the last used first; ended ones are not among them (OWASP ASVS 7.5.2).
   * @param userId as the user loader gets it
   * @param request where given, its login is the one with `isCurrent`
   * @throws LoginUnavailableException where the store fails (503); LoginFault ERR_LOGIN_USER_ID for what is no id
   */
  async logins(userId: LoginUserId, request?: LoginRequest): Promise<LoginDevice[]> {
    return this.actions.devices.list(userId, request && this.contexts.of(request));
  }

  /**
   * Ends one login of a user, with its session and its remember cookie: out on the next request, on every node (OWASP
   * ASVS 7.4.5, 7.5.2). Who may call it is up to the handler: `@Fresh()` where users end their own.
   * @returns false for a login that was ended, that never was, and for one of somebody else
   * @throws LoginUnavailableException where the store fails (503)
   */
  revoke(userId: LoginUserId, loginId: string): Promise<boolean> {
    return this.actions.devices.revoke(userId, loginId);
  }

  /**
   * Ends every login of the request's user but the request's own.
   * @returns how many it has ended
   * @throws LoginRequiredException where nobody is logged in (401); LoginUnavailableException as revoke does
   */
  async logoutOthers(request: LoginRequest): Promise<number> {
    return this.actions.devices.revokeOthers(this.contexts.of(request));
  }

  /**
   * Ends every login of a user, the present one included.
   * @returns how many it has ended
   * @throws LoginUnavailableException as revoke does
   */
  logoutEverywhere(userId: LoginUserId): Promise<number> {
    return this.actions.devices.revokeAll(userId);
  }

  /**
   * The address that a refused browser is sent to, with this request's page as `next`; null where there is no such view
   * (Flask-Login's login_url).
   * @param wanted the kind of view; or `kind` and `next`, another page to go on to. A `next` that `nextUrl` would not
   *   answer is left out
   */
  loginUrl(request: LoginRequest, wanted: Challenge | ChallengeRequest = {}): string | null {
    return this.challenge.url(this.contexts.of(request), challengeOf(wanted));
  }

  /**
   * Keeps the message of a refusal for the next page, and with `nextIn: 'cookie'` the page to go on to, as a redirect
   * to the view does. For an `@UnauthorizedHandler()` that sends a client to `loginUrl()` in its own way.
   * @param wanted as `loginUrl` takes it
   */
  keepChallenge(request: LoginRequest, wanted: Challenge | ChallengeRequest = {}): void {
    this.challenge.keep(this.contexts.of(request), challengeOf(wanted));
  }

  /**
   * Why `loginUser` has answered false in this request: the user is inactive, or has as many logins as
   * `login.maxLogins` allows. Null: no login was refused. Tell a visitor only after the password was right.
   */
  loginRefusal(request: LoginRequest): LoginRefusal | null {
    return this.contexts.of(request).loginRefusal;
  }

  /**
   * The page to go on to after the login, if the visitor was sent here from one: always a page of this site, never
   * one that was made up to lead elsewhere (OWASP ASVS 3.7.2). With `nextIn: 'cookie'` it is read once: ask in the
   * handler that redirects, not in the one that shows the form.
   */
  nextUrl(request: LoginRequest): string | undefined {
    return this.challenge.next(this.contexts.of(request));
  }

  /** The messages for this page, oldest first. They are read once. */
  flashes(request: LoginRequest): Flash[] {
    return this.contexts.of(request).notices.takeFlashes();
  }

  /**
   * Returns the session of this request, and reads it first where that has not been done: needed where `session.load`
   * is `'on-demand'`, harmless elsewhere. `req.session` is the same object from then on.
   * @throws LoginUnavailableException where the store fails (503)
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
