/** One object per request: its session, tokens, notices and user, and the transitions that change its login. */
import { Notices } from '../challenge/notices.js';
import type { HttpExchange } from '../http/http-exchange.js';
import { isFreshEnough } from '../logins/login-decision.js';
import type { ActiveLogin, LoginSnapshot, SessionLogin, StoredValues } from '../logins/login-snapshot.js';
import type { RememberToken } from '../remember-me/remember-token.js';
import { RequestTokens } from '../remember-me/request-tokens.js';
import { RequestSession } from '../session/request-session.js';
import { refuseInsideLoader } from './loader-reentry.js';
import type { LoginApplication } from './login-application.js';
import { RequestUser } from './request-user.js';
import type { ResolvedUser } from './resolved-user.js';

/** A login that has just been made or confirmed, for the rest of the request. */
export interface MadeLogin {
  readonly user: object;
  readonly isAuthenticated: boolean;
  readonly login: SessionLogin;
  readonly isRemembered: boolean;
  /** the remember token that goes out with the response; null: none */
  readonly token: RememberToken | null;
}

/** The reason why `loginUser` returned false. */
export type LoginRefusal = 'inactive' | 'too-many-logins';

/** Finds the user of a request. The folder `user/` implements it. */
export type ResolveUser = (context: LoginContext) => Promise<ResolvedUser>;

/**
 * The context of one request. Session, remember cookie, notices and user change together, in the transitions below and
 * nowhere else.
 */
export class LoginContext {
  /** The login view of the controller that handles the request. Null stands for the view of the options. */
  loginView: string | null = null;
  /** The reason why the last login of this request was refused. Null: none was refused. */
  loginRefusal: LoginRefusal | null = null;
  readonly session: RequestSession;
  // The parts below are made when they are needed. Most requests need none of them.
  #tokens: RequestTokens | undefined;
  #notices: Notices | undefined;
  #madeUser: RequestUser | undefined;
  #change: Promise<unknown> | undefined;
  #changesUnderWay = 0;

  constructor(
    readonly exchange: HttpExchange,
    readonly application: LoginApplication,
    private readonly resolveUser: ResolveUser,
  ) {
    this.session = new RequestSession(exchange, application.sessions);
  }

