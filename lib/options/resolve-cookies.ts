/** Resolves the cookies of this package, and checks that they get along. */
import type { NamedCookie } from '../http/cookies.js';
import {
  defaultCookieName,
  refuseSameName,
  refuseWiderRemember,
  resolveCookie,
  resolveCookieAttributes,
} from './cookie-options.js';
import type { ValuesOf } from './option-group.js';
import type { OPTIONS } from './option-tables.js';

/** The cookies of this package. */
interface OwnCookies {
  readonly session: NamedCookie;
  readonly anonymous: NamedCookie;
  readonly remember: NamedCookie;
  readonly notice: NamedCookie;
}

/** Resolves all cookies. @throws LoginFault ERR_LOGIN_COOKIE */
export function resolveCookies({
  production,
  session: { name, anonymousName, cookie },
  remember: { cookieName, ...rememberCookie },
}: Pick<ValuesOf<typeof OPTIONS>, 'production' | 'session' | 'remember'>): OwnCookies {
  const attributes = resolveCookieAttributes(cookie, { group: 'session.cookie', production });
  const rememberAttributes = resolveCookieAttributes(rememberCookie, {
    group: 'remember',
    production,
    defaults: attributes,
  });
  const noticeAttributes = Object.freeze({ ...attributes, path: '/', domain: null, httpOnly: true });

  const session = resolveCookie(name ?? defaultCookieName('session', attributes), attributes);
  const anonymous = resolveAnonymousCookie(anonymousName, session);
  const remember = resolveCookie(cookieName ?? defaultCookieName('remember', rememberAttributes), rememberAttributes);
  const notice = resolveCookie(defaultCookieName('login-notice', noticeAttributes), noticeAttributes);

  refuseSameName(session, anonymous, remember, notice);
  refuseWiderRemember(session, remember);
  return { session, anonymous, remember, notice };
}

const resolveAnonymousCookie = (name: string | null, session: NamedCookie): NamedCookie =>
  name === null
    ? Object.freeze({ name: `${session.name}-anonymous`, attributes: session.attributes })
    : resolveCookie(name, session.attributes);
