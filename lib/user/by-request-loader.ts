/** The third step of the search for a user, which asks the application's request loader. */
import type { LoginContext } from '../context/login-context.js';
import type { ResolvedUser } from '../context/resolved-user.js';
import { clientFacts } from '../logins/event-facts.js';
import { isActiveUser, userIdOf } from './login-user.js';
import { OTHER_TENANT } from './other-tenant.js';
import type { ResolverServices } from './resolver-services.js';
import { callLoginLoader } from './user-loading.js';

/** Finds the user by the request loader. This user is never fresh, because there is no login. */
export class ByRequestLoader {
  constructor(private readonly services: ResolverServices) {}

  /** Returns the user, or null. */
  async resolve({ exchange }: LoginContext): Promise<ResolvedUser | null> {
    const { handlers, options, events } = this.services;
    const loader = handlers.get('request-loader');
    const user = loader && (await callLoginLoader('The request loader', () => loader(exchange.request)));
    if (!user || user === OTHER_TENANT) return null;

    const userId = userIdOf(user, options.idAttribute);
    events.emit('loadedFromRequest', () => ({ ...clientFacts(exchange), userId }));
    return { user, isAuthenticated: isActiveUser(user), login: null, isRemembered: false };
  }
}