  /** The remember tokens of this request. */
  get tokens(): RequestTokens {
    return (this.#tokens ??= new RequestTokens(this.exchange, this.application.rememberCookie));
  }

  /** The messages and the page to go on to. */
  get notices(): Notices {
    const { noticeCookie, sessions } = this.application;
    return (this.#notices ??= new Notices(this.exchange, noticeCookie, sessions.options));
  }

  get #user(): RequestUser {
    return (this.#madeUser ??= new RequestUser(this.exchange.request, () => this.resolveUser(this)));
  }

  /** Finds the user of the request once, after a change that is still running. `req.user` is set from then on. */
  resolve(): Promise<ResolvedUser> {
    this.#refuseReentry();
    if (!this.#change) return this.#user.resolve();
    return this.#change.catch(() => undefined).then(() => this.#user.resolve());
  }

  /** Finds the user inside a change. `resolve` would wait for the end of that change. */
  resolveWithinChange(): Promise<ResolvedUser> {
    return this.#user.resolve();
  }

  /** Runs the changes of one request one after another, and each after a running search for the user. */
  async runExclusive<Answer>(change: () => Promise<Answer>): Promise<Answer> {
    this.#refuseReentry();
    const before = [this.#change, this.#user.pending].filter((running) => running !== undefined);
    const running = before.length ? Promise.allSettled(before).then(change) : change();
    this.#change = running;
    this.#changesUnderWay += 1;
    try {
      return await running;
    } finally {
      this.#changesUnderWay -= 1;
    }
  }

  /** Refuses a call from a loader inside a search or change, because the loader would wait for itself. */
  #refuseReentry(): void {
    if (this.#user.isPending || this.#changesUnderWay > 0) refuseInsideLoader();
  }

  /** Returns the user, else the application's anonymous user, else null. Does not wait if the user is known. */
  async currentUser(): Promise<unknown> {
    const known = this.#changesUnderWay > 0 ? undefined : this.#user.resolved;
    const { user } = known ?? (await this.resolve());
    // Guard, decorator and service must get the same anonymous user.
    return user ?? this.#user.anonymous(this.application.sessions.options.anonymousUser);
  }

  /**
   * Tells whether the user logged in or confirmed at most `maxAge` milliseconds ago. Null: at any time in this login.
   */
  async isFresh(maxAge: number | null): Promise<boolean> {
    const { login } = await this.resolve();
    if (login?.record.freshAt === undefined || login.record.freshAt === null) return false;
    // The request may have lasted long, so the store is asked for the time again.
    return isFreshEnough(login.record, await this.application.sessions.logins.now(), maxAge);
  }

  /** Transition 1: the user has logged in. The new session starts with these values. */
  logIn(
    made: MadeLogin,
    { values, isOtherUser }: { readonly values: StoredValues; readonly isOtherUser: boolean },
  ): void {
    this.session.attachLogin(made.login, values);
    if (made.token) this.tokens.issueCookie(made.token, made.login);
    else this.tokens.clearCookie({ evenIfAbsent: this.tokens.isUnderOwnPath });
    if (isOtherUser) this.notices.clearNotices();
    else this.notices.forget('login', 'needs-refresh');
    this.loginRefusal = null;
    this.#user.setUser(made);
  }

  /** Transition 1 by a remember token: the session is restored, and the browser gets the next token. */
  restore(login: SessionLogin, values: StoredValues, next: RememberToken): void {
    this.session.attachLogin(login, values);
    this.tokens.issueCookie(next, login);
    this.notices.forget('login');
  }

  /** Transition 2: the user has authenticated again. */
  confirm(made: MadeLogin): void {
    this.session.rotateId(made.login);
    if (made.token) this.tokens.issueCookie(made.token, made.login);
    else this.tokens.extendCookie(this.tokens.issued, made.login);
    this.notices.forget('login', 'needs-refresh');
    this.#user.setUser(made);
  }

  /**
   * Transition 3: nobody is logged in any more. @param wasRemembered the login had a remember cookie, sent with this
   * request or not
   */
  logOut({ wasRemembered }: { readonly wasRemembered: boolean }): void {
    this.session.resetToAnonymous();
    this.tokens.clearCookie({ evenIfAbsent: wasRemembered });
    this.notices.clearNotices();
    this.#user.clearUser();
  }

  /** Transition 3 during the search for the user: the login that the session named has ended. */
  detachLogin({ record }: LoginSnapshot): void {
    this.session.resetToAnonymous();
    this.tokens.clearCookie({ evenIfAbsent: this.tokens.isUnderOwnPath && record.remember !== null });
  }

  /** Transition 4: a login was not stored, so the response carries no cookie of it. */
  fail(): void {
    this.session.detach();
    this.tokens.cancelCookie();
    this.#user.clearUser();
  }

  /**
   * Transition 5: the login counts for this request alone. The response then sets no cookie, so it cannot undo the
   * cookie of another response.
   */
  makeEphemeral(): void {
    this.session.makeEphemeral();
    this.tokens.cancelCookie();
  }

  /**
   * Begins a new session, because the application has called `req.session.regenerate()`. An ephemeral session stays
   * ephemeral.
   */
  regenerateSession(): void {
    if (this.session.id === null) this.session.makeEphemeral();
    else this.session.resetToAnonymous();
  }

  /** Notes that the login has changed in the store, under the same session id. */
  updateLogin(login: SessionLogin): void {
    this.session.updateLogin(login);
  }

  /** Clears a remember cookie that no longer counts. The session stays as it is. */
  forgetToken(): void {
    this.tokens.clearCookie();
  }

  /** Sends the present token again, with the remaining lifetime of its login. */
  extendToken(token: RememberToken, login: ActiveLogin): void {
    this.tokens.extendCookie(token, login);
  }
}
