/** Logging in, logging out, confirming: what each one changes, in which order, and what it tells. */
import { LoginEventStream } from '../events/login-event-stream.js';
import { LoginFault } from '../exceptions/login-fault.js';
import { CrossSiteLoginException } from '../exceptions/login-refusals.js';
import { NoticeCookie } from '../challenge/notice-cookie.js';
import { fromAnotherSite, isSecure, responseOf } from '../http/login-request.js';
import type { LoginRequest } from '../http/login-request.js';
import { keepOutOfCaches } from '../http/login-response.js';
import type { NewLogin, OpenedLogin, SessionLogin } from '../logins/live-login.js';
import { clientFacts, loginFacts } from '../logins/login-facts.js';
import { hashOf, newVerifier } from '../logins/login-id.js';
import type { LoginRegistry } from '../logins/login-registry.js';
import { milliseconds } from '../options/duration.js';
import type { Duration } from '../options/duration.js';
import { invalidOption } from '../options/option-reader.js';
import type { ResolvedLoginOptions } from '../options/resolved-login-options.js';
import { isLetIn } from '../remember-me/remember-decision.js';
import type { RememberMe } from '../remember-me/remember-me.js';
import type { ShownToken } from '../remember-me/shown-token.js';
import type { LoginSession } from '../session/login-session.js';
import { LoginHandlers } from '../user/login-handlers.js';
import { isActiveUser, stampHashOf, userIdOf } from '../user/login-user.js';
import { loadUser } from '../user/user-loading.js';
import { LoginContexts } from './login-contexts.js';

/** How a login is made. */
export interface LoginUserOptions {
  /** The user has just proved who they are. Default: true. */
  readonly fresh?: boolean | undefined;
  /** Keep the user logged in after the browser is closed, by a remember cookie. Say so only where they asked for it. Default: false. */
  readonly remember?: boolean | undefined;
  /** How long this login is remembered, in place of the option `remember.absolute`: milliseconds, or text such as `'30d'`. */
  readonly duration?: Duration | undefined;
  /** Log an inactive user in as well; guards go on refusing them. Default: false. */
  readonly force?: boolean | undefined;
  /** Accept a request that another site sent: the form_post answer of an identity provider. Check its `state` first. Default: false. */
  readonly crossSite?: boolean | undefined;
}

/** The state changes of a login. Facts are taken first, then the state is changed, then it is told. */
export class LoginActions {
  constructor(
    private readonly options: ResolvedLoginOptions,
    private readonly contexts: LoginContexts,
    private readonly sessions: LoginSession,
    private readonly remember: RememberMe,
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
    { fresh = true, force = false, crossSite = false, remember = false, duration }: LoginUserOptions,
  ): Promise<boolean> {
    const context = this.contexts.of(request);
    const rememberFor = remembered(
      remember,
      milliseconds(duration, 'loginUser({ duration })', this.options.rememberAbsolute),
    );
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
    await this.#judgeToken(request);
    const former = await this.#currentLogin(request);
    const isSameUser = former?.record.userId === userId;
    const values = isSameUser ? this.sessions.values(request) : this.sessions.valuesToKeep(request);
    const verifier = newVerifier();
    const rememberAs = rememberFor === null ? null : { hash: hashOf(verifier), duration: rememberFor };
    const stampHash = stampHashOf(user);
    const draft = { ...this.sessions.client(request), userId, stampHash, fresh, remember: rememberAs };
    const login = await this.#openLogin(request, draft, values);
    if (!login) {
      this.events.emit('loginRefused', { ...clientFacts(request), userId, reason: 'too-many-logins' });
      return false;
    }
    this.sessions.become(request, login, values);
    if (remember) this.remember.begin(request, { loginId: login.record.id, verifier }, login);
    else this.remember.clear(request);
    if (former && !isSameUser) this.notices.clear(request);
    context.become(user, isActive, login, remember);
    const { evicted, theftSeenAt } = login;
    for (const loginId of evicted)
      this.events.emit('loginRevoked', { ...clientFacts(request), userId, loginId, reason: 'cap' });
    this.events.emit('loggedIn', { ...loginFacts(request, login.record), fresh, remembered: remember, theftSeenAt });
    return true;
  }

