/** The services that the changes of a login share. */
import type { UserLogins } from '../logins/user-logins.js';
import type { RememberedLogins } from '../user/remembered-logins.js';
import type { ResolverServices } from '../user/resolver-services.js';

/** The services that an action works with. */
export interface ActionServices extends ResolverServices {
  readonly userLogins: UserLogins;
  readonly remembered: RememberedLogins;
}
