/** The order of the search for a user: session, then remember cookie, then request loader, then nobody. */
import type { LoginContext } from '../context/login-context.js';
import { NOBODY } from '../context/resolved-user.js';
import type { ResolvedUser } from '../context/resolved-user.js';
import { LoginFault } from '../exceptions/login-fault.js';
import { clientFacts } from '../logins/event-facts.js';
import { ByRememberCookie } from './by-remember-cookie.js';
import { ByRequestLoader } from './by-request-loader.js';
import { BySession } from './by-session.js';
import { LoginUsers } from './login-users.js';
import type { RememberedLogins } from './remembered-logins.js';
import type { ResolverServices } from './resolver-services.js';
import { isLoaderFailure, LoaderFailedException } from './user-loading.js';

/** Finds the user of a request. Deletes logins that let nobody in any more, and emits their events. */
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
   * Asks each step until one returns a result. A step stops the search with `NOBODY`. A visitor that was just
   * identified as a thief is nobody, even if the request carries other credentials.
   *
   * If a loader fails, nobody is let in. Guards and changes of the login respond with the failure. A login page, a
   * logout and other public routes go on without a user.
   * @throws LoginUnavailableException if a store fails
   */
  async resolve(context: LoginContext): Promise<ResolvedUser> {
    const { exchange } = context;
    exchange.keepPrivate();
    this.services.events.emit('accessed', () => clientFacts(exchange));

    try {
      return await this.#search(context);
    } catch (error) {
      if (!isLoaderFailure(error)) throw error;
      this.#log(error);
      return { ...NOBODY, failure: error };
    }
  }

  async #search(context: LoginContext): Promise<ResolvedUser> {
    return (
      (await this.#bySession.resolve(context)) ??
      (await this.#byRememberCookie.resolve(context)) ??
      (await this.#byRequestLoader.resolve(context)) ??
      NOBODY
    );
  }

  /** Logs a failure. Logs nothing for an HttpException, because it concerns only this visitor. */
  #log(failure: Error): void {
    if (failure instanceof LoaderFailedException) this.services.log.error(`${failure.what} failed`, failure.cause);
    else if (failure instanceof LoginFault) this.services.log.error(failure.message);
  }
}