  async #logOut(request: LoginRequest): Promise<void> {
    const context = this.contexts.of(request);
    await this.sessions.open(request);
    // A store that cannot be read must not keep the login from its end.
    const shown = await this.#judgeToken(request).catch(() => null);
    const living = await this.#currentLogin(request);
    const record = living?.record ?? (isLetIn(shown?.verdict) ? shown?.seen?.record : null);
    let ended = false;
    try {
      ended = await this.sessions.endHeld(request, this.remember.held(request));
    } finally {
      // Also where the end could not be stored: this browser is out, and the answer says 503.
      this.sessions.leave(request);
      this.remember.clear(request, Boolean(record?.remember));
      this.notices.clear(request);
      context.leave();
    }
    if (record && ended) this.events.emit('loggedOut', loginFacts(request, record));
  }

  async #confirm(request: LoginRequest): Promise<boolean> {
    const context = this.contexts.of(request);
    this.#requireCookie(request);
    await this.sessions.open(request);
    const { login, isRemembered } = await context.resolveInTurn();
    if (!login) return false;
    // Loaded again: who has just changed their password has another security stamp, and goes on by it.
    const latest = await loadUser(this.handlers, login.record.userId);
    if (!latest || !isActiveUser(latest)) return false;
    const confirmed = await this.logins.confirm(login, this.sessions.client(request), stampHashOf(latest));
    if (!confirmed) return false;
    this.sessions.renew(request, confirmed);
    this.remember.prolong(request, confirmed);
    context.become(latest, true, confirmed, isRemembered);
    this.events.emit('loginConfirmed', loginFacts(request, confirmed.record));
    return true;
  }

  /** Null where the user has as many logins as they may, and nothing has changed. */
  async #openLogin(request: LoginRequest, draft: NewLogin, values: object): Promise<OpenedLogin | null> {
    const remembered = this.remember.held(request);
    const opening = this.logins.open(draft, values, [...this.sessions.held(request), ...remembered]);
    try {
      // Where it may be refused, what the browser holds goes afterwards.
      if (this.options.whenFull === 'refuse' && !(await opening)) return null;
      const [login] = await Promise.all([
        opening,
        this.sessions.endHeld(request, remembered),
        this.sessions.forgetAnonymous(request),
      ]);
      return login;
    } catch (error) {
      // The next login is to be told of the theft that this one was told of.
      void opening
        .then((login) => login && this.logins.end(login.record.id, login.theftSeenAt ?? undefined))
        .catch(() => undefined);
      // express-session would send the cookie before it knows whether anything was stored.
      this.sessions.drop(request);
      this.remember.withdraw(request);
      this.contexts.of(request).leave();
      throw error;
    }
  }

  /** At a login and a logout, too, who shows a token that is over is seen: the alarm rings before anything else changes. */
  async #judgeToken(request: LoginRequest): Promise<ShownToken | null> {
    const shown = await this.remember.look(request);
    if (!shown?.seen || shown.verdict !== 'theft') return shown;
    const living = await this.#currentLogin(request);
    await this.remember.alarm(request, shown.seen);
    if (living?.record.id === shown.seen.record.id) this.sessions.leave(request);
    return shown;
  }

  /** The living login of this browser, which the new one takes the place of. Where protection hides its session, no value of it is handed over. */
  async #currentLogin(request: LoginRequest): Promise<SessionLogin | null> {
    const found = await this.sessions.find(request);
    return found.verdict === 'alive' ? found.login : null;
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

/** How long a login is remembered, null for not at all. Only true is a yes: a form's text "false" would be one else. */
function remembered(remember: unknown, duration: number): number | null {
  if (remember === true) return duration;
  if (remember === false) return null;
  throw invalidOption(
    'loginUser({ remember })',
    remember,
    "Write true or false; for a checkbox: remember: form.remember === 'on'.",
  );
}
