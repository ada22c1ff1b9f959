/** Options that end the start: unknown, reserved, or with a value that does not fit. */
import 'reflect-metadata';
import session from 'express-session';
import { LoginModule, memoryStorage } from 'nestjs-login';
import { SECRET } from '../support/test-app.js';
import { storage, expectRefusal, expectStart } from '../support/starting-app.js';

describe('an unknown option', () => {
  it.each<[string, object, RegExp]>([
    ['loginVeiw', { loginVeiw: '/login' }, /no option "loginVeiw".*Did you mean "loginView"\?/],
    ['secretKey', { secretKey: SECRET }, /no option "secretKey".*Did you mean "secret"\?/],
    ['LoginMessage', { LoginMessage: 'Hello' }, /no option "LoginMessage".*Did you mean "loginMessage"\?/],
    ['session.cokie', { session: { cokie: {} } }, /no option "session\.cokie".*Did you mean "session\.cookie"\?/],
    [
      'session.cookie.samesite',
      { session: { cookie: { samesite: 'lax' } } },
      /no option "session\.cookie\.samesite".*Did you mean "session\.cookie\.sameSite"\?/,
    ],
    ['login.idel', { login: { idel: '1h' } }, /no option "login\.idel".*Did you mean "login\.idle"\?/],
    [
      'login.xyzzy',
      { login: { xyzzy: 1 } },
      /no option "login\.xyzzy".*There are: idle, absolute, maxLogins, whenFull, loaderLag\./,
    ],
    [
      'remember.cookiename',
      { remember: { cookiename: 'me' } },
      /no option "remember\.cookiename".*Did you mean "remember\.cookieName"\?/,
    ],
    [
      'a polluting one',
      { session: JSON.parse('{ "__proto__": { "secure": false } }') as object },
      /no option "session\.__proto__"/,
    ],
    [
      'a polluting session',
      { session: JSON.parse('{ "constructor": 1 }') as object },
      /no option "session\.constructor"/,
    ],
  ])('is refused by name, with a suggestion: %s', (_name, options, says) =>
    expectRefusal({ options }, 'ERR_LOGIN_UNKNOWN_OPTION', says),
  );

  it.each<[string, object, RegExp]>([
    ['session', { session: null }, /"session" is no object/],
    ['session', { session: 'strict' }, /"session" is no object/],
    ['session.cookie', { session: { cookie: [] } }, /"session\.cookie" is no object/],
    ['login', { login: '30d' }, /"login" is no object/],
    ['remember', { remember: true }, /"remember" is no object/],
  ])('or a group of options that is no object is refused: %s, %j', (_name, options, says) =>
    expectRefusal({ options }, 'ERR_LOGIN_INVALID_OPTION', says),
  );

  it('is refused with the right place if it is guard in the factory of forRootAsync()', () =>
    expectRefusal(
      { imports: [LoginModule.forRootAsync({ useFactory: () => ({ secret: SECRET, storage, guard: 'global' }) })] },
      'ERR_LOGIN_UNKNOWN_OPTION',
      /no option "guard"/,
      /beside|forRootAsync|useFactory/,
    ));
});

describe('an option of express-session that LoginModule decides', () => {
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

  it('that is absolute is refused without the option origin, and accepted with it', async () => {
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

  it('session.keepOnLogin: a string', () =>
    expectRefusal(
      { options: { session: { keepOnLogin: 'cart' } } },
      'ERR_LOGIN_INVALID_OPTION',
      /"session\.keepOnLogin"/,
      /Write a list/,
    ));

  it.each<[string, unknown, RegExp]>([
    ['null', null, /session store as "sessions"/],
    ['a string', 'redis://127.0.0.1', /session store as "sessions"/],
    ['nothing in it', {}, /session store as "sessions"/],
    [
      "a session store alone, as express-session's option was",
      new session.MemoryStore(),
      /session store as "sessions"/,
    ],
    ['no logins', { sessions: storage.sessions }, /LoginStore as "logins"/],
    ['a session store for logins', { sessions: storage.sessions, logins: storage.sessions }, /LoginStore as "logins"/],
    ['no sessions', { logins: storage.logins }, /session store as "sessions"/],
    ['a function', memoryStorage, /session store as "sessions"/],
    ['a promise', Promise.resolve(storage), /session store as "sessions"/],
  ])('storage: %s', (_what, given, says) =>
    expectRefusal(
      { options: { storage: given } },
      'ERR_LOGIN_INVALID_OPTION',
      /"storage"/,
      says,
      /Write redisStorage\(client\) or sqlStorage\(database\), or \{ sessions, logins \}/,
    ),
  );
});
