/** Resolves the options of the developer into ResolvedLoginOptions, with all defaults and checks. */
import { LoginFault } from '../exceptions/login-fault.js';
import type { LoginRequest } from '../http/login-request.js';
import type { LoginStorage } from '../logins/login-storage.js';
import type { LoadMode } from './login-options.js';
import { readOptionGroups } from './option-groups.js';
import { invalidOption } from './option-reader.js';
import type { OptionReader } from './option-reader.js';
import { resolveCookies } from './resolve-cookies.js';
import { resolveStorage } from './resolve-storage.js';
import type { ResolvedLoginOptions, View } from './resolved-login-options.js';
import { resolveSecrets } from './secrets.js';
import { checkView, requireOrigin } from './view-option.js';

/**
 * Reads and checks all options.
 * @param given the options as the developer wrote them
 * @param memoryStorage makes the storage where the developer names none
 * @throws LoginFault for the first mistake. Its message names the option and the remedy
 */
export function resolveLoginOptions(given: unknown, memoryStorage: () => LoginStorage): ResolvedLoginOptions {
  const groups = readOptionGroups(given);
  const { root, login, session, sessionCookie } = groups;

  const secrets = resolveSecrets(root.raw('secret'));
  const production = root.flag('production', { fallback: process.env.NODE_ENV === 'production' });
  const { origin, frontEnds } = resolveOrigins(root.raw('origin'));
  const cookies = resolveCookies(groups, { production });
  const loginDisabled = resolveLoginDisabled(root, { production });

  return Object.freeze({
    secrets,
    origin,
    frontEnds,
    pathPrefix: resolvePathPrefix(root),
    production,
    storage: resolveStorage(root.raw('storage'), { production, memoryStorage }),
    storeTimeout: root.duration('storeTimeout', '1s'),
    ...resolveRefusals(root, origin),
    ...resolveUserOptions(root),
    exemptMethods: Object.freeze(root.list('exemptMethods', ['OPTIONS']).map((method) => method.toUpperCase())),
    loginDisabled,
    ...resolveLogin(login),
    notBefore: resolveNotBefore(root.raw('notBefore')),
    ...resolveRemember(groups.remember),
    rememberCookie: cookies.remember,
    sessionCookie: Object.freeze({
      ...cookies.session,
      persistent: sessionCookie.flag('persistent', { fallback: false }),
    }),
    anonymousCookie: cookies.anonymous,
    noticeCookie: cookies.notice,
    sessionLoad: resolveLoad(session.raw('load')),
    keepOnLogin: session.list('keepOnLogin', []),
    userKeySalt: root.text('userKeySalt', ''),
  });
}

/** Refuses `loginDisabled` in production. @throws LoginFault ERR_LOGIN_DISABLED_IN_PRODUCTION */
function resolveLoginDisabled(root: OptionReader, { production }: { readonly production: boolean }): boolean {
  const loginDisabled = root.flag('loginDisabled', { fallback: false });
  if (!production || !loginDisabled) return loginDisabled;
  throw new LoginFault(
    'ERR_LOGIN_DISABLED_IN_PRODUCTION',
    'The option "loginDisabled" opens every guarded route.',
    'Take it out; it is for tests.',
  );
}

/** Reads the options on the answer to a refused request. */
function resolveRefusals(
  root: OptionReader,
  origin: string | null,
): Pick<ResolvedLoginOptions, 'loginView' | 'refreshView' | 'localize' | 'nextIn' | 'forceHostForRedirects'> {
  return {
    loginView: resolveView(root, 'loginView', {
      origin,
      message: root.message('loginMessage', 'Please log in to access this page.'),
      category: root.text('loginMessageCategory', 'message'),
    }),
    refreshView: resolveView(root, 'refreshView', {
      origin,
      message: root.message('needsRefreshMessage', 'Please reauthenticate to access this page.'),
      category: root.text('needsRefreshMessageCategory', 'message'),
    }),
    localize: root.call('localize', (message: string) => message),
    nextIn: root.choice<'url' | 'cookie'>('nextIn', 'url', ['url', 'cookie']),
    forceHostForRedirects: root.value<string | null>('forceHostForRedirects', null, {
      accepts: isHost,
      remedy: 'Write a host, such as "app.example" or "app.example:8443".',
    }),
  };
}

function resolveView(
  root: OptionReader,
  name: string,
  { origin, message, category }: Omit<View, 'url'> & { readonly origin: string | null },
): View {
  const given = root.raw(name) ?? null;
  const url = given === null ? null : checkView(given, name);
  requireOrigin(url, `The option "${name}"`, origin);
  return Object.freeze({ url, message, category });
}

/** Reads the options on the user of a request. */
function resolveUserOptions(
  root: OptionReader,
): Pick<ResolvedLoginOptions, 'sessionProtection' | 'idAttribute' | 'anonymousUser'> {
  const modes: ResolvedLoginOptions['sessionProtection'][] = ['basic', 'strong', false];
  return {
    sessionProtection: root.choice('sessionProtection', 'basic', modes),
    idAttribute: root.text('idAttribute', null),
    anonymousUser: root.call('anonymousUser', () => null),
  };
}

