/** Turns what the user wrote into ResolvedLoginOptions: the only defaults, and every check that needs no running application. */
import { LoginFault } from '../exceptions/login-fault.js';
import type { LoginStorage } from '../logins/login-storage.js';
import type { LoginStore } from '../logins/login-store.js';
import {
  defaultCookieName,
  refuseSameName,
  refuseWiderRemember,
  resolveCookie,
  resolveCookieAttributes,
} from './cookie-options.js';
import { milliseconds } from './duration.js';
import { refuseUnknown } from './known-names.js';
import { invalidOption, OptionReader } from './option-reader.js';
import type { ResolvedLoginOptions, View } from './resolved-login-options.js';
import { resolveSecrets } from './secrets.js';
import { checkView, requireOrigin } from './view-option.js';

const NAMES = [
  'secret', 'origin', 'production', 'storage', 'storeTimeout', 'loginView', 'refreshView',
  'loginMessage', 'loginMessageCategory', 'needsRefreshMessage', 'needsRefreshMessageCategory',
  'localize', 'nextIn', 'forceHostForRedirects', 'sessionProtection', 'idAttribute', 'anonymousUser',
  'exemptMethods', 'loginDisabled', 'login', 'remember', 'session', 'notBefore', 'userKeySalt',
]; // prettier-ignore
/** What a LoginStore has. Asked by name, not by class: two copies of a class (ES module and CommonJS) are one port. */
const STORE_METHODS: readonly (keyof LoginStore)[] = [
  'now',
  'insert',
  'find',
  'saveValues',
  'replace',
  'touch',
  'delete',
  'listByUser',
  'deleteByUser',
  'deleteExpired',
];
const SESSION_STORE_METHODS: readonly (keyof LoginStorage['sessions'])[] = ['get', 'set', 'destroy'];
const LOGIN_NAMES = ['idle', 'absolute', 'maxLogins', 'whenFull'];
const REMEMBER_NAMES = [
  'cookieName', 'idle', 'absolute', 'grace', 'refreshEachRequest', 'path', 'domain', 'secure', 'httpOnly', 'sameSite',
]; // prettier-ignore
const SESSION_NAMES = ['name', 'cookie', 'keepOnLogin'];
const COOKIE_NAMES = ['path', 'domain', 'secure', 'httpOnly', 'sameSite', 'persistent'];

/**
 * @param given the options as the user wrote them
 * @param memoryStorage makes the storage of who names none
 * @throws LoginFault for the first thing that is wrong, naming it and its remedy
 */
export function resolveLoginOptions(given: unknown, memoryStorage: () => LoginStorage): ResolvedLoginOptions {
  refuseUnknown(given, NAMES, '');
  const { login = {}, remember = {}, session = {} } = given;
  refuseUnknown(login, LOGIN_NAMES, 'login');
  refuseUnknown(remember, REMEMBER_NAMES, 'remember');
  refuseUnknown(session, SESSION_NAMES, 'session');
  const { cookie = {} } = session;
  refuseUnknown(cookie, COOKIE_NAMES, 'session.cookie');

  const options = new OptionReader(given);
  const secrets = resolveSecrets(given.secret);
  const production = options.flag('production', process.env.NODE_ENV === 'production');
  const origin = resolveOrigin(given.origin);
  const cookieReader = new OptionReader(cookie, 'session.cookie.');
  const attributes = resolveCookieAttributes(cookieReader, 'session.cookie', production);
  const loginReader = new OptionReader(login, 'login.');
  const rememberReader = new OptionReader(remember, 'remember.');
  const rememberAttributes = resolveCookieAttributes(rememberReader, 'remember', production, attributes);
  const notice = Object.freeze({ ...attributes, path: '/', domain: null, httpOnly: true });
  const sessionCookie = resolveCookie(
    new OptionReader(session, 'session.').text('name', defaultCookieName('session', attributes)),
    attributes,
  );
  const rememberCookie = resolveCookie(
    rememberReader.text('cookieName', defaultCookieName('remember', rememberAttributes)),
    rememberAttributes,
  );
  const noticeCookie = resolveCookie(defaultCookieName('login-notice', notice), notice);
  refuseSameName(sessionCookie, rememberCookie, noticeCookie);
  refuseWiderRemember(sessionCookie, rememberCookie);
  const idle = milliseconds(login.idle, 'login.idle', '24h');
  const absolute = milliseconds(login.absolute, 'login.absolute', '30d');
  const loginDisabled = options.flag('loginDisabled', false);
  if (production && loginDisabled)
    throw new LoginFault(
      'ERR_LOGIN_DISABLED_IN_PRODUCTION',
      'The option "loginDisabled" opens every guarded route.',
      'Take it out; it is for tests.',
    );

  return Object.freeze({
    secrets,
    origin,
    production,
    storage: resolveStorage(given.storage, production, memoryStorage),
    storeTimeout: milliseconds(given.storeTimeout, 'storeTimeout', '1s'),
    loginView: resolveView(options, 'loginView', origin, {
      message: options.message('loginMessage', 'Please log in to access this page.'),
      category: options.text('loginMessageCategory', 'message'),
    }),
    refreshView: resolveView(options, 'refreshView', origin, {
      message: options.message('needsRefreshMessage', 'Please reauthenticate to access this page.'),
      category: options.text('needsRefreshMessageCategory', 'message'),
    }),
    localize: options.call('localize', (message: string) => message),
    nextIn: options.choice<'url' | 'cookie'>('nextIn', 'url', ['url', 'cookie']),
    forceHostForRedirects: options.value<string | null>(
      'forceHostForRedirects',
      null,
      isHost,
      'Write a host, such as "app.example" or "app.example:8443".',
    ),
    sessionProtection: options.choice<ResolvedLoginOptions['sessionProtection']>('sessionProtection', 'basic', [
      'basic',
      'strong',
      false,
    ]),
    idAttribute: options.text('idAttribute', null),
    anonymousUser: options.call('anonymousUser', () => null),
    exemptMethods: Object.freeze(options.list('exemptMethods', ['OPTIONS']).map((method) => method.toUpperCase())),
    loginDisabled,
    idle,
    absolute,
    maxLogins: loginReader.value('maxLogins', 100, isCount, 'Write a whole number from 1 to 10,000.'),
    whenFull: loginReader.choice<'evict-oldest' | 'refuse'>('whenFull', 'evict-oldest', ['evict-oldest', 'refuse']),
    notBefore: resolveNotBefore(given.notBefore),
    rememberIdle: milliseconds(remember.idle, 'remember.idle', '14d'),
    rememberAbsolute: milliseconds(remember.absolute, 'remember.absolute', '30d'),
    grace: resolveGrace(remember.grace),
    refreshEachRequest: rememberReader.flag('refreshEachRequest', false),
    rememberCookie,
    sessionCookie: Object.freeze({ ...sessionCookie, persistent: cookieReader.flag('persistent', false) }),
    noticeCookie,
    keepOnLogin: new OptionReader(session, 'session.').list('keepOnLogin', []),
    userKeySalt: options.text('userKeySalt', ''),
  });
}

