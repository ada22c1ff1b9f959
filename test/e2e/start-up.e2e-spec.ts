/** What keeps an application from starting: each mistake with its code, what is wrong and what to do about it. */
import { createHash } from 'node:crypto';
import 'reflect-metadata';
import { Controller, Get, Inject, Injectable, Module, Req, Scope, Session } from '@nestjs/common';
import type { DynamicModule, ModuleMetadata, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request } from 'express';
import session from 'express-session';
import {
  LoginFault,
  LoginModule,
  memoryStorage,
  MemoryLoginStore,
  RequestLoader,
  UnavailableHandler,
  UserLoader,
} from 'nestjs-login';
import type { LoginErrorCode, LoginModuleOptions } from 'nestjs-login';
import { Browser } from '../support/browser-client.js';
import { LogBook } from '../support/log-book.js';
import { SECRET } from '../support/test-app.js';

const storage = memoryStorage();
afterAll(() => storage.close());

@Injectable()
class Users {
  @UserLoader()
  findById(id: string): { id: string } {
    return { id };
  }
}

interface Application extends Pick<ModuleMetadata, 'controllers' | 'imports' | 'providers'> {
  /** options of LoginModule beside secret and storage; undefined takes one of these away */
  options?: object;
  /** what main.ts does before it listens */
  setup?: (app: NestExpressApplication) => void;
}

const forRoot = (options: object = {}) =>
  LoginModule.forRoot({ secret: SECRET, storage, ...options } as LoginModuleOptions);

async function start(settings: Application): Promise<NestExpressApplication> {
  const { options, setup, imports = [forRoot(options)], providers = [Users], controllers = [] } = settings;
  @Module({ imports, providers, controllers })
  class AppModule {}
  const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: false, abortOnError: false });
  try {
    setup?.(app);
    return await app.init();
  } catch (error) {
    await app.close();
    throw error;
  }
}

/** Starts the application, which has to be refused; any other error than ours is the test's. */
async function refusal(settings: Application): Promise<LoginFault> {
  let app: NestExpressApplication;
  try {
    app = await start(settings);
  } catch (error) {
    if (error instanceof LoginFault) return error;
    throw error;
  }
  await app.close();
  throw new Error('The application started, and should have been refused.');
}

/** The refusal has this code; problem and remedy are sentences of one message that begins with the code. */
async function expectRefusal(settings: Application, code: LoginErrorCode, ...says: (RegExp | string)[]): Promise<void> {
  const { name, code: given, message } = await refusal(settings);
  expect({ name, code: given }).toEqual({ name: 'LoginFault', code });
  expect(message.startsWith(`${code}: `)).toBe(true);
  for (const words of says) expect(message).toMatch(words);
  // A log line stays one line, whatever the option held.
  // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
  expect(message).not.toMatch(/[\0-\x1f]/);
}

async function expectStart(settings: Application): Promise<void> {
  const app = await start(settings);
  await app.close();
}

