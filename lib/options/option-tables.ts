/**
 * The tables of all options, one for each group: names, defaults and checks. A new option is a row here and a member of
 * its interface in login-options.ts.
 */
import type { LoginRequest } from '../http/login-request.js';
import { cookieAttributeRules } from './cookie-options.js';
import type {
  LoginLifetimeOptions,
  LoginOptions,
  RememberOptions,
  SessionCookieOptions,
  SessionOptions,
} from './login-options.js';
import { loadMode } from './load-mode.js';
import { group } from './option-group.js';
import {
  call,
  choice,
  duration,
  durationWithin,
  flag,
  list,
  message,
  pastDate,
  pattern,
  text,
  unchecked,
  value,
} from './option-rules.js';
import type { OptionRule } from './option-rules.js';
import { origins } from './origin-option.js';
import { secrets } from './secrets.js';
import { view } from './view-option.js';

/** A table has a row for each option of the interface, and no other row. */
type TableOf<Options> = { readonly [Name in keyof Required<Options>]: OptionRule<unknown> };

const LOGIN = {
  idle: duration('24h'),
  absolute: duration('30d'),
  maxLogins: value(100, {
    accepts: (count) => Number.isInteger(count) && (count as number) >= 1 && (count as number) <= 1_000,
    remedy: 'Write a whole number from 1 to 1,000.',
  }),
  whenFull: choice('evict-oldest', ['evict-oldest', 'refuse']),
  // A long lag would keep the logins of a deleted user.
  loaderLag: durationWithin(0, { least: 0, most: 600_000, remedy: 'Write 0, or a duration of at most 10 m.' }),
} satisfies TableOf<LoginLifetimeOptions>;

const REMEMBER = {
  cookieName: text(null),
  idle: duration('14d'),
  absolute: duration('30d'),
  // A long grace would hide a stolen token. One under a second would take two tabs for a theft.
  grace: durationWithin('60s', { least: 1000, most: 600_000, remedy: 'Write a duration from 1 s to 10 m.' }),
  refreshEachRequest: flag(false),
  ...cookieAttributeRules,
} satisfies TableOf<RememberOptions>;

const SESSION_COOKIE = {
  ...cookieAttributeRules,
  persistent: flag(false),
} satisfies TableOf<SessionCookieOptions>;

const SESSION = {
  load: loadMode,
  name: text(null),
  anonymousName: text(null),
  cookie: group(SESSION_COOKIE),
  keepOnLogin: list([]),
} satisfies TableOf<SessionOptions>;

/** The table of `LoginModule.forRoot()`. */
export const OPTIONS = {
  secret: secrets,
  origin: origins,
  pathPrefix: pattern('', {
    matches: /^(\/[\w.~%-]+)+$/,
    remedy: 'Write the path that the proxy takes off, such as "/shop", without a slash at its end.',
  }),
  production: (given: unknown, name: string) => flag(process.env.NODE_ENV === 'production')(given, name),
  storage: unchecked,
  storeTimeout: duration('1s'),
  loginView: view,
  refreshView: view,
  loginMessage: message('Please log in to access this page.'),
  loginMessageCategory: text('message'),
  needsRefreshMessage: message('Please reauthenticate to access this page.'),
  needsRefreshMessageCategory: text('message'),
  localize: call((text: string, _request: LoginRequest): string => text),
  nextIn: choice('url', ['url', 'cookie']),
  forceHostForRedirects: pattern(null, {
    matches: /^[a-z0-9.-]+(:\d{1,5})?$/i,
    remedy: 'Write a host, such as "app.example" or "app.example:8443".',
  }),
  sessionProtection: choice('basic', ['basic', 'strong', false]),
  idAttribute: text(null),
  anonymousUser: call((): unknown => null),
  exemptMethods: (given: unknown, name: string) =>
    Object.freeze(list(['OPTIONS'])(given, name).map((method) => method.toUpperCase())),
  loginDisabled: flag(false),
  login: group(LOGIN),
  remember: group(REMEMBER),
  session: group(SESSION),
  notBefore: pastDate,
  userKeySalt: text(''),
} satisfies TableOf<LoginOptions>;
