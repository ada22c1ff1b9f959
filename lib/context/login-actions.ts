/** Logging in, logging out, confirming: what each one changes, in which order, and what it tells. */
import { LoginEventStream } from '../events/login-event-stream.js';
import { LoginFault } from '../exceptions/login-fault.js';
import { CrossSiteLoginException } from '../exceptions/login-refusals.js';
import { NoticeCookie } from '../challenge/notice-cookie.js';
import { clientAddress, fromAnotherSite, isSecure, responseOf, userAgent } from '../http/login-request.js';
import type { LoginRequest } from '../http/login-request.js';
import { keepOutOfCaches } from '../http/login-response.js';
import type { LiveLogin, LoginRegistry } from '../logins/login-registry.js';
import type { ResolvedLoginOptions } from '../options/resolved-login-options.js';
import type { LoginSession } from '../session/login-session.js';
import { clientFacts, loginFacts } from '../user/event-facts.js';
import { LoginHandlers } from '../user/login-handlers.js';
import { isActiveUser, userIdOf } from '../user/login-user.js';
import { LoginContexts } from './login-contexts.js';

/** How a login is made. */
export interface LoginUserOptions {
  /** The user has just proved who they are. Default: true. */
  readonly fresh?: boolean;
  /** Log an inactive user in as well; guards go on refusing them. Default: false. */
  readonly force?: boolean;
  /** Accept a request that another site sent: the form_post answer of an identity provider. Check its `state` first. Default: false. */
  readonly crossSite?: boolean;
}

/** The state changes of a login. Facts are taken first, then the state is changed, then it is told. */
export class LoginActions {
  constructor(
    private readonly options: ResolvedLoginOptions,
    private readonly contexts: LoginContexts,
    private readonly sessions: LoginSession,
    private readonly logins: LoginRegistry,
    private readonly notices: NoticeCookie,
    private readonly handlers: LoginHandlers,
    private readonly events: LoginEventStream,
  ) {}

  async logIn(request: LoginRequest, user: object, options: LoginUserOptions): Promise<boolean> {
    return this.contexts.of(request).inTurn(() => this.#logIn(request, user, options));
  }

  async logOut(request: LoginRequest): Promise<void> {
    return this.contexts.of(request).inTurn(() => this.#logOut(request));
  }

  async confirm(request: LoginRequest): Promise<boolean> {
    return this.contexts.of(request).inTurn(() => this.#confirm(request));
  }

  async #logIn(
    request: LoginRequest,
    user: object,
    { fresh = true, force = false, crossSite = false }: LoginUserOptions,
  ): Promise<boolean> {
    const context = this.contexts.of(request);
    keepOutOfCaches(responseOf(request));
    const userId = userIdOf(user, this.options.idAttribute);
    const isActive = isActiveUser(user);
    if (!isActive && !force) {
      this.events.emit('loginRefused', { ...clientFacts(request), userId, reason: 'inactive' });
      return false;
    }
    if (!this.handlers.get('user-loader'))
      throw new LoginFault(
        'ERR_LOGIN_NO_USER_LOADER',
        'A user who logs in could not be found again: there is a request loader, but no user loader.',
        "Mark a provider's method with @UserLoader().",
      );
    this.#refuseCrossSite(request, userId, crossSite);
    this.#requireCookie(request);
    await this.sessions.open(request);
    const former = await this.#currentLogin(request);
    const values = this.#valuesToKeep(request, former?.record.userId === userId);
    const login = await this.#openLogin(request, userId, fresh, values);
    this.sessions.become(request, login, values);
    if (former && former.record.userId !== userId) this.notices.clear(request);
    context.become(user, isActive, login);
    this.events.emit('loggedIn', { ...loginFacts(request, login.record), fresh });
    return true;
  }

  async #logOut(request: LoginRequest): Promise<void> {
    const context = this.contexts.of(request);
    await this.sessions.open(request);
    const found = await this.sessions.find(request);
    const { record } = found.verdict === 'gone' ? { record: null } : found.login;
    let ended = false;
    try {
      ended = await this.sessions.endHeld(request);
    } finally {
      // Also where the end could not be stored: this browser is out, and the answer says 503.
      this.sessions.leave(request);
      this.notices.clear(request);
      context.leave();
    }
    if (record && ended && found.verdict === 'alive') this.events.emit('loggedOut', loginFacts(request, record));
  }

  async #confirm(request: LoginRequest): Promise<boolean> {
    const context = this.contexts.of(request);
    this.#requireCookie(request);
    await this.sessions.open(request);
    const { user, isAuthenticated, login } = await context.resolve();
    if (!user || !login) return false;
    const confirmed = await this.logins.confirm(login, this.sessions.identifier(request));
    if (!confirmed) return false;
    this.sessions.renew(request, confirmed);
    context.become(user, isAuthenticated, confirmed);
    this.events.emit('loginConfirmed', loginFacts(request, confirmed.record));
    return true;
  }

  async #openLogin(
    request: LoginRequest,
    userId: string,
    fresh: boolean,
    values: Readonly<Record<string, unknown>>,
  ): Promise<LiveLogin> {
    const identifier = this.sessions.identifier(request);
    const draft = { userId, fresh, identifier, userAgent: userAgent(request), ip: clientAddress(request) };
    const json = Object.keys(values).length ? JSON.stringify(values) : null;
    const opening = this.logins.open(draft, json);
    try {
      const [login] = await Promise.all([
        opening,
        this.sessions.endHeld(request),
        this.sessions.forgetAnonymous(request),
      ]);
      return login;
    } catch (error) {
      void opening.then(({ record }) => this.logins.end(record.id)).catch(() => undefined);
      // express-session would send the cookie before it knows whether anything was stored.
      this.sessions.drop(request);
      this.contexts.of(request).leave();
      throw error;
    }
  }

  /** The living login of this browser, which the new one takes the place of. Where protection hides its session, no value of it is handed over. */
  async #currentLogin(request: LoginRequest): Promise<LiveLogin | null> {
    const found = await this.sessions.find(request);
    return found.verdict === 'alive' ? found.login : null;
  }

  /** The same user goes on with the session's values; of anybody else's only the named keys live on. */
  #valuesToKeep(request: LoginRequest, sameUser: boolean): Readonly<Record<string, unknown>> {
    const values = this.sessions.values(request);
    if (sameUser) return values;
    return Object.fromEntries(Object.entries(values).filter(([key]) => this.options.keepOnLogin.includes(key)));
  }

  #refuseCrossSite(request: LoginRequest, userId: string, allowed: boolean): void {
    const reason = allowed ? undefined : fromAnotherSite(request, this.options.origin);
    if (reason === undefined) return;
    this.events.emit('loginRefused', { ...clientFacts(request), userId, reason: 'cross-site' });
    throw new CrossSiteLoginException(reason);
  }

  /** A login whose cookie cannot be sent would look like a wrong password to everybody. */
  #requireCookie(request: LoginRequest): void {
    if (responseOf(request).headersSent)
      throw new LoginFault(
        'ERR_LOGIN_HEADERS_SENT',
        'The answer has begun, so the session cookie cannot be sent.',
        'Log in before the handler writes anything.',
      );
    if (!this.options.sessionCookie.attributes.secure || isSecure(request)) return;
    throw new LoginFault(
      'ERR_LOGIN_INSECURE_CONNECTION',
      'The session cookie is Secure and this request came without TLS, so no browser would get it.',
      `If a proxy ends TLS in front of the application, trust it: app.set('trust proxy', 'loopback') or its address, and let it send X-Forwarded-Proto. For plain http in development set "production" to false.`,
    );
  }
}