describe('a secret', () => {
  const hex = createHash('sha256').update('a hash is as random as a key').digest('hex');
  const REMEDY = /Make one with: node -e .*randomBytes\(32\)/;

  it('that comes from an environment variable which is not set is said to be missing', () =>
    expectRefusal(
      { options: { secret: process.env.NO_SUCH_VARIABLE_OF_THE_TESTS } },
      'ERR_LOGIN_SECRET',
      /"secret" is missing.*environment variable.*not set/,
      REMEDY,
    ));

  it('that is too short is told how many bytes it has', () =>
    expectRefusal(
      { options: { secret: SECRET.slice(0, 31) } },
      'ERR_LOGIN_SECRET',
      /31 bytes of the 32 it needs/,
      REMEDY,
    ));

  it('in a list is named by its place', () =>
    expectRefusal({ options: { secret: [SECRET, 'too short'] } }, 'ERR_LOGIN_SECRET', /Secret number 2 has 9 bytes/));

  it('never stands in the message that refuses it', async () => {
    for (const secret of ['a-secret-to-keep', 'keyboard cat keyboard cat keyboard cat', [SECRET, SECRET]]) {
      const { message } = await refusal({ options: { secret } });
      for (const each of [secret].flat()) expect(message).not.toContain(each);
    }
  });

  const bad: [unknown, RegExp][] = [
    [undefined, /missing/],
    [null, /missing/],
    ['', /missing/],
    [12345678901234567890123456789012n, /no text/],
    [true, /no text/],
    [{ secret: SECRET }, /no text/],
    [[], /empty list/],
    [[undefined], /number 1 is missing/],
    [[SECRET, undefined], /number 2 is missing/],
    [[SECRET, ''], /number 2 is missing/],
    [[SECRET, SECRET], /same secret twice/],
    ['hunter2', /7 bytes/],
    [SECRET.slice(0, 31), /31 bytes/],
    ['ü'.repeat(15), /30 bytes/],
    ['x'.repeat(64), /repeat/],
    ['ab'.repeat(16), /repeat/],
    ['R4nd0m!?'.repeat(4), /repeat/],
    ['00000000-0000-0000-0000-000000000000', /repeat/],
    ['abcdefghijklmnopqrstuvwxyz0123456789', /neighbouring/],
    ['keyboard cat on a super secret keyboard', /sample/],
    ['complex_password_at_least_32_characters_long', /sample/],
    ['your-secret-must-be-at-least-32-characters-long', /sample/],
    ['change-this-secret-string-in-production-please', /sample/],
    ['a-string-secret-at-least-256-bits-long', /sample/],
    ['a secret with minimum length of 32 characters', /sample/],
  ];

  it.each(bad)('B3: %p is refused', (secret, problem) =>
    expectRefusal({ options: { secret } }, 'ERR_LOGIN_SECRET', problem, REMEDY),
  );

  it('B3: has 25 bad ones in this table', () => {
    expect(bad).toHaveLength(25);
  });

  it.each([
    ['the documentation of NestJS', 'DO NOT USE THIS VALUE. INSTEAD, CREATE A COMPLEX SECRET AND KEEP IT SAFE OUTSIDE OF THE SOURCE CODE.'],
    ['the documentation of Flask', '192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf'],
    ['the documentation of FastAPI', '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7'],
    ['the README of @fastify/secure-session', 'averylogphrasebiggerthanthirtytwochars'],
    ['the rows of a keyboard', 'qwertyuiopasdfghjklzxcvbnm1234567890'],
  ])('B3: the well-known sample from %s is refused', (_place, secret) =>
    expectRefusal({ options: { secret } }, 'ERR_LOGIN_SECRET', REMEDY),
  ); // prettier-ignore

  it.each([
    ['32 random bytes as base64url', SECRET],
    ['32 random bytes as hex', hex],
    ['16 random bytes as hex', hex.slice(0, 32)],
    ['a list of two', [SECRET, hex]],
    ['a long phrase with letters beyond ASCII', 'Zwölfender grübeln übers Öl am Gürtel'],
  ])('B3: %s is accepted', (_kind, secret) => expectStart({ options: { secret } }));
});

describe('loaders', () => {
  @Injectable()
  class OtherUsers {
    @UserLoader()
    load(id: string): { id: string } {
      return { id };
    }
  }

  @Injectable()
  class Keys {
    @RequestLoader()
    byKey(): null {
      return null;
    }
  }

  @Injectable()
  class OtherKeys {
    @RequestLoader()
    byToken(): null {
      return null;
    }
  }

  @Injectable()
  class Outages {
    @UnavailableHandler()
    page(): void {}
  }

  @Injectable()
  class OtherOutages {
    @UnavailableHandler()
    json(): void {}
  }

  @Injectable()
  class TwoUserLoaders {
    @UserLoader()
    first(): null {
      return null;
    }

    @UserLoader()
    second(): null {
      return null;
    }
  }

  @Injectable()
  class TwoRequestLoaders {
    @RequestLoader()
    first(): null {
      return null;
    }

    @RequestLoader()
    second(): null {
      return null;
    }
  }

  it('must be there: neither a user loader nor a request loader is refused', () =>
    expectRefusal(
      { providers: [] },
      'ERR_LOGIN_NO_USER_LOADER',
      /cannot turn a user id into a user/,
      /@UserLoader\(\)/,
    ));

  it.each([
    ['a user loader alone', [Users]],
    ['a request loader alone', [Keys]],
    ['one of each', [Users, Keys]],
  ])('are enough with %s', (_what, providers) => expectStart({ providers }));

  it.each<[string, Type[], RegExp]>([
    ['user loaders on two providers', [Users, OtherUsers], /@UserLoader\(\).*Users\.findById.*OtherUsers\.load/],
    ['user loaders on one provider', [TwoUserLoaders], /@UserLoader\(\).*TwoUserLoaders\.first.*TwoUserLoaders\.second/],
    ['request loaders on two providers', [Keys, OtherKeys], /@RequestLoader\(\).*Keys\.byKey.*OtherKeys\.byToken/],
    ['request loaders on one provider', [TwoRequestLoaders], /@RequestLoader\(\).*TwoRequestLoaders\.first.*TwoRequestLoaders\.second/],
    ['handlers of outages', [Users, Outages, OtherOutages], /@UnavailableHandler\(\).*Outages\.page.*OtherOutages\.json/],
  ])('two %s are refused, and both are named', (_what, providers, both) =>
    expectRefusal({ providers }, 'ERR_LOGIN_HANDLER_TWICE', both, /Leave one/),
  ); // prettier-ignore

  it('that are one provider listed in two modules are refused with the advice to list it once', async () => {
    @Module({ providers: [Users] })
    class FeatureModule {}

    await expectRefusal(
      { imports: [forRoot(), FeatureModule] },
      'ERR_LOGIN_HANDLER_TWICE',
      /Users\.findById/,
      /one module|once/,
    );
  });

  it('may be reached under two tokens', () =>
    expectStart({ providers: [Users, { provide: 'users', useExisting: Users }] }));

  describe('of a provider that does not live as long as the application', () => {
    @Injectable({ scope: Scope.REQUEST })
    class RequestScoped extends Users {}

    @Injectable({ scope: Scope.TRANSIENT })
    class Transient extends Users {}

    @Injectable({ scope: Scope.REQUEST })
    class Tenant {}

    @Injectable()
    class OfTheTenant extends Users {
      constructor(@Inject(Tenant) readonly tenant: Tenant) {
        super();
      }
    }

    it.each<[string, Type[], RegExp]>([
      ['request-scoped', [RequestScoped], /RequestScoped\.findById/],
      ['transient', [Transient], /Transient\.findById/],
      ['request-scoped by what it injects', [OfTheTenant, Tenant], /OfTheTenant\.findById/],
    ])('are refused: %s', (_scope, providers, place) =>
      expectRefusal({ providers }, 'ERR_LOGIN_HANDLER_SCOPE', place, /request-scoped or transient/, /default scope/),
    );
  });
});

