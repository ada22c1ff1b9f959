/** Builds `req.session` from express-session's own Session and Cookie, without running its middleware. */
import session from 'express-session';
import type { SessionData } from 'express-session';
import type { CookieAttributes } from '../http/cookies.js';
import type { HttpExchange } from '../http/http-exchange.js';
import type { LoginRegistry } from '../logins/login-registry.js';
import { valuesOf } from '../session/anonymous-sessions.js';
import type { AnonymousSessions } from '../session/anonymous-sessions.js';
import { SessionEngine } from '../session/session-engine.js';
import type { CurrentSession, SessionContent } from '../session/session-engine.js';
import { ExpressSessionStore } from './session-store.js';

/** The constructors that express-session exports and its types keep for themselves. */
const { Session, Cookie } = session as unknown as {
  readonly Session: new (request: object, data: object) => SessionData & { readonly id: string | null };
  readonly Cookie: new (options: object) => SessionData['cookie'];
};

/** The properties that express-session sets on a request. */
type Property = 'session' | 'sessionID' | 'sessionStore';

/**
 * Relies on these facts of express-session 1.19: `new Session(req, data)` takes its id from `req.sessionID`, the
 * methods of a session go through `req.sessionStore`, and `destroy` deletes `req.session`.
 * `test/contracts/express-session.spec.ts` names each fact that a new version breaks.
 */
class ExpressSessionEngine extends SessionEngine {
  constructor(
    private readonly store: ExpressSessionStore,
    private readonly attributes: CookieAttributes,
  ) {
    super();
  }

  override put({ request }: HttpExchange, { id, values, maxAge }: SessionContent): void {
    define(request, 'sessionID', id);
    define(request, 'sessionStore', this.store);
    const built = new Session(request, values);
    built.cookie = this.#cookie(maxAge);
    define(request, 'session', built);
  }

  override read({ request }: HttpExchange): CurrentSession | null {
    const { session: held } = request as { session?: unknown };
    if (!(held instanceof Session)) return null;
    return { id: held.id, readValues: () => valuesOf(held) };
  }

  override remove({ request }: HttpExchange): void {
    define(request, 'session', undefined);
  }

  /** Makes the cookie that handlers see. The response takes its own from the options. */
  #cookie(maxAge: number | null): SessionData['cookie'] {
    const { domain, ...attributes } = this.attributes;
    const cookie = new Cookie(domain === null ? attributes : { ...attributes, domain });
    if (maxAge !== null) cookie.maxAge = maxAge;
    return cookie;
  }
}

/** Takes the place of an accessor, or of the value before. */
function define(holder: object, name: Property, value: unknown): void {
  const enumerable = name !== 'sessionStore';
  Object.defineProperty(holder, name, { value, writable: true, enumerable, configurable: true });
}

/** Returns the engine of one application. */
export function makeSessionEngine(
  logins: LoginRegistry,
  anonymous: AnonymousSessions,
  attributes: CookieAttributes,
): SessionEngine {
  return new ExpressSessionEngine(new ExpressSessionStore(logins, anonymous), attributes);
}