/** Reads the options on the lifetime and the number of logins. */
function resolveLogin(
  login: OptionReader,
): Pick<ResolvedLoginOptions, 'idle' | 'absolute' | 'maxLogins' | 'whenFull' | 'loaderLag'> {
  return {
    idle: login.duration('idle', '24h'),
    absolute: login.duration('absolute', '30d'),
    maxLogins: login.value('maxLogins', 100, {
      accepts: isCount,
      remedy: 'Write a whole number from 1 to 1,000.',
    }),
    whenFull: login.choice<'evict-oldest' | 'refuse'>('whenFull', 'evict-oldest', ['evict-oldest', 'refuse']),
    loaderLag: resolveLoaderLag(login),
  };
}

/** Reads the lag of a replica. A long one would keep the logins of a deleted user. */
function resolveLoaderLag(login: OptionReader): number {
  const given = login.raw('loaderLag');
  if (given === undefined || given === 0) return 0;
  const lag = login.duration('loaderLag', 0);
  if (lag <= 600_000) return lag;
  throw invalidOption('login.loaderLag', given, 'Write 0, or a duration of at most 10 m.');
}

/**
 * Reads a date that has passed. A date in the future would end every new login.
 * @throws LoginFault ERR_LOGIN_INVALID_OPTION
 */
function resolveNotBefore(given: unknown): number {
  if (given === undefined) return 0;
  const time = given instanceof Date ? given.getTime() : Number.NaN;
  if (time <= Date.now()) return time;
  throw invalidOption('notBefore', given, 'Write a date that has passed, such as new Date("2026-01-31T12:00:00Z").');
}

function resolveRemember(
  remember: OptionReader,
): Pick<ResolvedLoginOptions, 'rememberIdle' | 'rememberAbsolute' | 'grace' | 'refreshEachRequest'> {
  return {
    rememberIdle: remember.duration('idle', '14d'),
    rememberAbsolute: remember.duration('absolute', '30d'),
    grace: resolveGrace(remember),
    refreshEachRequest: remember.flag('refreshEachRequest', { fallback: false }),
  };
}

/**
 * Refuses a long grace, which would hide a stolen token, and one under a second, which would take two tabs for a theft.
 */
function resolveGrace(remember: OptionReader): number {
  const grace = remember.duration('grace', '60s');
  if (grace >= 1000 && grace <= 600_000) return grace;
  throw invalidOption('remember.grace', remember.raw('grace'), 'Write a duration from 1 s to 10 m.');
}

/**
 * Reads a mode, or a function that decides the mode.
 * @throws LoginFault ERR_LOGIN_INVALID_OPTION, also from that function
 */
function resolveLoad(given: unknown): ResolvedLoginOptions['sessionLoad'] {
  const checked = (mode: unknown): LoadMode => {
    if (mode === 'always' || mode === 'on-demand') return mode;
    throw invalidOption('session.load', mode, `Write 'always', 'on-demand', or a function that returns one of them.`);
  };

  if (typeof given === 'function') return (request) => checked((given as (request: LoginRequest) => unknown)(request));
  return checked(given === undefined ? 'always' : given);
}

/** Takes scheme and host alone, with or without the trailing slash that browsers show. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\\\s]+\/?$/i;

/**
 * Splits the origins into our own and those of further front ends. A front end without http is never our own.
 * @throws LoginFault ERR_LOGIN_INVALID_OPTION
 */
function resolveOrigins(given: unknown): Pick<ResolvedLoginOptions, 'origin' | 'frontEnds'> {
  if (given === undefined) return { origin: null, frontEnds: [] };
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const origins = list.flatMap((one) => originOf(one) ?? []);
  if (!list.length || origins.length < list.length)
    throw invalidOption(
      'origin',
      given,
      'Write scheme and host alone, such as "https://app.example". A list names further front ends after it, such as ' +
        '"https://admin.app.example" or "capacitor://localhost".',
    );

  const origin = origins.find((one) => one.startsWith('http')) ?? null;
  return { origin, frontEnds: Object.freeze(origins.filter((one) => one !== origin)) };
}

/** Returns an origin as browsers write it; undefined for any other value. */
function originOf(given: unknown): string | undefined {
  if (typeof given !== 'string' || !ORIGIN.test(given) || !URL.canParse(given)) return undefined;
  const { protocol, host, origin } = new URL(given);
  // The schemes of applications, such as capacitor:, have an origin for browsers, and none for URL.
  if (origin === 'null') return `${protocol}//${host}`;
  return origin.startsWith('http') ? origin : undefined;
}

function resolvePathPrefix(root: OptionReader): string {
  return root.value('pathPrefix', '', {
    accepts: (value) => typeof value === 'string' && /^(\/[\w.~%-]+)+$/.test(value),
    remedy: 'Write the path that the proxy takes off, such as "/shop", without a slash at its end.',
  });
}

const isCount = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 1_000;

const isHost = (value: unknown): boolean => typeof value === 'string' && /^[a-z0-9.-]+(:\d{1,5})?$/i.test(value);