describe('an unknown option', () => {
  it.each<[string, object, RegExp]>([
    ['loginVeiw', { loginVeiw: '/login' }, /no option "loginVeiw".*Did you mean "loginView"\?/],
    ['secretKey', { secretKey: SECRET }, /no option "secretKey".*Did you mean "secret"\?/],
    ['LoginMessage', { LoginMessage: 'Hello' }, /no option "LoginMessage".*Did you mean "loginMessage"\?/],
    ['session.cokie', { session: { cokie: {} } }, /no option "session\.cokie".*Did you mean "session\.cookie"\?/],
    ['session.cookie.samesite', { session: { cookie: { samesite: 'lax' } } }, /no option "session\.cookie\.samesite".*Did you mean "session\.cookie\.sameSite"\?/],
    ['login.idel', { login: { idel: '1h' } }, /no option "login\.idel".*Did you mean "login\.idle"\?/],
    ['login.xyzzy', { login: { xyzzy: 1 } }, /no option "login\.xyzzy".*There are: idle, absolute, maxLogins, whenFull, loaderLag\./],
    ['remember.cookiename', { remember: { cookiename: 'me' } }, /no option "remember\.cookiename".*Did you mean "remember\.cookieName"\?/],
    ['a polluting one', { session: JSON.parse('{ "__proto__": { "secure": false } }') as object }, /no option "session\.__proto__"/],
    ['a polluting session', { session: JSON.parse('{ "constructor": 1 }') as object }, /no option "session\.constructor"/],
  ])('is refused by name, with what was meant: %s', (_name, options, says) =>
    expectRefusal({ options }, 'ERR_LOGIN_UNKNOWN_OPTION', says),
  ); // prettier-ignore

  it.each<[string, object, RegExp]>([
    ['session', { session: null }, /"session" is no object/],
    ['session', { session: 'strict' }, /"session" is no object/],
    ['session.cookie', { session: { cookie: [] } }, /"session\.cookie" is no object/],
    ['login', { login: '30d' }, /"login" is no object/],
    ['remember', { remember: true }, /"remember" is no object/],
  ])('and a group that is no object is refused: %s, %j', (_name, options, says) =>
    expectRefusal({ options }, 'ERR_LOGIN_INVALID_OPTION', says),
  );

  it('guard inside the factory of forRootAsync is refused with the place where it belongs', () =>
    expectRefusal(
      { imports: [LoginModule.forRootAsync({ useFactory: () => ({ secret: SECRET, storage, guard: 'global' }) })] },
      'ERR_LOGIN_UNKNOWN_OPTION',
      /no option "guard"/,
      /beside|forRootAsync|useFactory/,
    ));
});

