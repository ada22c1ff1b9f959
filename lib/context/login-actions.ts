/** Logging in, logging out, confirming: what each one changes, in which order, and what it tells. */
import { LoginEventStream } from '../events/login-event-stream.js';
import { LoginFault } from '../exceptions/login-fault.js';
import { CrossSiteLoginException } from '../exceptions/login-refusals.js';
import { NoticeCookie } from '../challenge/notice-cookie.js';
import { fromAnotherSite, isSecure, responseOf } from '../http/login-request.js';
import type { LoginRequest } from '../http/login-request.js';
import { sameText } from '../http/signature.js';
import { keepOutOfCaches } from '../http/login-response.js';
import type { NewLogin, OpenedLogin, SessionLogin } from '../logins/live-login.js';
import { hasStamp } from '../logins/login-decision.js';
import { clientFacts, loginFacts } from '../logins/login-facts.js';
import { hashOf, newVerifier } from '../logins/login-id.js';
import type { LoginRegistry } from '../logins/login-registry.js';
import type { UserLogins } from '../logins/user-logins.js';
import type { ResolvedLoginOptions } from '../options/resolved-login-options.js';
import { isLetIn, takeBack } from '../remember-me/remember-decision.js';
import type { RememberMe } from '../remember-me/remember-me.js';
import type { ShownToken } from '../remember-me/shown-token.js';
import type { LoginSession } from '../session/login-session.js';
import { LoginHandlers } from '../user/login-handlers.js';
import { isActiveUser, isSameProof, stampHashOf, userIdOf } from '../user/login-user.js';
import { loadUser } from '../user/user-loading.js';
import { LoginContexts } from './login-contexts.js';
import { rememberedFor } from './login-user-options.js';
import type { LoginUserOptions } from './login-user-options.js';

/** The state changes of a login. Facts are taken first, then the state is changed, then it is told. */
export class LoginActions {
  constructor(
    private readonly options: ResolvedLoginOptions,
    private readonly contexts: LoginContexts,
    private readonly sessions: LoginSession,
    private readonly remember: RememberMe,
    private readonly logins: LoginRegistry,
    private readonly userLogins: UserLogins,
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

  async confirm(request: LoginRequest, proved: object | undefined): Promise<boolean> {
    return this.contexts.of(request).inTurn(() => this.#confirm(request, proved));
  }

  async #logIn(
    request: LoginRequest,
    user: object,
    { fresh = true, force = false, crossSite = false, remember = false, duration }: LoginUserOptions,
  ): Promise<boolean> {
    const context = this.contexts.of(request);
    const rememberFor = rememberedFor(remember, duration, this.options.rememberAbsolute);
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
      await this.sessions.forgetAnonymous(request);
    } finally {
      // Also where the end could not be stored: this browser is out, and the answer says 503.
      this.sessions.leave(request);
      this.remember.clear(request, Boolean(record?.remember));
      this.notices.clear(request);
      context.leave();
    }
    if (record && ended) this.events.emit('loggedOut', loginFacts(request, record));
  }

  async #confirm(request: LoginRequest, proved: object | undefined): Promise<boolean> {
    const context = this.contexts.of(request);
    this.#requireCookie(request);
    await this.sessions.open(request);
    const { login, isRemembered } = await context.resolveInTurn();
    if (!login) return false;
    // Loaded again: who has just changed their password has another security stamp, and goes on by it.
    const latest = await loadUser(this.handlers, login.record.userId);
    if (!latest || !isActiveUser(latest)) return false;
    const stampHash = stampHashOf(latest);
    // Proved by a password that has been changed meanwhile: to go on by the new stamp would undo that change.
    if (proved && !isSameProof(proved, latest, this.options.idAttribute)) return false;
    const verifier = newVerifier();
    const client = this.sessions.client(request);
    const confirmed = await this.logins.confirm(login, client, stampHash, (remember, now) =>
      takeBack(remember, verifier, now),
    );
    if (!confirmed) return false;
    const { id, remember } = confirmed.record;
    const isAnew = remember !== null && sameText(remember.base, hashOf(verifier));
    this.sessions.renew(request, confirmed);
    if (isAnew) this.remember.begin(request, { loginId: id, verifier }, confirmed);
    else this.remember.prolong(request, confirmed);
    context.become(latest, true, confirmed, isRemembered || isAnew);
    this.events.emit('loginConfirmed', loginFacts(request, confirmed.record));
    // Those of another stamp let nobody in from now on. They go at once, and where the store fails here, at their next use.
    if (!hasStamp(login.record, stampHash))
      await this.#endOutdated(request, login.record.userId, stampHash).catch(() => false);
    return true;
  }

  /** Of the user as they are now: who logs in may have been read before a change. undefined: they are gone. */
  async #stampHash(userId: string): Promise<string | null | undefined> {
    const latest = await loadUser(this.handlers, userId);
    return latest ? stampHashOf(latest) : undefined;
  }

  /** True where any login of the user was there that let nobody in any more. */
  async #endOutdated(request: LoginRequest, userId: string, stampHash: string | null | undefined): Promise<boolean> {
    const ended = await this.userLogins.endOutdated(userId, stampHash);
    for (const loginId of ended)
      this.events.emit('loginRevoked', { ...clientFacts(request), userId, loginId, reason: 'stamp' });
    return ended.length > 0;
  }

  /** Null where the user has as many logins as they may, and nothing has changed. */
  async #openLogin(request: LoginRequest, draft: NewLogin, values: object): Promise<OpenedLogin | null> {
    const remembered = this.remember.held(request);
    const leaving = [...this.sessions.held(request), ...remembered];
    let opening = this.logins.open(draft, values, leaving);
    try {
      // Where it may be refused, what the browser holds goes afterwards; and what lets nobody in any more holds no place.
      if (this.options.whenFull === 'refuse' && !(await opening)) {
        if (!(await this.#endOutdated(request, draft.userId, await this.#stampHash(draft.userId)))) return null;
        opening = this.logins.open(draft, values, leaving);
        if (!(await opening)) return null;
      }
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
