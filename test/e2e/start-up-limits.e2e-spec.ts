/** Durations and limits that end the start. */
import 'reflect-metadata';
import type { LoginErrorCode } from 'nestjs-login';
import { expectRefusal, expectStart } from '../support/starting-app.js';

describe('a duration', () => {
  const unreadable: [string, unknown][] = [
    ['"10 minutes"', '10 minutes'],
    ['""', ''],
    ['"10"', '10'],
    ['"10 m"', '10 m'],
    ['" 10m"', ' 10m'],
    ['"10m\\n"', '10m\n'],
    ['"10M"', '10M'],
    ['"1.5h"', '1.5h'],
    ['"-5m"', '-5m'],
    ['"1h30m"', '1h30m'],
    ['"0s"', '0s'],
    ['"3651d"', '3651d'],
    ['0', 0],
    ['-1', -1],
    ['1.5', 1.5],
    ['NaN', NaN],
    ['Infinity', Infinity],
    ['null', null],
    ['{}', {}],
    ['10', 10n],
  ];

  it.each(unreadable)('that cannot be read is refused and shown: %s', (shown, value) =>
    expectRefusal(
      { options: { login: { idle: value } } },
      'ERR_LOGIN_INVALID_DURATION',
      `The option "login.idle" is no duration: ${shown}`,
      /'10m'/,
    ),
  );

  it('has 20 unreadable values in this table', () => {
    expect(unreadable).toHaveLength(20);
  });

  it.each([
    ['login.absolute', { login: { absolute: '1 month' } }],
    ['storeTimeout', { storeTimeout: '1 second' }],
  ])('is refused in the option %s as well', (name, options) =>
    expectRefusal({ options }, 'ERR_LOGIN_INVALID_DURATION', new RegExp(`"${name}"`)),
  );

  it.each([1, 60_000, '500ms', '30s', '10m', '12h', '30d'])('is accepted as %p', (idle) =>
    expectStart({ options: { login: { idle } } }),
  );
});

describe('a limit on the logins of a user', () => {
  const MOST = /Write a whole number from 1 to 1,000\./;
  const FULL = /Write one of: "evict-oldest", "refuse"\./;
  const DATE = /Write a date that has passed, such as new Date\("2026-01-31T12:00:00Z"\)\./;

  it.each<[string, unknown, string, RegExp]>([
    ['login.maxLogins', 0, '0', MOST],
    ['login.maxLogins', -1, '-1', MOST],
    ['login.maxLogins', 1.5, '1.5', MOST],
    ['login.maxLogins', 1_001, '1001', MOST],
    ['login.maxLogins', Infinity, 'Infinity', MOST],
    ['login.maxLogins', NaN, 'NaN', MOST],
    ['login.maxLogins', '100', '"100"', MOST],
    ['login.maxLogins', 100n, '100n', MOST],
    ['login.maxLogins', null, 'null', MOST],
    ['login.whenFull', 'evict', '"evict"', FULL],
    ['login.whenFull', 'Refuse', '"Refuse"', FULL],
    ['login.whenFull', '', '""', FULL],
    ['login.whenFull', true, 'true', FULL],
    ['login.whenFull', ['refuse'], "[ 'refuse' ]", FULL],
    ['notBefore', '2026-01-31T12:00:00Z', '"2026-01-31T12:00:00Z"', DATE],
    ['notBefore', 1_769_860_800_000, '1769860800000', DATE],
    ['notBefore', new Date('yesterday'), 'Invalid Date', DATE],
    ['notBefore', new Date('2999-01-31T12:00:00Z'), '2999-01-31T12:00:00.000Z', DATE],
    ['notBefore', null, 'null', DATE],
  ])('is refused and shown if it makes no sense: %s, %p', (name, value, shown, remedy) => {
    const [option = '', group] = name.split('.').toReversed();
    const options = group === undefined ? { [option]: value } : { [group]: { [option]: value } };
    return expectRefusal({ options }, 'ERR_LOGIN_INVALID_OPTION', `The option "${name}" cannot be ${shown}.`, remedy);
  });

  it.each([
    { login: { maxLogins: 1, whenFull: 'refuse' } },
    { login: { maxLogins: 1_000, whenFull: 'evict-oldest' } },
    { notBefore: new Date('2020-01-31T12:00:00Z') },
    { notBefore: new Date(0) },
  ])('is accepted: %j', (options) => expectStart({ options }));
});

