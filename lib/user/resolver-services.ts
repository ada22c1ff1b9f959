/** The services that the steps of the search for a user share. */
import type { LoginEventStream } from '../events/login-event-stream.js';
import type { LoginRegistry } from '../logins/login-registry.js';
import type { ResolvedLoginOptions } from '../options/resolve-login-options.js';
import type { OnceLogger } from '../session/once-logger.js';
import type { LoginHandlers } from './login-handlers.js';
import type { StampKinds } from './stamp-kinds.js';

/** The services that a step works with. */
export interface ResolverServices {
  readonly options: ResolvedLoginOptions;
  readonly logins: LoginRegistry;
  readonly handlers: LoginHandlers;
  readonly events: LoginEventStream;
  readonly log: OnceLogger;
  readonly stampKinds: StampKinds;
}