describe("an option of express-session's that is LoginModule's own", () => {
  it.each<[string, unknown, RegExp]>([
    ['secret', SECRET, /option "secret" of LoginModule/],
    ['store', new session.MemoryStore(), /option "storage"/],
    ['resave', true, /parallel request/],
    ['resave', false, /parallel request/],
    ['saveUninitialized', true, /cost no stored session/],
    ['rolling', true, /"login\.idle"/],
    ['unset', 'destroy', /logoutUser/],
    ['proxy', true, /trust proxy/],
  ])('is refused by name: %s %#', (name, value, remedy) =>
    expectRefusal(
      { options: { session: { [name]: value } } },
      'ERR_LOGIN_RESERVED_OPTION',
      new RegExp(`"session\\.${name}" is decided by LoginModule`),
      remedy,
    ),
  );

  it('A4: is refused by name: genid', () =>
    expectRefusal(
      { options: { session: { genid: () => 'chosen-by-the-application' } } },
      'ERR_LOGIN_RESERVED_OPTION',
      /"session\.genid" is decided by LoginModule/,
      /ids are made by this package/,
    ));

  it.each(['maxAge', 'expires'])('is refused by name: cookie.%s', (name) =>
    expectRefusal(
      { options: { session: { cookie: { [name]: 1000 } } } },
      'ERR_LOGIN_RESERVED_OPTION',
      new RegExp(`"session\\.cookie\\.${name}" is decided by LoginModule`),
      /"login\.idle" and "login\.absolute"/,
    ),
  );
});

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

  it('has 20 bad ones in this table', () => {
    expect(unreadable).toHaveLength(20);
  });

  it.each([
    ['login.absolute', { login: { absolute: '1 month' } }],
    ['storeTimeout', { storeTimeout: '1 second' }],
  ])('is refused as %s, too', (name, options) =>
    expectRefusal({ options }, 'ERR_LOGIN_INVALID_DURATION', new RegExp(`"${name}"`)),
  );

  it.each([1, 60_000, '500ms', '30s', '10m', '12h', '30d'])('is accepted as %p', (idle) =>
    expectStart({ options: { login: { idle } } }),
  );
});

describe('what bounds the logins of a user', () => {
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
  ])('is refused where it makes no sense, and shown: %s, %p', (name, value, shown, remedy) => {
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

describe('what is remembered', () => {
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
  ])('by an option that makes no sense is refused: %s %j', (name, value, code, says) =>
    expectRefusal({ options: { remember: { [name]: value } } }, code, says),
  );

  it.each([
    ['httpOnly', /In production the cookie of "remember" must be HttpOnly.*Take "remember\.httpOnly: false" out/],
    ['secure', /In production the cookie of "remember" must be Secure.*Take "remember\.secure: false" out/],
  ])('B2: in production by a cookie that leaks is refused: %s', (name, says) =>
    expectRefusal({ options: { production: true, remember: { [name]: false } } }, 'ERR_LOGIN_COOKIE', says),
  );

  it.each<[string, object, RegExp]>([
    ['path', { session: { cookie: { path: '/app' } }, remember: { path: '/' } }, /below "\/", and the session cookie below "\/app" alone.*one below it/],
    ['path', { session: { cookie: { path: '/app' } }, remember: { path: '/application' } }, /below "\/application"/],
    ['sameSite', { session: { cookie: { sameSite: 'strict' } }, remember: { sameSite: 'lax' } }, /sameSite "lax", and the session cookie "strict".*or a stricter one/],
  ])('by a cookie that is sent where the session cookie is not is refused: %s', (_name, options, says) =>
    expectRefusal({ options }, 'ERR_LOGIN_COOKIE', says),
  ); // prettier-ignore

  it('goes where the session cookie goes, where nothing else is said', () =>
    expectStart({ options: { session: { cookie: { path: '/app', sameSite: 'strict' } } } }));

  it('may live on a domain and a path of its own, in production too', () =>
    expectStart({ options: { production: true, remember: { domain: 'app.example', path: '/app', grace: '10m' } } }));
});

