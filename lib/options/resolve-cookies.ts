/** Resolves the cookies of this package, and checks that they get along. */
import type { NamedCookie } from '../http/cookies.js';
import {
  defaultCookieName,
  refuseSameName,
  refuseWiderRemember,
  resolveCookie,
  resolveCookieAttributes,
} from './cookie-options.js';
import type { OptionGroups } from './option-groups.js';
import type { OptionReader } from './option-reader.js';

/** The cookies of this package. */
interface OwnCookies {
  readonly session: NamedCookie;
  readonly anonymous: NamedCookie;
  readonly remember: NamedCookie;
  readonly notice: NamedCookie;
}

/**
 * Reads the options of all cookies.
 * @throws LoginFault ERR_LOGIN_COOKIE, ERR_LOGIN_INVALID_OPTION
 */
export function resolveCookies(groups: OptionGroups, { production }: { readonly production: boolean }): OwnCookies {
  const attributes = resolveCookieAttributes(groups.sessionCookie, { production });
  const rememberAttributes = resolveCookieAttributes(groups.remember, { production, defaults: attributes });
  const noticeAttributes = Object.freeze({ ...attributes, path: '/', domain: null, httpOnly: true });

  const session = resolveCookie(groups.session.text('name', defaultCookieName('session', attributes)), attributes);
  const anonymous = resolveAnonymousCookie(groups.session, session);
  const remember = resolveCookie(
    groups.remember.text('cookieName', defaultCookieName('remember', rememberAttributes)),
    rememberAttributes,
  );
  const notice = resolveCookie(defaultCookieName('login-notice', noticeAttributes), noticeAttributes);

  refuseSameName(session, anonymous, remember, notice);
  refuseWiderRemember(session, remember);
  return { session, anonymous, remember, notice };
}

function resolveAnonymousCookie(options: OptionReader, session: NamedCookie): NamedCookie {
  const name = options.text('anonymousName', null);
  return name === null
    ? Object.freeze({ name: `${session.name}-anonymous`, attributes: session.attributes })
    : resolveCookie(name, session.attributes);
}
