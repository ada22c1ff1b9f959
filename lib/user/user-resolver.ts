/** Who is it? The only place where the order of the search is written: login, then request loader, then nobody. */
import { LoginEventStream } from '../events/login-event-stream.js';
import { LoginFault } from '../exceptions/login-fault.js';
import { LoginUnavailableException } from '../exceptions/login-unavailable.exception.js';
import { keepOutOfCaches } from '../http/login-response.js';
import { responseOf } from '../http/login-request.js';
import type { LoginRequest } from '../http/login-request.js';
import type { LiveLogin, LoginRegistry } from '../logins/login-registry.js';
import type { ResolvedLoginOptions } from '../options/resolved-login-options.js';
import type { LoginSession } from '../session/login-session.js';
import { clientFacts, loginFacts } from './event-facts.js';
import { LoginHandlers } from './login-handlers.js';
import { isActiveUser, userIdOf } from './login-user.js';

/** Who a request is from. */
export interface ResolvedUser {
  /** the user as the application's loader gave it, or null */
  readonly user: object | null;
  /** somebody, and active */
  readonly isAuthenticated: boolean;
  /** the login that led to the user; null for nobody and for who the request loader named */
  readonly login: LiveLogin | null;
}

/** The answer for a visitor who is nobody. */
export const NOBODY: ResolvedUser = Object.freeze({ user: null, isAuthenticated: false, login: null });

/** Finds the user of a request. Ends what has to end on the way, and tells it. */
export class UserResolver {
  constructor(
    private readonly options: ResolvedLoginOptions,
    private readonly sessions: LoginSession,
    private readonly logins: LoginRegistry,
    private readonly handlers: LoginHandlers,
    private readonly events: LoginEventStream,
  ) {}

  /** @throws LoginUnavailableException where a store or a loader fails: never a silent nobody */
  async resolve(request: LoginRequest): Promise<ResolvedUser> {
    keepOutOfCaches(responseOf(request));
    this.events.emit('accessed', clientFacts(request));
    const login = await this.#liveLogin(request);
    // Who was just taken for a thief is nobody, whatever else the request brings.
    if (login === 'ended-by-protection') return NOBODY;
    return (login && (await this.#fromLogin(request, login))) ?? (await this.#fromRequest(request)) ?? NOBODY;
  }

  /** The login that the session cookie names, once every limit and session protection have been looked at. */
  async #liveLogin(request: LoginRequest): Promise<LiveLogin | null | 'ended-by-protection'> {
    const found = await this.sessions.find(request);
    if (found.verdict === 'gone') return null;
    const { login } = found;
    if (found.verdict !== 'alive') {
      if (await this.logins.end(login.record.id))
        this.events.emit('loginExpired', { ...loginFacts(request, login.record), limit: found.verdict });
      return null;
    }
    const protection = this.sessions.protection(request, login);
    if (protection === 'broken') {
      await this.logins.end(login.record.id);
      this.sessions.leave(request);
      this.events.emit('sessionProtected', { ...loginFacts(request, login.record), mode: 'strong' });
      return 'ended-by-protection';
    }
    const kept = protection === 'weakened' ? await this.#weaken(request, login) : login;
    if (kept) await this.sessions.touch(request, kept);
    return kept;
  }

  async #weaken(request: LoginRequest, login: LiveLogin): Promise<LiveLogin | null> {
    const stale = await this.logins.makeStale(login);
    if (stale && stale !== login) this.sessions.update(request, stale);
    this.events.emit('sessionProtected', { ...loginFacts(request, login.record), mode: 'basic' });
    return stale;
  }

  async #fromLogin(request: LoginRequest, login: LiveLogin): Promise<ResolvedUser | null> {
    const loader = this.handlers.get('user-loader');
    if (!loader) return null;
    const user = await loaded('The user loader', () => loader(login.record.userId));
    if (user) return { user, isAuthenticated: isActiveUser(user), login };
    // The user is gone: so is the login, before a new user of that id inherits it.
    await this.logins.end(login.record.id);
    this.sessions.leave(request);
    return null;
  }

  async #fromRequest(request: LoginRequest): Promise<ResolvedUser | null> {
    const loader = this.handlers.get('request-loader');
    const user = loader && (await loaded('The request loader', () => loader(request)));
    if (!user) return null;
    const userId = userIdOf(user, this.options.idAttribute);
    this.events.emit('loadedFromRequest', { ...clientFacts(request), userId });
    return { user, isAuthenticated: isActiveUser(user), login: null };
  }
}

async function loaded(what: string, load: () => unknown): Promise<object | null> {
  let user: unknown;
  try {
    user = await load();
  } catch (error) {
    throw new LoginUnavailableException(what, error);
  }
  if (user === undefined) return null;
  if (typeof user === 'object') return user;
  throw new LoginFault(
    'ERR_LOGIN_USER_ID',
    `${what} answered a ${typeof user}.`,
    'Answer the user as an object, or null.',
  );
}