describe('a cookie that browsers would drop', () => {
  const production = { production: true };

  it('is refused: sameSite none without secure', () =>
    expectRefusal(
      { options: { session: { cookie: { sameSite: 'none' } } } },
      'ERR_LOGIN_COOKIE',
      /sameSite "none".*unless it is Secure/,
      /"secure" to true/,
    ));

  it('and is accepted once it is secure', () =>
    expectStart({ options: { session: { cookie: { sameSite: 'none', secure: true } } } }));

  it.each<[string, object]>([
    ['a domain', { name: '__Host-id', cookie: { secure: true, domain: 'app.example' } }],
    ['another path', { name: '__Host-id', cookie: { secure: true, path: '/app' } }],
    ['no Secure', { name: '__Host-id' }],
    ['a domain, whatever the case of its letters', { name: '__hOST-id', cookie: { secure: true, domain: 'app.example' } }],
  ])('is refused: __Host- with %s', (_what, options) =>
    expectRefusal({ options: { session: options } }, 'ERR_LOGIN_COOKIE', /__Host- cookie is Secure, has path "\/" and no domain/, /prefix off the name/),
  ); // prettier-ignore

  it('is refused: __Secure- without secure', () =>
    expectRefusal(
      { options: { session: { name: '__Secure-id' } } },
      'ERR_LOGIN_COOKIE',
      /__Secure-id/,
      /prefix off the name/,
    ));

  it('does not keep a domain from being used in production: the default name gives way', () =>
    expectStart({ options: { ...production, session: { cookie: { domain: 'app.example' } } } }));

  it.each<[string, unknown]>([
    ['path', 'app'],
    ['path', ''],
    ['domain', '.app.example'],
    ['domain', 'https://app.example'],
    ['domain', ''],
    ['secure', 'auto'],
    ['httpOnly', 'yes'],
    ['sameSite', 'Lax'],
    ['sameSite', true],
    ['persistent', 1],
  ])('or no browser would understand is refused: %s %j', (name, value) =>
    expectRefusal(
      { options: { session: { cookie: { [name]: value } } } },
      'ERR_LOGIN_INVALID_OPTION',
      new RegExp(`"session\\.cookie\\.${name}"`),
      /Write /,
    ),
  );

  // B9: what ends an attribute or a header line, in front, in the middle and at the end of each text of the cookie.
  const injections: [string, string][] = Object.entries({
    name: ['', 'ses', 'session'],
    path: ['', '/a', '/app'],
    domain: ['', 'app', 'app.example'],
  }).flatMap(([option, [, half = '', whole = '']]) => [
    ...['\r', '\n', '\0', ';'].flatMap((text): [string, string][] => [
      [option, text + whole],
      [option, half + text + whole.slice(half.length)],
      [option, whole + text],
    ]),
    [option, `${whole}\r\nSet-Cookie: role=admin`],
  ]);
  injections.push(['path', '/app; Domain=evil.example']);

  it.each(injections)('B9: is refused before it can be written: %s %j', async (option, text) => {
    const options = option === 'name' ? { name: text } : { cookie: { [option]: text } };
    const { code, message } = await refusal({ options: { session: options } });
    expect(code).toBe(option === 'name' ? 'ERR_LOGIN_COOKIE' : 'ERR_LOGIN_INVALID_OPTION');
    expect(message).toContain(option === 'name' ? 'cookie cannot be named' : `"session.cookie.${option}"`);
    // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(message).not.toMatch(/[\0-\x1f]/);
  });

  it('B9: has 40 inputs in this table', () => {
    expect(injections).toHaveLength(40);
  });

  it('B9: is written as it is, where its texts are clean', async () => {
    @Controller()
    class CartController {
      @Get('cart')
      fill(@Session() values: Record<string, unknown>): string {
        values.cart = 'pear';
        return 'filled';
      }
    }
    const options = { session: { name: 'shop.id', cookie: { path: '/shop', domain: 'app.example' } } };
    const app = await start({ options, controllers: [CartController] });
    try {
      await app.listen(0, '127.0.0.1');
      const { cookies } = await new Browser(await app.getUrl()).get('/cart');
      expect(cookies).toEqual([
        expect.stringMatching(/^shop\.id-anonymous=[^;]+; Domain=app\.example; Path=\/shop; HttpOnly; SameSite=Lax$/),
      ]);
    } finally {
      await app.close();
    }
  });

  it.each(['login id', 'login=id', 'login,id', '"login"', 'lögin', 'x'.repeat(65), '', 7])(
    'B9: a name of other characters is refused: %j',
    async (name) => {
      const { code } = await refusal({ options: { session: { name } } });
      expect(['ERR_LOGIN_COOKIE', 'ERR_LOGIN_INVALID_OPTION']).toContain(code);
    },
  );
});

