/** The order of the search for a user: session, then remember cookie, then request loader, then nobody. */
import type { LoginContext } from '../context/login-context.js';
import { NOBODY } from '../context/resolved-user.js';
import type { ResolvedUser } from '../context/resolved-user.js';
import { clientFacts } from '../logins/event-facts.js';
import { ByRememberCookie } from './by-remember-cookie.js';
import { ByRequestLoader } from './by-request-loader.js';
import { BySession } from './by-session.js';
import { LoginUsers } from './login-users.js';
import type { RememberedLogins } from './remembered-logins.js';
import type { ResolverServices } from './resolver-services.js';

/** Finds the user of a request. Deletes what has to end on the way, and tells it. */
export class UserResolver {
  readonly #bySession: BySession;
  readonly #byRememberCookie: ByRememberCookie;
  readonly #byRequestLoader: ByRequestLoader;

  constructor(
    private readonly services: ResolverServices,
    remembered: RememberedLogins,
  ) {
    const users = new LoginUsers(services);
    this.#bySession = new BySession(services, users, remembered);
    this.#byRememberCookie = new ByRememberCookie(services, users, remembered);
    this.#byRequestLoader = new ByRequestLoader(services);
  }

  /**
   * Asks each step until one answers. A step ends the search with `NOBODY`: a visitor who was just taken for a thief is
   * nobody, whatever else the request brings.
   * @throws LoginUnavailableException where a store or a loader fails: never a silent nobody
   */
  async resolve(context: LoginContext): Promise<ResolvedUser> {
    const { exchange } = context;
    exchange.keepPrivate();
    this.services.events.emit('accessed', () => clientFacts(exchange));

    return (
      (await this.#bySession.resolve(context)) ??
      (await this.#byRememberCookie.resolve(context)) ??
      (await this.#byRequestLoader.resolve(context)) ??
      NOBODY
    );
  }
}
