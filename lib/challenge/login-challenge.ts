/** Sends who must log in, or log in afresh, to the view for it: one function for both. */
import { isBrowserNavigation, parameter, requestedUrl, responseOf } from '../http/login-request.js';
import type { LoginRequest } from '../http/login-request.js';
import { redirect } from '../http/login-response.js';
import type { ResolvedLoginOptions } from '../options/resolved-login-options.js';
import { AreaViews } from './area-views.js';
import { loginUrl, safeNext } from './login-url.js';
import { NoticeCookie } from './notice-cookie.js';
import type { Challenge } from './notice-cookie.js';

/** Stands in where no origin is configured: only paths are judged then, and a path has no origin of its own. */
const ANY_ORIGIN = 'http://localhost';

/** Where a visitor is sent, and where they go on to afterwards. */
export class LoginChallenge {
  constructor(
    private readonly options: ResolvedLoginOptions,
    private readonly notices: NoticeCookie,
    private readonly areas: AreaViews,
  ) {}

  /**
   * The address of the view, with the page of this request as `next` unless that travels in the cookie.
   * @param areaView the login view of this part of the application, where it has its own
   * @returns null where there is no view
   */
  url(request: LoginRequest, kind: Challenge, areaView: string | null): string | null {
    const view = this.#view(kind, areaView);
    const next = this.options.nextIn === 'url' ? requestedUrl(request) : undefined;
    return view === null ? null : loginUrl(view, next, this.#site());
  }

  /**
   * Redirects a browser navigation to the view, with a message for it.
   * @returns false, and nothing is done, for everybody else and where there is no view: a 401 is the answer
   */
  redirect(request: LoginRequest, kind: Challenge, areaView: string | null): boolean {
    const url = isBrowserNavigation(request) ? this.url(request, kind, areaView) : null;
    if (url === null) return false;
    const { message } = kind === 'login' ? this.options.loginView : this.options.refreshView;
    if (message !== null) this.notices.flash(request, kind);
    const next = this.options.nextIn === 'cookie' ? this.#safe(requestedUrl(request)) : undefined;
    if (next !== undefined) this.notices.keepNext(request, next);
    redirect(request, responseOf(request), url);
    return true;
  }

  /** The page to go on to after a login: from the cookie (taken out), or from `next` in query or body; judged either way. */
  next(request: LoginRequest): string | undefined {
    const given = this.options.nextIn === 'cookie' ? this.notices.takeNext(request) : undefined;
    return this.#safe(given ?? parameter(request, 'next'));
  }

  #view(kind: Challenge, areaView: string | null): string | null {
    return kind === 'login' ? (areaView ?? this.options.loginView.url) : this.options.refreshView.url;
  }

  #safe(next: string | undefined): string | undefined {
    const views = [this.options.loginView.url, this.options.refreshView.url, ...this.areas.urls];
    const refusedPaths = views.filter((url) => url !== null);
    return safeNext(next, { origin: this.options.origin ?? ANY_ORIGIN, refusedPaths });
  }

  #site(): { origin: string; forceHost: string | null } {
    return { origin: this.options.origin ?? ANY_ORIGIN, forceHost: this.options.forceHostForRedirects };
  }
}
