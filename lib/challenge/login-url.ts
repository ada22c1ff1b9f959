/** Makes the address of a login view, and checks the page that a visitor goes on to after a login. */

/** The rules for a page to go on to. */
export type NextRules = {
  /**
   * The own origin, such as `https://app.example`. No result contains it, so any origin serves where none is
   * configured.
   */
  readonly origin: string;
  /** The login and the refresh view, which would loop: paths or URLs. A view on another site refuses nothing. */
  readonly refusedPaths: readonly string[];
};

/** The settings that the address of a login view depends on. */
type LoginUrlSite = {
  /** The own origin from the configuration, never from a header. */
  readonly origin: string;
  /** The host that every redirect with a `next` names, or null (Flask-Login's FORCE_HOST_FOR_REDIRECTS). */
  readonly forceHost: string | null;
};

/** The longest accepted `next`, in characters. */
export const MAX_NEXT_LENGTH = 2048;

/**
 * Matches controls and blanks, DEL, backslashes and lone surrogates. Browsers strip some controls, so a TAB between two
 * slashes leaves `//`. They read a backslash as a slash. A lone surrogate has no UTF-8.
 */
const UNSAFE = /[^\x21-\u{10ffff}]|[\x7f\\\p{Cs}]/u;

/**
 * Returns the page to go on to after a login, as text for a Location header. Returns `undefined` for every value that
 * is no page of this site. Never throws, and never converts another type to text.
 *
 * The result begins with exactly one slash. It stays on the own origin when a browser resolves it (WHATWG URL). It is
 * neither a login or refresh view nor a logout. A second check returns it unchanged. Percent signs stay, and non-ASCII
 * text is percent-encoded.
 *
 * The rule implements OWASP ASVS 5.0 3.7.2, tried on the corpus in test/redirects. The result is checked once more,
 * because `/.//evil.example` is on the own origin and has the path `//evil.example`.
 *
 * @param value any value of the query, the body or the notice cookie
 */
export function safeNext(value: unknown, rules: NextRules): string | undefined {
  const page = ownPage(value, rules.origin);
  if (!page || goesInCircles(page, rules)) return undefined;
  const emitted = addressOf(page);
  const again = ownPage(emitted, rules.origin);
  return again && addressOf(again) === emitted ? emitted : undefined;
}

/**
 * Returns the address of a login or refresh view, with the page that the visitor wanted (Flask-Login's `login_url`).
 *
 * `next` replaces a parameter of that name in the view's own query. Other parameters keep their order and spelling, and
 * the fragment stays. A view on the own site gets the page as path and query. A view elsewhere gets it absolute, on the
 * configured origin. Decoding the parameter once returns the page letter for letter.
 *
 * As in Flask-Login, a view without a page is returned as it is, and a forced host replaces any host in the view.
 *
 * @param view a path (`/login?lang=en#form`) or an absolute http(s) URL
 * @param next path and query of the requested page. A target without a leading slash is no page, and left out: `*` and
 *   the absolute form of RFC 9112 section 3.2
 */
export function loginUrl(view: string, next: string | undefined, site: LoginUrlSite): string {
  if (!next?.startsWith('/')) return view;
  const { scheme, authority, path, query, fragment } = splitAddress(view);
  const page = isOwnSite(view, site.origin) ? next : new URL(site.origin).origin + next;
  const others = query.split('&').filter((part) => part !== '' && !new URLSearchParams(part).has('next'));
  const host = site.forceHost ? `//${site.forceHost}` : authority;
  return `${scheme}${host}${path}?${[...others, `next=${encodeParameter(page)}`].join('&')}${fragment}`;
}

/** Tells whether a page of the own site, as path and query, is the view itself. */
export function isViewPage(view: string, page: string, origin: string): boolean {
  if (!isOwnSite(view, origin) || !isOwnSite(page, origin)) return false;
  const [one, other] = [view, page].map((address) => segmentsOf(new URL(address, origin).pathname).join('/'));
  return one === other;
}

/** Returns the value as a page of the own site, or `undefined`. */
function ownPage(value: unknown, origin: string): URL | undefined {
  if (typeof value !== 'string' || value.length > MAX_NEXT_LENGTH || UNSAFE.test(value)) return undefined;
  if (!value.startsWith('/') || value.startsWith('//') || !isOwnSite(value, origin)) return undefined;
  const url = new URL(value, origin);
  return url.pathname.startsWith('//') ? undefined : url;
}

/** Tells whether a browser on the own site stays there when it follows this address. */
function isOwnSite(address: string, origin: string): boolean {
  if (!URL.canParse(address, origin)) return false;
  const [target, home] = [new URL(address, origin), new URL(origin)];
  // Compares the protocol as well, because blob:https://app.example/1 has the origin https://app.example.
  return target.origin === home.origin && target.protocol === home.protocol;
}

function addressOf(url: URL): string {
  return url.pathname + url.search + url.hash;
}

/** Recognises a login or refresh view, which would send the visitor back here, and a page that ends the new login. */
function goesInCircles(page: URL, rules: NextRules): boolean {
  if (segmentsOf(page.pathname).at(-1) === 'logout') return true;
  return rules.refusedPaths.some((view) => isViewPage(view, page.href, rules.origin));
}

/**
 * Returns the segments of a path for a comparison. Ignores case, doubled and trailing slashes, and the percent-encoding
 * of ASCII. Routers and proxies ignore them as well: Express takes /LOGIN/ to the route /login.
 */
function segmentsOf(pathname: string): string[] {
  const decoded = pathname.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return decoded.toLowerCase().split('/').filter(Boolean);
}

/** Splits an address into parts with their marks. The expression of RFC 3986 appendix B matches every text. */
function splitAddress(address: string) {
  const [, scheme = '', authority = '', path = '', query = '', fragment = ''] =
    /^([^:/?#]+:)?(\/\/[^/?#]*)?([^?#]*)(?:\?([^#]*))?(#[^]*)?$/.exec(address) ?? [];
  return { scheme, authority, path, query, fragment };
}

/** Encodes text for the value of a query parameter. Slashes stay readable, as RFC 3986 section 3.4 allows. */
function encodeParameter(text: string): string {
  return encodeURIComponent(text.replace(/\p{Cs}/gu, '\ufffd')).replaceAll('%2F', '/');
}
