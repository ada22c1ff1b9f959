/** Hands out the context of each request, and remembers which application a request belongs to. */
import { LoginFault } from '../exceptions/login-fault.js';
import type { LoginRequest } from '../http/login-request.js';
import type { UserResolver } from '../user/user-resolver.js';
import { LoginContext } from './login-context.js';

/** Every request belongs to one application, so two applications in a process share nothing here. */
const contexts = new WeakMap<object, LoginContext>();

/** The contexts of one application's requests. */
export class LoginContexts {
  constructor(
    private readonly resolver: UserResolver,
    private readonly anonymousUser: () => unknown,
  ) {}

  /** The context of a request of this application. @throws LoginFault ERR_LOGIN_NO_REQUEST for anything else */
  of(request: LoginRequest): LoginContext {
    if (typeof request !== 'object' || request === null || !('headers' in request))
      throw new LoginFault(
        'ERR_LOGIN_NO_REQUEST',
        `A request was expected and ${request === null ? 'null' : `a value of type ${typeof request}`} came.`,
        'Pass the request of the handler: @Req() req.',
      );
    let context = contexts.get(request);
    if (!context) contexts.set(request, (context = new LoginContext(request, this.resolver, this.anonymousUser)));
    return context;
  }
}

/**
 * The context that LoginModule's middleware made for a request: for decorators, which have no injection.
 * @throws LoginFault ERR_LOGIN_NO_REQUEST where the middleware has not seen it
 */
export function contextOf(request: object): LoginContext {
  const context = contexts.get(request);
  if (context) return context;
  throw new LoginFault(
    'ERR_LOGIN_NO_REQUEST',
    'LoginModule has not seen this request.',
    'Import LoginModule.forRoot() in the root module.',
  );
}
