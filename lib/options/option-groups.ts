/** Splits the options into their groups, and knows the name of every option. */
import { OptionReader } from './option-reader.js';
import { refuseUnknownOptions } from './unknown-options.js';

const NAMES = [
  'secret', 'origin', 'pathPrefix', 'production', 'storage', 'storeTimeout', 'loginView', 'refreshView',
  'loginMessage', 'loginMessageCategory', 'needsRefreshMessage', 'needsRefreshMessageCategory',
  'localize', 'nextIn', 'forceHostForRedirects', 'sessionProtection', 'idAttribute', 'anonymousUser',
  'exemptMethods', 'loginDisabled', 'login', 'remember', 'session', 'notBefore', 'userKeySalt',
]; // prettier-ignore
const LOGIN_NAMES = ['idle', 'absolute', 'maxLogins', 'whenFull', 'loaderLag'];
const REMEMBER_NAMES = [
  'cookieName', 'idle', 'absolute', 'grace', 'refreshEachRequest', 'path', 'domain', 'secure', 'httpOnly', 'sameSite',
  'partitioned',
]; // prettier-ignore
const SESSION_NAMES = ['load', 'name', 'anonymousName', 'cookie', 'keepOnLogin'];
const COOKIE_NAMES = ['path', 'domain', 'secure', 'httpOnly', 'sameSite', 'partitioned', 'persistent'];

/** A reader for each group of options. */
export interface OptionGroups {
  readonly root: OptionReader;
  readonly login: OptionReader;
  readonly remember: OptionReader;
  readonly session: OptionReader;
  readonly sessionCookie: OptionReader;
}

/**
 * Makes the readers.
 * @param given the options as the developer wrote them
 * @throws LoginFault for a group that is no object, and for an unknown or reserved name
 */
export function readOptionGroups(given: unknown): OptionGroups {
  refuseUnknownOptions(given, NAMES, '');
  const { login = {}, remember = {}, session = {} } = given;
  refuseUnknownOptions(login, LOGIN_NAMES, 'login');
  refuseUnknownOptions(remember, REMEMBER_NAMES, 'remember');
  refuseUnknownOptions(session, SESSION_NAMES, 'session');
  const { cookie = {} } = session;
  refuseUnknownOptions(cookie, COOKIE_NAMES, 'session.cookie');

  return {
    root: new OptionReader(given),
    login: new OptionReader(login, 'login'),
    remember: new OptionReader(remember, 'remember'),
    session: new OptionReader(session, 'session'),
    sessionCookie: new OptionReader(cookie, 'session.cookie'),
  };
}
