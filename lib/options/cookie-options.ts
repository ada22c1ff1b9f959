/** Refuses names and attributes of cookies that browsers would drop in silence, or that would leak a cookie. */
import { LoginFault } from '../exceptions/login-fault.js';
import type { CookieAttributes, NamedCookie } from '../http/cookies.js';
import type { ValuesOf } from './option-group.js';
import { choice, flag, pattern } from './option-rules.js';

/** A token of RFC 6265. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/;
const PATH = /^\/[\x21-\x3a\x3c-\x7e]*$/;
const DOMAIN = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/i;

/** The rules of the attributes. Null stands for an attribute that the developer has left out. */
export const cookieAttributeRules = {
  path: pattern(null, { matches: PATH, remedy: `Write a path that begins with "/" and has no ";" in it.` }),
  domain: pattern(null, {
    matches: DOMAIN,
    remedy: `Write a host name such as "app.example", without a dot in front.`,
  }),
  secure: flag(null),
  httpOnly: flag(null),
  sameSite: choice(null, ['lax', 'strict', 'none']),
  partitioned: flag(null),
};

/** The settings of `resolveCookieAttributes`. */
interface CookieSettings {
  /** The name of the group that holds the attributes, for messages. */
  readonly group: string;
  readonly production: boolean;
  /** Replace the attributes that are missing. */
  readonly defaults?: CookieAttributes;
}

/**
 * Completes and checks the attributes of a cookie.
 * @throws LoginFault ERR_LOGIN_COOKIE where a browser would refuse or leak the cookie (RFC 6265bis, OWASP ASVS 3.3.1)
 */
export function resolveCookieAttributes(
  given: ValuesOf<typeof cookieAttributeRules>,
  { group, production, defaults = defaultAttributes(production) }: CookieSettings,
): CookieAttributes {
  const attributes: CookieAttributes = Object.freeze({
    path: given.path ?? defaults.path,
    domain: given.domain ?? defaults.domain,
    secure: given.secure ?? defaults.secure,
    httpOnly: given.httpOnly ?? defaults.httpOnly,
    sameSite: given.sameSite ?? defaults.sameSite,
    partitioned: given.partitioned ?? defaults.partitioned,
  });

  if (attributes.sameSite === 'none' && !attributes.secure)
    throw fault(
      'A cookie with sameSite "none" is dropped by browsers unless it is Secure.',
      'Set "secure" to true as well, or sameSite to "lax".',
    );
  if (attributes.partitioned && !attributes.secure)
    throw fault(
      'A partitioned cookie is dropped by browsers unless it is Secure.',
      'Set "secure" to true as well, or take "partitioned" out.',
    );
  if (production) refuseLeaks(attributes, group);
  return attributes;
}

const defaultAttributes = (production: boolean): CookieAttributes => ({
  path: '/',
  domain: null,
  secure: production,
  httpOnly: true,
  sameSite: 'lax',
  partitioned: false,
});

function refuseLeaks({ secure, httpOnly }: CookieAttributes, group: string): void {
  if (!secure)
    throw fault(
      `In production the cookie of "${group}" must be Secure.`,
      `Take "${group}.secure: false" out, or set "production" to false where this is no production.`,
    );
  if (!httpOnly)
    throw fault(
      `In production the cookie of "${group}" must be HttpOnly: a script that reads it can carry the login away.`,
      `Take "${group}.httpOnly: false" out.`,
    );
}

/** Returns the name with the strictest prefix that browsers accept with these attributes. */
export function defaultCookieName(base: string, { secure, path, domain }: CookieAttributes): string {
  if (!secure) return base;
  return path === '/' && domain === null ? `__Host-${base}` : `__Secure-${base}`;
}

/** Makes a cookie. @throws LoginFault ERR_LOGIN_COOKIE where its name is invalid or contradicts its attributes */
export function resolveCookie(name: string, attributes: CookieAttributes): NamedCookie {
  if (!NAME.test(name))
    throw fault(
      `A cookie cannot be named ${JSON.stringify(name)}.`,
      'Use letters, digits, "-" and "_", at most 64 of them.',
    );

  const prefix = name.toLowerCase();
  if (prefix.startsWith('__host-') && (attributes.domain !== null || attributes.path !== '/' || !attributes.secure))
    throw fault(
      `Browsers drop the cookie "${name}": a __Host- cookie is Secure, has path "/" and no domain.`,
      'Take the prefix off the name, or set these attributes.',
    );
  if (prefix.startsWith('__secure-') && !attributes.secure)
    throw fault(
      `Browsers drop the cookie "${name}": a __Secure- cookie is Secure.`,
      'Take the prefix off the name, or set "secure" to true.',
    );
  return Object.freeze({ name, attributes });
}

/** Refuses two cookies of one name. @throws LoginFault ERR_LOGIN_COOKIE */
export function refuseSameName(...cookies: readonly NamedCookie[]): void {
  const names = cookies.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice !== undefined)
    throw fault(
      `Two cookies are named "${twice}".`,
      'Change "session.name", "session.anonymousName" or "remember.cookieName".',
    );
}

/**
 * Refuses a remember cookie that browsers send without the session cookie. The session of such a request would look
 * lost, and a restored login would overwrite it.
 * @throws LoginFault ERR_LOGIN_COOKIE
 */
export function refuseWiderRemember(session: NamedCookie, remember: NamedCookie): void {
  const [own, other] = [remember.attributes, session.attributes];
  const below = other.path.endsWith('/') ? other.path : `${other.path}/`;
  if (own.path !== other.path && !own.path.startsWith(below))
    throw fault(
      `The remember cookie is sent below "${own.path}", and the session cookie below "${other.path}" alone.`,
      'Take "session.cookie.path" out, or set "remember.path" to the same path or one below it.',
    );

  const looseness = ['strict', 'lax', 'none'];
  if (looseness.indexOf(own.sameSite) > looseness.indexOf(other.sameSite))
    throw fault(
      `The remember cookie has sameSite "${own.sameSite}", and the session cookie "${other.sameSite}": ` +
        'requests from other sites bring the one without the other.',
      'Set "remember.sameSite" to the value of "session.cookie.sameSite", or a stricter one.',
    );
}

const fault = (problem: string, remedy: string): LoginFault => new LoginFault('ERR_LOGIN_COOKIE', problem, remedy);
