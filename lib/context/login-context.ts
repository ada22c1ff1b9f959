/** One object per request: what was found out about it, and the transitions that change its login. */
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

/** A login that has just been made or confirmed, as the rest of the request is to see it. */
export interface MadeLogin {
  readonly user: object;
  readonly isAuthenticated: boolean;
  readonly login: SessionLogin;
  readonly isRemembered: boolean;
  /** the remember token that goes out with the response; null: none */
  readonly token: RememberToken | null;
}

/** Why `loginUser` has answered false. */
export type LoginRefusal = 'inactive' | 'too-many-logins';

/** Finds the user of a request. The part of the package that knows users hands it down. */
export type ResolveUser = (context: LoginContext) => Promise<ResolvedUser>;

/**
 * The context of one request. Session, remember cookie, notices and user change together, in the transitions below and
 * nowhere else.
 */
export class LoginContext {
  /** The login view of the controller that handles the request, where it has its own. */
  loginView: string | null = null;
  /** Why the last login of this request was refused; null: it was not. */
  loginRefusal: LoginRefusal | null = null;
  readonly session: RequestSession;
  // Made when they are needed: most requests need none of them.
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

  /** Finds the user of the request, once, after a change that is under way. `req.user` is set from then on. */
  resolve(): Promise<ResolvedUser> {
    this.#refuseReentry();
    if (!this.#change) return this.#user.resolve();
    return this.#change.catch(() => undefined).then(() => this.#user.resolve());
  }

  /** Finds the user for a change itself, which would wait for its own end. */
  resolveWithinChange(): Promise<ResolvedUser> {
    return this.#user.resolve();
  }

  /** Runs the changes of one request one after another, and after everything that still finds out its user. */
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

  /** A loader that is called for the user or within a change would wait for its own end. */
  #refuseReentry(): void {
    if (this.#user.isPending || this.#changesUnderWay > 0) refuseInsideLoader();
  }

  /** Returns the user, else the application's anonymous user, else null. Waits for nothing once the user is known. */
  async currentUser(): Promise<unknown> {
    const known = this.#changesUnderWay > 0 ? undefined : this.#user.resolved;
    const { user } = known ?? (await this.resolve());
    // One anonymous user a request, so that guard, decorator and service agree.
    return user ?? this.#user.anonymous(this.application.sessions.options.anonymousUser);
  }

  /** True where the user logged in or confirmed at most `maxAge` milliseconds ago; null: at any time in this login. */
  async isFresh(maxAge: number | null): Promise<boolean> {
    const { login } = await this.resolve();
    if (login?.record.freshAt === undefined || login.record.freshAt === null) return false;
    // A request may last, so the store's clock is asked again.
    return isFreshEnough(login.record, await this.application.sessions.logins.now(), maxAge);
  }

  /** Transition 1: the user has logged in, with the values that the new session starts with. */
  logIn(
    made: MadeLogin,
    { values, isOtherUser }: { readonly values: StoredValues; readonly isOtherUser: boolean },
  ): void {
    this.session.attachLogin(made.login, values);
    if (made.token) this.tokens.issueCookie(made.token, made.login);
    else this.tokens.clearCookie({ isUnseen: this.tokens.isUnderOwnPath });
    if (isOtherUser) this.notices.clearNotices();
    else this.notices.forget('login', 'needs-refresh');
    this.loginRefusal = null;
    this.#user.setUser(made);
  }

  /** Transition 1, by a remember token: the session is restored, and the next token goes out. */
  restore(login: SessionLogin, values: StoredValues, next: RememberToken): void {
    this.session.attachLogin(login, values);
    this.tokens.issueCookie(next, login);
    this.notices.forget('login');
  }

  /** Transition 2: the user has proved again who they are. */
  confirm(made: MadeLogin): void {
    this.session.rotateId(made.login);
    if (made.token) this.tokens.issueCookie(made.token, made.login);
    else this.tokens.extendCookie(this.tokens.issued, made.login);
    this.notices.forget('login', 'needs-refresh');
    this.#user.setUser(made);
  }

  /** Transition 3: nobody is logged in any more. @param wasRemembered the login had a remember cookie, seen or not */
  logOut({ wasRemembered }: { readonly wasRemembered: boolean }): void {
    this.session.resetToAnonymous();
    this.tokens.clearCookie({ isUnseen: wasRemembered });
    this.notices.clearNotices();
    this.#user.clearUser();
  }

  /** Transition 3, on the way to the user: the login that the session named has ended. */
  dropLogin({ record }: LoginSnapshot): void {
    this.session.resetToAnonymous();
    this.tokens.clearCookie({ isUnseen: this.tokens.isUnderOwnPath && record.remember !== null });
  }

  /** Transition 4: a login was not stored, so the response carries nothing of it. */
  fail(): void {
    this.session.detach();
    this.tokens.cancelCookie();
    this.#user.clearUser();
  }

  /**
   * Transition 5: what this request is let in for, it is let in for alone. No cookie of the response undoes
   * another's.
   */
  keepToThisRequest(): void {
    this.session.makeEphemeral();
    this.tokens.cancelCookie();
  }

  /** Begins a new session, because the application has called `req.session.regenerate()`. An ephemeral one stays so. */
  regenerateSession(): void {
    if (this.session.id === null) this.session.makeEphemeral();
    else this.session.resetToAnonymous();
  }

  /** Notes that the login has changed in the store, under the same session id. */
  updateLogin(login: SessionLogin): void {
    this.session.updateLogin(login);
  }

  /** Clears a remember cookie that counts no more. The session stays as it is. */
  forgetToken(): void {
    this.tokens.clearCookie();
  }

  /** Sends the present token again, with the time that its login has left. */
  extendToken(token: RememberToken, login: ActiveLogin): void {
    this.tokens.extendCookie(token, login);
  }
}
