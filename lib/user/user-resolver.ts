/** Who is it? The only place where the order of the search is written: session, then remember cookie, then request loader, then nobody. */
import { Logger } from '@nestjs/common';
import { LoginEventStream } from '../events/login-event-stream.js';
import { keepOutOfCaches } from '../http/login-response.js';
import { responseOf } from '../http/login-request.js';
import type { LoginRequest } from '../http/login-request.js';
import type { LiveLogin, SeenLogin, SessionLogin } from '../logins/live-login.js';
import { hasStamp, isOver } from '../logins/login-decision.js';
import { clientFacts, loginFacts } from '../logins/login-facts.js';
import type { LoginRegistry } from '../logins/login-registry.js';
import type { ResolvedLoginOptions } from '../options/resolved-login-options.js';
import { isLetIn } from '../remember-me/remember-decision.js';
import { forOneRequest } from '../remember-me/remember-me.js';
import type { RememberMe } from '../remember-me/remember-me.js';
import type { ShownToken } from '../remember-me/shown-token.js';
import type { LoginSession } from '../session/login-session.js';
import { LoginHandlers } from './login-handlers.js';
import { isActiveUser, stampHashOf, userIdOf } from './login-user.js';
import { loaded, loadUser } from './user-loading.js';

/** Who a request is from. */
export interface ResolvedUser {
  /** the user as the application's loader gave it, or null */
  readonly user: object | null;
  /** somebody, and active */
  readonly isAuthenticated: boolean;
  /** the login that led to the user; null for nobody and for who the request loader named */
  readonly login: LiveLogin | null;
  /** the request brought a remember cookie that counts for this login */
  readonly isRemembered: boolean;
}

/** The answer for a visitor who is nobody. */
export const NOBODY: ResolvedUser = Object.freeze({
  user: null,
  isAuthenticated: false,
  login: null,
  isRemembered: false,
});

/** The login was confirmed under another session id while its user was loaded. */
const TOO_LATE = Symbol('too late');

/** Finds the user of a request. Ends what has to end on the way, and tells it. */
export class UserResolver {
  readonly #logger = new Logger('LoginModule');
  #isStampMissed = false;

  constructor(
    private readonly options: ResolvedLoginOptions,
    private readonly sessions: LoginSession,
    private readonly remember: RememberMe,
    private readonly logins: LoginRegistry,
    private readonly handlers: LoginHandlers,
    private readonly events: LoginEventStream,
  ) {}

  /**
   * Each step answers the user, null where the next step is to be asked, or NOBODY where the search is over: who was just
   * taken for a thief is nobody, whatever else the request brings.
   * @throws LoginUnavailableException where a store or a loader fails: never a silent nobody
   */
  async resolve(request: LoginRequest): Promise<ResolvedUser> {
    keepOutOfCaches(responseOf(request));
    this.events.emit('accessed', clientFacts(request));
    const byLogin = (await this.#bySession(request)) ?? (await this.#byRememberCookie(request));
    return byLogin ?? (await this.#byRequestLoader(request)) ?? NOBODY;
  }

  /** The login that the session cookie names, once every limit, session protection and the remember cookie have been looked at. */
  async #bySession(request: LoginRequest): Promise<ResolvedUser | null> {
    // An application without a user loader knows no logins; another one on the same storage may.
    if (!this.handlers.get('user-loader')) return null;
    const found = await this.sessions.find(request);
    if (found.verdict !== 'alive') {
      if (found.verdict !== 'gone' && found.seen) await this.#expire(request, found.seen, found.verdict);
      return null;
    }
    const protection = this.sessions.protection(request, found.login);
    if (protection === 'broken') {
      await this.#end(request, found.login);
      await this.#leave(request);
      this.events.emit('sessionProtected', { ...loginFacts(request, found.login.record), mode: 'strong' });
      return NOBODY;
    }
    const kept = protection === 'weakened' ? await this.#weaken(request, found.login) : found.login;
    if (!kept) return null;
    await this.sessions.touch(request, kept);
    const { verdict, login } = await this.remember.receive(request, kept);
    if (verdict === 'theft') {
      await this.remember.alarm(request, login ?? kept);
      await this.#leave(request);
      return NOBODY;
    }
    const user = login && (await this.#load(request, login));
    if (user === TOO_LATE) return this.#standAside(request);
    if (!user) {
      if (login) await this.#leave(request);
      return null;
    }
    return { user, isAuthenticated: isActiveUser(user), login, isRemembered: isLetIn(verdict) };
  }

  async #weaken(request: LoginRequest, login: SessionLogin): Promise<SessionLogin | null> {
    const stale = await this.logins.makeStale(login);
    if (stale && stale !== login) this.sessions.update(request, stale);
    this.events.emit('sessionProtected', { ...loginFacts(request, login.record), mode: 'basic' });
    return stale;
  }

  /** The login that the remember cookie names: restored by one request, and good for each of a burst. Never fresh. */
  async #byRememberCookie(request: LoginRequest): Promise<ResolvedUser | null> {
    const shown = this.handlers.get('user-loader') ? await this.remember.look(request) : null;
    if (!shown) return null;
    const { seen, verdict } = shown;
    if (!seen || !isLetIn(verdict)) return this.#refuse(request, shown);
    const user = await this.#load(request, seen);
    if (user === TOO_LATE) return this.#standAside(request);
    if (!user) return null;
    // An inactive user comes back once they are active: nothing is spent on them until then.
    if (!isActiveUser(user)) return { user, isAuthenticated: false, login: forOneRequest(seen), isRemembered: true };
    const accepted = await this.remember.accept(request, { ...shown, seen });
    if (!accepted.login) return this.#refuse(request, accepted, accepted.seen === null);
    const facts = loginFacts(request, accepted.login.record);
    this.events.emit('loadedFromCookie', facts);
    if (accepted.login.sessionId !== null) this.events.emit('rememberTokenRotated', facts);
    return { user, isAuthenticated: true, login: accepted.login, isRemembered: true };
  }