describe('in production', () => {
  const expressSession = () => session({ secret: SECRET, resave: false, saveUninitialized: false });
  const hidden = (options: object) => ({ session: { cookie: options } });
  const trustAll = (app: NestExpressApplication) => void app.set('trust proxy', true);

  interface Bad extends Application {
    code: LoginErrorCode;
    says: RegExp;
  }
  const bad: [string, Bad][] = Object.entries<Bad>({
    'no storage': { options: { storage: undefined }, code: 'ERR_LOGIN_MEMORY_STORAGE', says: /No storage is named.*memoryStorage\(\)/ },
    "express-session's MemoryStore": { options: { storage: { sessions: new session.MemoryStore(), logins: new MemoryLoginStore() } }, code: 'ERR_LOGIN_MEMORY_STORAGE', says: /MemoryStore/ },
    'secure off': { options: hidden({ secure: false }), code: 'ERR_LOGIN_COOKIE', says: /must be Secure.*"production" to false/ },
    'httpOnly off': { options: hidden({ httpOnly: false }), code: 'ERR_LOGIN_COOKIE', says: /must be HttpOnly/ },
    'sameSite none without secure': { options: hidden({ sameSite: 'none', secure: false }), code: 'ERR_LOGIN_COOKIE', says: /unless it is Secure/ },
    '__Host- with a domain': { options: { session: { name: '__Host-id', cookie: { domain: 'app.example' } } }, code: 'ERR_LOGIN_COOKIE', says: /__Host-/ },
    '__Host- with a path': { options: { session: { name: '__Host-id', cookie: { path: '/app' } } }, code: 'ERR_LOGIN_COOKIE', says: /__Host-/ },
    'loginDisabled': { options: { loginDisabled: true }, code: 'ERR_LOGIN_DISABLED_IN_PRODUCTION', says: /opens every guarded route.*for tests/ },
    'trust proxy true': { setup: trustAll, code: 'ERR_LOGIN_TRUST_PROXY', says: /'trust proxy' is true.*Name your proxies/ },
    'trust proxy enabled': { setup: (app) => void app.enable('trust proxy'), code: 'ERR_LOGIN_TRUST_PROXY', says: /X-Forwarded-For/ },
    'resave': { options: { session: { resave: true } }, code: 'ERR_LOGIN_RESERVED_OPTION', says: /session\.resave/ },
    'saveUninitialized': { options: { session: { saveUninitialized: true } }, code: 'ERR_LOGIN_RESERVED_OPTION', says: /session\.saveUninitialized/ },
    'proxy of express-session': { options: { session: { proxy: true } }, code: 'ERR_LOGIN_RESERVED_OPTION', says: /session\.proxy/ },
    'genid': { options: { session: { genid: () => '1' } }, code: 'ERR_LOGIN_RESERVED_OPTION', says: /session\.genid/ },
    'a store in the session': { options: { session: { store: new session.MemoryStore() } }, code: 'ERR_LOGIN_RESERVED_OPTION', says: /session\.store/ },
    'an express-session in main.ts': { setup: (app) => void app.use(expressSession()), code: 'ERR_LOGIN_SESSION_MOUNTED', says: /express-session of its own/ },
    'no secret': { options: { secret: undefined }, code: 'ERR_LOGIN_SECRET', says: /missing/ },
    'a short secret': { options: { secret: 'short' }, code: 'ERR_LOGIN_SECRET', says: /5 bytes/ },
    'a sample secret': { options: { secret: 'change-me-in-production-please-change-me' }, code: 'ERR_LOGIN_SECRET', says: /sample/ },
    'an old secret that is short': { options: { secret: [SECRET, 'short'] }, code: 'ERR_LOGIN_SECRET', says: /number 2/ },
  }); // prettier-ignore

  it.each(bad)('B2: an application is refused for %s', (_what, { code, says, options, ...settings }) =>
    expectRefusal({ options: { production: true, ...options }, ...settings }, code, says),
  );

  it('B2: has 20 bad configurations in this table', () => {
    expect(bad).toHaveLength(20);
  });

  it('an application starts with memory that is asked for by name', () =>
    expectStart({ options: { production: true, storage } }));

  it.each(['loopback', 1, '10.0.0.0/8'])('an application starts behind the proxies that are named: %p', (proxies) =>
    expectStart({ options: { production: true }, setup: (app) => void app.set('trust proxy', proxies) }),
  );

  it('is what NODE_ENV says, where the option says nothing', async () => {
    const before = process.env.NODE_ENV;
    process.env.NODE_ENV = 'production';
    try {
      await expectRefusal({ options: { storage: undefined } }, 'ERR_LOGIN_MEMORY_STORAGE');
      await expectStart({ options: { storage: undefined, production: false } });
    } finally {
      process.env.NODE_ENV = before;
    }
  });

  it('elsewhere all of this is allowed', () =>
    expectStart({
      options: { storage: undefined, loginDisabled: true, ...hidden({ secure: false, httpOnly: false }) },
      setup: trustAll,
    }));
});

