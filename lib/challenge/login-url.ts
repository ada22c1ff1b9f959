/** The addresses of a challenge: where a refused visitor is sent, and which page they may go on to afterwards. */

/** What a page to go on to is judged by. */
export type NextRules = {
  /** Our own origin, such as `https://app.example`; any stand-in serves where none is configured: nothing of it is emitted. */
  readonly origin: string;
  /** The login and the refresh view: to go on there would loop. Paths or URLs; what lies on another site refuses nothing. */
  readonly refusedPaths: readonly string[];
};

/** What the address of a login view depends on. */
type LoginUrlSite = {
  /** Our own origin from the configuration, never from a header. */
  readonly origin: string;
  /** The host that every redirect with a `next` names, or null (Flask-Login's FORCE_HOST_FOR_REDIRECTS). */
  readonly forceHost: string | null;
};

/** The longest `next` that is followed, in characters. */
const MAX_LENGTH = 2048;

/**
 * Controls and blank (browsers strip some of them: TAB between two slashes leaves `//`), DEL, backslash (browsers read it
 * as a slash) and lone surrogates (they have no UTF-8).
 */
const UNSAFE = /[^\x21-\u{10ffff}]|[\x7f\\\p{Cs}]/u;

/**
 * The page to go on to after a login, as it goes into a Location, or `undefined` for whatever is no page of ours.
 *
 * Guaranteed of what is returned: it begins with exactly one slash, it stays on our origin when a browser resolves it
 * (WHATWG URL), judged again it is returned unchanged, and it is neither a login or refresh view nor a logout. Never
 * throws and never turns another type into text. Percent signs are kept; non-ASCII text comes out percent-encoded.
 *
 * The rule is OWASP ASVS 5.0 3.7.2 put into practice on the corpus in test/redirects. What is emitted is judged once
 * more because `/.//evil.example` is on our origin, but its path is `//evil.example`.
 *
 * @param value whatever came in the query, the body or the notice cookie
 */
export function safeNext(value: unknown, rules: NextRules): string | undefined {
  const page = ownPage(value, rules.origin);
  if (!page || goesInCircles(page, rules)) return undefined;
  const emitted = addressOf(page);
  const again = ownPage(emitted, rules.origin);
  return again && addressOf(again) === emitted ? emitted : undefined;
}

/**
 * The address of a login or refresh view that knows the page the visitor wanted: Flask-Login's `login_url`.
 *
 * `next` takes the place of one in the view's own query; other parameters keep their order and spelling, the fragment
 * stays. A view on our own site gets the page as path and query, a view elsewhere gets it absolute, on our configured
 * origin. One decoding of the parameter gives the page letter for letter. As in Flask-Login, a view without a page to
 * tell is returned as it is, and a forced host takes the place of whatever host the view names.
 *
 * @param view a path (`/login?lang=en#form`) or an absolute http(s) URL
 * @param next path and query of the page as the client asked for it; what begins with no slash (the `*` and the absolute
 *   form of a request target, RFC 9112 section 3.2) is no page and left out
 */
export function loginUrl(view: string, next: string | undefined, site: LoginUrlSite): string {
  if (!next?.startsWith('/')) return view;
  const { scheme, authority, path, query, fragment } = splitAddress(view);
  const page = isOwnSite(view, site.origin) ? next : new URL(site.origin).origin + next;
  const others = query.split('&').filter((part) => part !== '' && !new URLSearchParams(part).has('next'));
  const host = site.forceHost ? `//${site.forceHost}` : authority;
  return `${scheme}${host}${path}?${[...others, `next=${encodeParameter(page)}`].join('&')}${fragment}`;
}

/** The value as a page of our own site, or `undefined`. */
function ownPage(value: unknown, origin: string): URL | undefined {
  if (typeof value !== 'string' || value.length > MAX_LENGTH || UNSAFE.test(value)) return undefined;
  if (!value.startsWith('/') || value.startsWith('//') || !isOwnSite(value, origin)) return undefined;
  const url = new URL(value, origin);
  return url.pathname.startsWith('//') ? undefined : url;
}

/** True where a browser that stands on our site and follows this address is on our site still. */
function isOwnSite(address: string, origin: string): boolean {
  if (!URL.canParse(address, origin)) return false;
  const [target, home] = [new URL(address, origin), new URL(origin)];
  // The origin alone is not enough: blob:https://app.example/1 reports https://app.example as its own.
  return target.origin === home.origin && target.protocol === home.protocol;
}

function addressOf(url: URL): string {
  return url.pathname + url.search + url.hash;
}

/** True for a login or refresh view, which would send the visitor back here, and for a page that ends the new login. */
function goesInCircles(page: URL, rules: NextRules): boolean {
  const segments = segmentsOf(page.pathname);
  if (segments.at(-1) === 'logout') return true;
  return rules.refusedPaths
    .filter((view) => isOwnSite(view, rules.origin))
    .some((view) => segmentsOf(new URL(view, rules.origin).pathname).join('/') === segments.join('/'));
}

/**
 * The segments by which two paths are told apart: case, doubled and trailing slashes and percent-encoded ASCII aside,
 * because routers and proxies set them aside as well (Express takes /LOGIN/ to the route /login).
 */
function segmentsOf(pathname: string): string[] {
  const decoded = pathname.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return decoded.toLowerCase().split('/').filter(Boolean);
}

/** The parts of an address with their marks, by the expression of RFC 3986 appendix B: every text matches. */
function splitAddress(address: string) {
  const [, scheme = '', authority = '', path = '', query = '', fragment = ''] =
    /^([^:/?#]+:)?(\/\/[^/?#]*)?([^?#]*)(?:\?([^#]*))?(#[^]*)?$/.exec(address) ?? [];
  return { scheme, authority, path, query, fragment };
}

/** Text as the value of a query parameter; slashes stay readable, as a query may hold them (RFC 3986 section 3.4). */
function encodeParameter(text: string): string {
  return encodeURIComponent(text.replace(/\p{Cs}/gu, '\ufffd')).replaceAll('%2F', '/');
}