  async #refuse(
    request: LoginRequest,
    { token, seen, verdict }: ShownToken,
    hasVanished = false,
  ): Promise<ResolvedUser | null> {
    if (seen && verdict === 'theft') {
      await this.remember.alarm(request, seen);
      return NOBODY;
    }
    const { remember = null } = seen?.record ?? {};
    if (seen && remember) await this.#expire(request, seen, seen.now >= remember.endsAt ? 'absolute' : 'idle');
    // Who brings the former session as well was under way while the user logged out, or in again: to clear the cookie could
    // take the new one away, since this answer may arrive last.
    const isUnderWay = hasVanished || this.sessions.held(request).includes(token.loginId);
    if (!isUnderWay) this.remember.clear(request);
    return null;
  }

  async #byRequestLoader(request: LoginRequest): Promise<ResolvedUser | null> {
    const loader = this.handlers.get('request-loader');
    const user = loader && (await loaded('The request loader', () => loader(request)));
    if (!user) return null;
    const userId = userIdOf(user, this.options.idAttribute);
    this.events.emit('loadedFromRequest', { ...clientFacts(request), userId });
    return { user, isAuthenticated: isActiveUser(user), login: null, isRemembered: false };
  }

  /**
   * The user of a login. Where they are gone so is the login, before a new user of that id inherits it; and where their
   * security stamp is another: they have changed what they prove with.
   */
  async #load(request: LoginRequest, login: SeenLogin): Promise<object | typeof TOO_LATE | null> {
    const { record } = login;
    const user = await loadUser(this.handlers, record.userId);
    if (user && hasStamp(record, stampHashOf(user))) return user;
    // The loader took its time, and the user has confirmed the login by the new stamp meanwhile: it is not over.
    const latest = user && (await this.logins.look(record.id));
    if (user && latest && hasStamp(latest.record, stampHashOf(user))) return TOO_LATE;
    const isEnded = await this.#end(request, login);
    if (!user || !isEnded) return null;
    if (record.stampHash === null) this.#missStamp();
    this.events.emit('loginRevoked', { ...loginFacts(request, record), reason: 'stamp' });
    return null;
  }

  /** Once: to the visitors it looks as if no password were right, and nothing else says why. */
  #missStamp(): void {
    if (this.#isStampMissed) return;
    this.#isStampMissed = true;
    this.#logger.warn(
      'A login was ended since its user had no "securityStamp" when loginUser() got them, and the user loader answers them with one. ' +
        'Where that ends every login, hand loginUser() the user as the user loader answers them.',
    );
  }

  /** Ends a login of which one part has ended, once the other has as well. */
  async #expire(request: LoginRequest, seen: SeenLogin, limit: 'idle' | 'absolute'): Promise<void> {
    if (isOver(seen.record, seen.now, this.options) && (await this.logins.end(seen.record.id)))
      this.events.emit('loginExpired', { ...loginFacts(request, seen.record), limit });
  }

  async #end(request: LoginRequest, { record }: SeenLogin): Promise<boolean> {
    const isEnded = await this.logins.end(record.id);
    this.remember.clear(request);
    return isEnded;
  }

  /** From nobody, and no cookie of the answer undoes what the browser has got since. */
  async #standAside(request: LoginRequest): Promise<ResolvedUser> {
    await this.sessions.open(request);
    this.sessions.throwAway(request);
    return NOBODY;
  }

  async #leave(request: LoginRequest): Promise<void> {
    await this.sessions.open(request);
    this.sessions.leave(request);
  }
}