describe('the option remember', () => {
  it.each<[string, unknown, LoginErrorCode, RegExp]>([
    ['idle', '14 days', 'ERR_LOGIN_INVALID_DURATION', /"remember\.idle" is no duration/],
    ['absolute', null, 'ERR_LOGIN_INVALID_DURATION', /"remember\.absolute" is no duration/],
    ['duration', '1h', 'ERR_LOGIN_RESERVED_OPTION', /"remember\.duration" is decided.*"remember\.absolute"/],
    ['grace', '999ms', 'ERR_LOGIN_INVALID_OPTION', /"remember\.grace" cannot be "999ms".*from 1 s to 10 m/],
    ['grace', '11m', 'ERR_LOGIN_INVALID_OPTION', /"remember\.grace" cannot be "11m".*from 1 s to 10 m/],
    ['grace', 0, 'ERR_LOGIN_INVALID_DURATION', /"remember\.grace" is no duration/],
    ['refreshEachRequest', 'yes', 'ERR_LOGIN_INVALID_OPTION', /"remember\.refreshEachRequest".*Write true or false/],
    ['cookieName', 'remember me', 'ERR_LOGIN_COOKIE', /cannot be named "remember me"/],
    ['cookieName', '', 'ERR_LOGIN_INVALID_OPTION', /"remember\.cookieName"/],
    ['cookieName', '__Host-me', 'ERR_LOGIN_COOKIE', /__Host- cookie is Secure/],
    ['cookieName', 'session', 'ERR_LOGIN_COOKIE', /Two cookies are named "session".*Change "session\.name"/],
    ['cookieName', 'login-notice', 'ERR_LOGIN_COOKIE', /Two cookies are named "login-notice"/],
    ['path', 'app', 'ERR_LOGIN_INVALID_OPTION', /"remember\.path"/],
    ['domain', '.app.example', 'ERR_LOGIN_INVALID_OPTION', /"remember\.domain".*without a dot/],
    ['sameSite', 'none', 'ERR_LOGIN_COOKIE', /unless it is Secure/],
    ['sameSite', 'Lax', 'ERR_LOGIN_INVALID_OPTION', /"remember\.sameSite"/],
    ['secure', 'auto', 'ERR_LOGIN_INVALID_OPTION', /"remember\.secure"/],
  ])('is refused with a value that makes no sense: %s %j', (name, value, code, says) =>
    expectRefusal({ options: { remember: { [name]: value } } }, code, says),
  );

  it.each([
    ['httpOnly', /In production the cookie of "remember" must be HttpOnly.*Take "remember\.httpOnly: false" out/],
    ['secure', /In production the cookie of "remember" must be Secure.*Take "remember\.secure: false" out/],
  ])('B2: is refused in production with a cookie that leaks: %s', (name, says) =>
    expectRefusal({ options: { production: true, remember: { [name]: false } } }, 'ERR_LOGIN_COOKIE', says),
  );

  it.each<[string, object, RegExp]>([
    [
      'path',
      { session: { cookie: { path: '/app' } }, remember: { path: '/' } },
      /below "\/", and the session cookie below "\/app" alone.*one below it/,
    ],
    ['path', { session: { cookie: { path: '/app' } }, remember: { path: '/application' } }, /below "\/application"/],
    [
      'sameSite',
      { session: { cookie: { sameSite: 'strict' } }, remember: { sameSite: 'lax' } },
      /sameSite "lax", and the session cookie "strict".*or a stricter one/,
    ],
  ])('is refused if its cookie is sent where the session cookie is not: %s', (_name, options, says) =>
    expectRefusal({ options }, 'ERR_LOGIN_COOKIE', says),
  );

  it('follows the path and sameSite of the session cookie by default', () =>
    expectStart({ options: { session: { cookie: { path: '/app', sameSite: 'strict' } } } }));

  it('may have its own domain and path, also in production', () =>
    expectStart({ options: { production: true, remember: { domain: 'app.example', path: '/app', grace: '10m' } } }));
});