/** @throws LoginFault ERR_LOGIN_INVALID_OPTION for what is no date, and for one that would end every login to come */
function resolveNotBefore(given: unknown): number {
  if (given === undefined) return 0;
  const time = given instanceof Date ? given.getTime() : Number.NaN;
  if (time <= Date.now()) return time;
  throw invalidOption('notBefore', given, 'Write a date that has passed, such as new Date("2026-01-31T12:00:00Z").');
}

/** A long grace would let a stolen token go unseen, one of under a second would take two tabs for a theft. */
function resolveGrace(given: unknown): number {
  const grace = milliseconds(given, 'remember.grace', '60s');
  if (grace >= 1000 && grace <= 600_000) return grace;
  throw invalidOption('remember.grace', given, 'Write a duration from 1 s to 10 m.');
}

function resolveOrigin(given: unknown): string | null {
  if (given === undefined) return null;
  // Nothing but scheme and host, with or without the slash that browsers show.
  if (typeof given === 'string' && /^https?:\/\/[^/?#@\\\s]+\/?$/i.test(given) && URL.canParse(given))
    return new URL(given).origin;
  throw invalidOption('origin', given, 'Write scheme and host alone, such as "https://app.example".');
}

function resolveView(options: OptionReader, name: string, origin: string | null, told: Omit<View, 'url'>): View {
  const given = options.value<unknown>(name, null, () => true, '');
  const url = given === null ? null : checkView(given, name);
  requireOrigin(url, `The option "${name}"`, origin);
  return Object.freeze({ url, ...told });
}

function resolveStorage(given: unknown, production: boolean, memoryStorage: () => LoginStorage): LoginStorage {
  if (given === undefined) {
    if (!production) return memoryStorage();
    throw new LoginFault(
      'ERR_LOGIN_MEMORY_STORAGE',
      'No storage is named, and memory forgets every login at a restart and knows nothing of other nodes.',
      'Set the option "storage" to redisStorage(client) or sqlStorage(database); if memory is what you want, write storage: memoryStorage().',
    );
  }
  const { logins, sessions } = (given ?? {}) as Partial<LoginStorage>;
  const isSessions = hasMethods(sessions, SESSION_STORE_METHODS);
  if (production && sessions?.constructor?.name === 'MemoryStore')
    throw new LoginFault(
      'ERR_LOGIN_MEMORY_STORAGE',
      'The option "storage.sessions" is the MemoryStore of express-session, which grows until the process ends.',
      'Give a session store that lasts; if memory is what you want, write storage: memoryStorage().',
    );
  if (isSessions && hasMethods(logins, STORE_METHODS)) return given as LoginStorage;
  throw new LoginFault(
    'ERR_LOGIN_INVALID_OPTION',
    `The option "storage" has no ${isSessions ? 'LoginStore as "logins"' : 'session store as "sessions"'}.`,
    'Write redisStorage(client) or sqlStorage(database), or { sessions, logins } from two: a session store of express-session, and a LoginStore.',
  );
}

const isCount = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 10_000;

const isHost = (value: unknown): boolean => typeof value === 'string' && /^[a-z0-9.-]+(:\d{1,5})?$/i.test(value);

function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}
