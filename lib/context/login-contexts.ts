/** Returns the context of each request, and checks that the request belongs to this application. */
import { LoginFault } from '../exceptions/login-fault.js';
import type { HttpExchange } from '../http/http-exchange.js';
import type { LoginRequest } from '../http/login-request.js';
import { originalRequest } from '../http/request-of.js';
import { findContext, setContext } from './context-slot.js';
import type { LoginApplication } from './login-application.js';
import { LoginContext } from './login-context.js';
import type { ResolveUser } from './login-context.js';

/** Makes the exchange of a request that has not passed the middleware; null for one without a response. */
export type OpenExchange = (request: LoginRequest) => HttpExchange | null;

/**
 * The contexts of one application's requests. Each request belongs to one application, so two applications in one
 * process share nothing.
 */
export class LoginContexts {
  constructor(
    private readonly application: LoginApplication,
    private readonly resolveUser: ResolveUser,
    private readonly openExchange: OpenExchange,
  ) {}

  /**
   * Returns the context of a request of this application.
   * @throws LoginFault ERR_LOGIN_NO_REQUEST for a request of another application, and for a value that is no request
   */
  of(given: LoginRequest): LoginContext {
    const context = contextBehind(given);
    if (context?.application === this.application) return context;
    if (context)
      throw new LoginFault(
        'ERR_LOGIN_NO_REQUEST',
        'This request belongs to another application with a LoginModule of its own.',
        'Ask the LoginManagerService of the application that received the request.',
      );

    const exchange = this.openExchange(originalRequest(given));
    if (exchange) return this.open(exchange);
    throw new LoginFault(
      'ERR_LOGIN_NO_REQUEST',
      'This request has no response, as the upgrade request of a socket has none.',
      'Ask in an HTTP handler, and hand the result to the socket.',
    );
  }

  /**
   * Makes the context of a request that arrives.
   * @throws LoginFault ERR_LOGIN_MODULE if the request has passed a LoginModule before
   */
  open(exchange: HttpExchange): LoginContext {
    const { request } = exchange;
    if (findContext(request))
      throw new LoginFault(
        'ERR_LOGIN_MODULE',
        'A request has passed the LoginModule of another application before.',
        'Let each application with a LoginModule listen by itself, and do not mount one in the other.',
      );
    const context = new LoginContext(exchange, this.application, this.resolveUser);
    setContext(request, context);
    exchange.connect(context.session);
    return context;
  }
}

/**
 * Returns the context that LoginModule's middleware made for a request. Decorators call it, because they have no
 * injection.
 * @throws LoginFault ERR_LOGIN_NO_REQUEST if the request has not passed the middleware
 */
export function contextOf(given: unknown): LoginContext {
  const context = contextBehind(given);
  if (context) return context;
  throw new LoginFault(
    'ERR_LOGIN_NO_REQUEST',
    'LoginModule has not seen this request.',
    'Import LoginModule.forRoot() in the root module.',
  );
}

/**
 * Returns the context of the given object, or of the request behind it. In most cases the object is the request itself.
 */
function contextBehind(given: unknown): LoginContext | undefined {
  const context = typeof given === 'object' && given !== null ? findContext(given) : undefined;
  return context ?? findContext(originalRequest(given));
}
