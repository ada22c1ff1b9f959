/** The way in: the middleware that makes the context of every request, in front of everything else. */
import type { ServerResponse } from 'node:http';
import type { LoginContexts } from '../context/login-contexts.js';
import { LoginFault } from '../exceptions/login-fault.js';
import type { LoginRequest } from '../http/login-request.js';
import type { ResolvedLoginOptions } from '../options/resolve-login-options.js';
import { sessionMounted } from './check-express.js';
import type { ExpressApplication, ExpressLayer, HttpAdapter } from './check-express.js';
import { ExpressExchange } from './express-exchange.js';
import { preparePrototypes } from './express-prototypes.js';

type Next = (error?: unknown) => void;

/** Marks our middleware in Express's list, across copies of this package. */
const ENTRY = Symbol.for('nestjs-login entry');

/** Lets the requests of one application in. */
export class RequestEntry {
  /** True from the start of the application to its shutdown. */
  isServing = false;
  #adapter: HttpAdapter | undefined;

  constructor(
    private readonly contexts: LoginContexts,
    private readonly load: ResolvedLoginOptions['session']['load'],
  ) {}

  /**
   * Puts the middleware in front of all that main.ts has mounted, so that its middleware finds `req.session`.
   * @throws LoginFault ERR_LOGIN_MODULE where the Express instance serves another application with a LoginModule
   */
  mount(adapter: HttpAdapter): void {
    this.#adapter = adapter;
    preparePrototypes(adapter.getInstance() as ExpressApplication);
    const stack = stackOf(adapter);
    this.#removeFormer(stack);

    const middleware = this.#enter.bind(this);
    adapter.use(Object.assign(middleware, { [ENTRY]: this }));
    if (stack.at(-1)?.handle === middleware) stack.unshift(...stack.splice(-1));
  }

  /** Notes that the application has started: from now on no other one may take its place. */
  serve(): void {
    this.isServing = true;
  }

  /** True where the application answers GET requests of this path. */
  hasPage(path: string): boolean {
    const stack = this.#adapter ? stackOf(this.#adapter) : [];
    return stack.some((layer) => layer.route?.methods.get === true && Boolean(layer.match?.(path)));
  }

  /** Takes the middleware out, so that the Express instance can serve another application. */
  unmount(): void {
    this.isServing = false;
    const stack = this.#adapter ? stackOf(this.#adapter) : [];
    const at = stack.findIndex((layer) => entryOf(layer) === this);
    if (at >= 0) stack.splice(at, 1);
  }

  #enter(request: LoginRequest, response: ServerResponse, next: Next): void {
    let loading: Promise<void> | null;
    try {
      loading = this.#open(new ExpressExchange(request, response, next));
    } catch (error) {
      return next(error);
    }

    if (!loading) return next();
    // A client that has hung up waits for nothing, and a handler that reads its body now would wait for ever.
    void loading.then(() => (response.destroyed ? undefined : next()));
  }

  /** Returns a promise that the request has to wait for, or null. */
  #open(exchange: ExpressExchange): Promise<void> | null {
    const isTaken = Object.hasOwn(exchange.request, 'session');
    // First of all, because the session of another LoginModule is no express-session.
    const { session } = this.contexts.open(exchange);
    if (isTaken) throw sessionMounted('The application runs an express-session of its own in front of LoginModule.');

    const mode = typeof this.load === 'function' ? this.load(exchange.request) : this.load;
    return mode === 'on-demand' ? null : session.load();
  }

  /** A start that failed has left its middleware behind. A running application keeps its own. */
  #removeFormer(stack: ExpressLayer[]): void {
    const at = stack.findIndex((layer) => entryOf(layer));
    const former = stack[at] && entryOf(stack[at]);
    if (!former) return;
    if (!former.isServing) return void stack.splice(at, 1);

    throw new LoginFault(
      'ERR_LOGIN_MODULE',
      'This Express instance serves another application with a LoginModule.',
      'Give each application an Express instance of its own, or close the other one first.',
    );
  }
}

/** Makes the exchange of a request that has not passed the middleware; null for one without a response. */
export function openExchange(request: LoginRequest): ExpressExchange | null {
  return request.res ? new ExpressExchange(request, request.res) : null;
}

const stackOf = (adapter: HttpAdapter): ExpressLayer[] =>
  (adapter.getInstance() as ExpressApplication).router?.stack ?? [];

const entryOf = ({ handle }: ExpressLayer): RequestEntry | undefined =>
  (handle as { [ENTRY]?: RequestEntry } | undefined)?.[ENTRY];