describe('LoginModule', () => {
  @Module({ imports: [forRoot()] })
  class SecondForRoot {}

  @Module({ imports: [LoginModule] })
  class BareImport {}

  it.each<[string, () => ModuleMetadata['imports']]>([
    ['beside it', () => [forRoot(), forRoot({ loginView: '/login' })]],
    ['with the same options', () => [forRoot(), forRoot()]],
    ['in a feature module', () => [forRoot(), SecondForRoot]],
    ['by forRootAsync', () => [forRoot(), LoginModule.forRootAsync({ useFactory: () => ({ secret: SECRET, storage }) })]],
  ])('cannot be there twice: a second forRoot %s', (_where, imports) =>
    expectRefusal({ imports: imports() ?? [] }, 'ERR_LOGIN_MODULE', /forRoot\(\) is imported 2 times/, /once, in the root module/),
  ); // prettier-ignore

  it('is one where the same dynamic module is imported twice', async () => {
    const once = forRoot();
    @Module({ imports: [once] })
    class FeatureModule {}

    await expectStart({ imports: [once, FeatureModule, once] });
  });

  it.each<[string, () => ModuleMetadata['imports']]>([
    ['in the root module', () => [LoginModule]],
    ['in a feature module', () => [BareImport]],
    ['in a feature module beside forRoot in the root', () => [forRoot(), BareImport]],
    ['in a feature module before forRoot in the root', () => [BareImport, forRoot()]],
  ])('cannot be imported bare %s', (_where, imports) =>
    expectRefusal({ imports: imports() ?? [] }, 'ERR_LOGIN_MODULE', /without its options/, /LoginModule\.forRoot\(/),
  );

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a text', SECRET],
    ['a list', [SECRET]],
  ])('cannot be given %s in place of options', async (_what, options) => {
    const { code } = await refusal({
      imports: [LoginModule.forRootAsync({ useFactory: () => options as LoginModuleOptions })],
    });
    expect(['ERR_LOGIN_INVALID_OPTION', 'ERR_LOGIN_MODULE']).toContain(code);
  });

  const withoutTypes = LoginModule as unknown as Record<
    'forRoot' | 'forRootAsync',
    (options?: object) => DynamicModule
  >;

  it.each<[string, () => DynamicModule]>([
    ['forRoot()', () => withoutTypes.forRoot()],
    ['forRootAsync()', () => withoutTypes.forRootAsync()],
    ['forRootAsync({})', () => withoutTypes.forRootAsync({})],
  ])('cannot be called as %s', (_call, call) => {
    expect(call).toThrow(/^ERR_LOGIN_MODULE: .* without its options\. Write /);
  });

  it.each(['all', true, null, 'Global'])('knows the guards global and manual, and refuses %j', (guard) =>
    expectRefusal(
      { options: { guard } },
      'ERR_LOGIN_INVALID_OPTION',
      new RegExp(`"guard" cannot be ${JSON.stringify(guard)}`),
      /'global' or 'manual'/,
    ),
  );

  it.each<[string, (app: NestExpressApplication) => unknown]>([
    ['everywhere', (app) => app.use(session({ secret: SECRET, resave: false, saveUninitialized: false }))],
    ['under a path', (app) => app.use('/shop', session({ secret: SECRET, resave: false, saveUninitialized: false }))],
  ])('refuses an express-session that main.ts mounts %s', (_where, setup) =>
    expectRefusal({ setup: (app) => void setup(app) }, 'ERR_LOGIN_SESSION_MOUNTED', /express-session of its own/, /Take app\.use\(session\(\.\.\.\)\) out/),
  ); // prettier-ignore

  it('leaves an express-session that hides in a middleware of another name its own session, and says so once', async () => {
    @Controller()
    class OpenController {
      @Get('open')
      open(@Req() req: Request): string {
        Object.assign(req.session, { seen: true });
        return String(req.session.id.length);
      }
    }
    const run = session({ name: 'other', secret: SECRET, resave: false, saveUninitialized: false });
    const log = new LogBook();
    const setup = (nest: NestExpressApplication): void => {
      nest.useLogger(log);
      nest.use(function other(...args: Parameters<typeof run>) {
        run(...args);
      });
    };
    const app = await start({ controllers: [OpenController], setup });
    try {
      await app.listen(0, '127.0.0.1');
      const browser = new Browser(await app.getUrl());
      for (let visit = 0; visit < 2; visit += 1) expect((await browser.get('/open')).text).toBe('32');
      expect([...browser.jar.keys()]).toEqual(['other']);
      expect(log.lines.filter((line) => line.includes('an express-session of its own below LoginModule'))).toHaveLength(
        1,
      );
    } finally {
      await app.close();
    }
  });
});

