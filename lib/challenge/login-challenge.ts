/** Redirects a visitor to the view for a login or a fresh login. One function serves both. */
import type { HttpExchange } from '../http/http-exchange.js';
import type { ResolvedLoginOptions } from '../options/resolve-login-options.js';
import type { OnceLogger } from '../session/once-logger.js';
import type { AreaViews } from './area-views.js';
import { isViewPage, MAX_NEXT_LENGTH, loginUrl, safeNext } from './login-url.js';
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

/** Which view a visitor is sent to, and the page to go on to from there. */
export interface ChallengeRequest {
  /** a login, or a fresh one. Default: `'login'` */
  readonly kind?: Challenge | undefined;
  /** the page to go on to, as path and query. Default: the page of this request */
  readonly next?: string | undefined;
}

/** Decides where a visitor is sent, and where they go on to afterwards. */
export class LoginChallenge {
  constructor(
    private readonly options: ResolvedLoginOptions,
    private readonly areas: AreaViews,
    private readonly log: OnceLogger,
  ) {}

  /**
   * Returns the address of the view, with the page to go on to unless the cookie carries it. Null: no view.
   */
  url(challenged: ChallengedRequest, wanted: ChallengeRequest): string | null {
    const { kind = 'login' } = wanted;
    const view = kind === 'login' ? (challenged.loginView ?? this.options.loginView.url) : this.options.refreshView.url;
    const next = this.options.nextIn === 'url' ? this.#wantedNext(challenged, wanted) : undefined;
    const site = { origin: this.options.origin ?? ANY_ORIGIN, forceHost: this.options.forceHostForRedirects };
    return view === null ? null : loginUrl(view, next, site);
  }

  /** Keeps the message for the view, and the page to go on to where the cookie carries it. */
  keep(challenged: ChallengedRequest, wanted: ChallengeRequest): void {
    const { kind = 'login' } = wanted;
    const { message } = kind === 'login' ? this.options.loginView : this.options.refreshView;
    if (message !== null) challenged.notices.flash(kind);
    const next = this.options.nextIn === 'cookie' ? this.#safe(this.#wantedNext(challenged, wanted)) : undefined;
    if (next !== undefined && !challenged.notices.keepNext(next)) this.#warnOfLength();
  }

  /**
   * Redirects a browser navigation to the view, with a message for it.
   * @returns false, and nothing is done, for every other client, where there is no view, and where this page is the
   *   view: a 401 is the answer
   */
  redirect(challenged: ChallengedRequest, kind: Challenge): boolean {
    const { exchange } = challenged;
    const url = exchange.isNavigation ? this.url(challenged, { kind }) : null;
    if (url === null) return false;
    if (isViewPage(url, this.#ownPage(exchange), this.options.origin ?? ANY_ORIGIN)) return this.#warnOfCircle(url);

    this.keep(challenged, { kind });
    exchange.redirect(url);
    return true;
  }

  /** Returns the page to go on to after a login: out of the cookie, or `next` of query or body. Judged either way. */
  next({ exchange, notices }: ChallengedRequest): string | undefined {
    const given = this.options.nextIn === 'cookie' ? notices.takeNext() : undefined;
    return this.#safe(given ?? exchange.parameter('next'));
  }

  #wantedNext({ exchange }: ChallengedRequest, { next }: ChallengeRequest): string | undefined {
    return next === undefined ? this.#ownPage(exchange) : this.#safe(next);
  }

  /** The page as the browser knows it: a proxy may have taken a prefix off. */
  #ownPage({ url }: HttpExchange): string {
    return url.startsWith('/') ? this.options.pathPrefix + url : url;
  }

  #safe(next: string | undefined): string | undefined {
    const views = [this.options.loginView.url, this.options.refreshView.url, ...this.areas.urls];
    const refusedPaths = views.filter((url) => url !== null);
    const safe = safeNext(next, { origin: this.options.origin ?? ANY_ORIGIN, refusedPaths });
    if (safe === undefined && next !== undefined) this.#warnOfDropped(next);
    return safe;
  }

  /** To a developer it looks as if the visitor had come from nowhere. */
  #warnOfDropped(next: string): void {
    if (next.length > MAX_NEXT_LENGTH) return this.#warnOfLength();
    this.log.warn(
      'A "next" was dropped: only a path of this site counts, and neither a login view nor a logout. ' +
        'Visitors then go on to the default page.',
    );
  }

  /** The browser would follow redirects until it gives up, and show nothing. */
  #warnOfCircle(url: string): false {
    this.log.warn(
      `The page "${url.split('?', 1)[0]}" is a login view, and it refuses visitors itself: they get a 401. ` +
        'Mark its handler with @Public(), or take the guard off.',
    );
    return false;
  }

  #warnOfLength(): void {
    this.log.warn(
      `A "next" was dropped, because it was too long: the limit is ${MAX_NEXT_LENGTH} characters, and less in a ` +
        'cookie. Keep the data of such a page in the session, and let its address name the entry.',
    );
  }
}
