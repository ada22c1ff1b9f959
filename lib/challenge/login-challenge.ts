/** Sends a visitor who must log in, or log in afresh, to the view for it: one function for both. */
import type { HttpExchange } from '../http/http-exchange.js';
import type { ResolvedLoginOptions } from '../options/resolved-login-options.js';
import type { AreaViews } from './area-views.js';
import { loginUrl, safeNext } from './login-url.js';
import type { Challenge, Notices } from './notices.js';

/** Stands in where no origin is configured: only paths are judged then, and a path has no origin of its own. */
const ANY_ORIGIN = 'http://localhost';

/** A refused request, as far as its challenge depends on it. */
export interface ChallengedRequest {
  readonly exchange: HttpExchange;
  readonly notices: Notices;
  /** the login view of this part of the application, where it has its own */
  readonly loginView: string | null;
}

/** Decides where a visitor is sent, and where they go on to afterwards. */
export class LoginChallenge {
  constructor(
    private readonly options: ResolvedLoginOptions,
    private readonly areas: AreaViews,
  ) {}

  /**
   * Returns the address of the view, with the page of this request as `next` unless the cookie carries it. Null: no
   * view.
   */
  url({ exchange, loginView }: ChallengedRequest, kind: Challenge): string | null {
    const view = kind === 'login' ? (loginView ?? this.options.loginView.url) : this.options.refreshView.url;
    const next = this.options.nextIn === 'url' ? exchange.url : undefined;
    const site = { origin: this.options.origin ?? ANY_ORIGIN, forceHost: this.options.forceHostForRedirects };
    return view === null ? null : loginUrl(view, next, site);
  }

  /**
   * Redirects a browser navigation to the view, with a message for it.
   * @returns false, and nothing is done, for every other client and where there is no view: a 401 is the answer
   */
  redirect(challenged: ChallengedRequest, kind: Challenge): boolean {
    const { exchange, notices } = challenged;
    const url = exchange.isNavigation ? this.url(challenged, kind) : null;
    if (url === null) return false;

    const { message } = kind === 'login' ? this.options.loginView : this.options.refreshView;
    if (message !== null) notices.flash(kind);
    const next = this.options.nextIn === 'cookie' ? this.#safe(exchange.url) : undefined;
    if (next !== undefined) notices.keepNext(next);
    exchange.redirect(url);
    return true;
  }

  /** Returns the page to go on to after a login: out of the cookie, or `next` of query or body. Judged either way. */
  next({ exchange, notices }: ChallengedRequest): string | undefined {
    const given = this.options.nextIn === 'cookie' ? notices.takeNext() : undefined;
    return this.#safe(given ?? exchange.parameter('next'));
  }

  #safe(next: string | undefined): string | undefined {
    const views = [this.options.loginView.url, this.options.refreshView.url, ...this.areas.urls];
    const refusedPaths = views.filter((url) => url !== null);
    return safeNext(next, { origin: this.options.origin ?? ANY_ORIGIN, refusedPaths });
  }
}