describe('a view', () => {
  it.each<[string, unknown]>([
    ['no path', 'login'],
    ['another host', '//evil.example'],
    ['another host behind a backslash', '/\\evil.example'],
    ['a script', 'javascript:alert(1)'],
    ['data', 'data:text/html,login'],
    ['another protocol', 'ftp://app.example/login'],
    ['no host', 'https://'],
    ['empty', ''],
    ['with a blank', '/log in'],
    ['with a line break', '/login\r\nSet-Cookie: role=admin'],
    ['beyond ASCII', '/anmeldung/für-alle'],
    ['a number', 42],
    ['an object', { path: '/login' }],
  ])('that is %s is refused', async (_what, view) => {
    for (const option of ['loginView', 'refreshView'])
      await expectRefusal(
        { options: { [option]: view, origin: 'https://app.example' } },
        'ERR_LOGIN_INVALID_OPTION',
        new RegExp(`"${option}"`),
        /Write a path such as "\/login"/,
      );
  });

  it('that is absolute is refused without our own origin, and accepted with it', async () => {
    const loginView = 'https://id.example/login';
    await expectRefusal(
      { options: { loginView } },
      'ERR_LOGIN_INVALID_OPTION',
      /"loginView" is an absolute URL, and the option "origin" is missing/,
      /Set "origin" to your own address/,
    );
    await expectStart({ options: { loginView, origin: 'https://app.example' } });
  });
});

describe('an option of the wrong kind is refused', () => {
  it.each<[string, unknown]>([
    ['origin', 'app.example'],
    ['origin', 'https://app.example/shop'],
    ['origin', 'https://app.example?shop'],
    ['origin', 'https://app.example#shop'],
    ['origin', 'https://app.example\\shop'],
    ['origin', 'https://ada@app.example'],
    ['origin', 'ftp://app.example'],
    ['origin', 'https://'],
    ['origin', 'null'],
    ['origin', ''],
    ['origin', ['https://app.example', 'admin.app.example']],
    ['production', 'true'],
    ['loginMessage', ''],
    ['loginMessageCategory', null],
    ['needsRefreshMessage', 7],
    ['localize', 'de'],
    ['nextIn', 'session'],
    ['forceHostForRedirects', 'https://app.example'],
    ['forceHostForRedirects', 'app.example\r\nSet-Cookie: role=admin'],
    ['sessionProtection', 'strongest'],
    ['sessionProtection', true],
    ['idAttribute', ''],
    ['anonymousUser', { name: 'guest' }],
    ['exemptMethods', 'GET'],
    ['exemptMethods', [true]],
    ['loginDisabled', 'yes'],
    ['userKeySalt', 7],
  ])('%s: %j', (name, value) =>
    expectRefusal({ options: { [name]: value } }, 'ERR_LOGIN_INVALID_OPTION', new RegExp(`"${name}"`), / (Write|Set) /),
  );

  it('session.keepOnLogin: a text', () =>
    expectRefusal(
      { options: { session: { keepOnLogin: 'cart' } } },
      'ERR_LOGIN_INVALID_OPTION',
      /"session\.keepOnLogin"/,
      /Write a list/,
    ));

  it.each<[string, unknown, RegExp]>([
    ['null', null, /session store as "sessions"/],
    ['a text', 'redis://127.0.0.1', /session store as "sessions"/],
    ['nothing in it', {}, /session store as "sessions"/],
    ["a session store alone, as express-session's option was", new session.MemoryStore(), /session store as "sessions"/],
    ['no logins', { sessions: storage.sessions }, /LoginStore as "logins"/],
    ['a session store for logins', { sessions: storage.sessions, logins: storage.sessions }, /LoginStore as "logins"/],
    ['no sessions', { logins: storage.logins }, /session store as "sessions"/],
    ['a function', memoryStorage, /session store as "sessions"/],
    ['a promise', Promise.resolve(storage), /session store as "sessions"/],
  ])('storage: %s', (_what, given, says) =>
    expectRefusal({ options: { storage: given } }, 'ERR_LOGIN_INVALID_OPTION', /"storage"/, says, /Write redisStorage\(client\) or sqlStorage\(database\), or \{ sessions, logins \}/),
  ); // prettier-ignore
});
