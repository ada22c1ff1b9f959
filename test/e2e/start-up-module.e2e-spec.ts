/** Ways to import LoginModule that end the start, and mistakes that only production refuses. */
import 'reflect-metadata';
import { Controller, Get, Module, Req } from '@nestjs/common';
import type { DynamicModule, ModuleMetadata } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request } from 'express';
import session from 'express-session';
import { LoginModule, MemoryLoginStore } from 'nestjs-login';
import type { LoginErrorCode, LoginModuleOptions } from 'nestjs-login';
import { Browser } from '../support/browser-client.js';
import { LogBook } from '../support/log-book.js';
import { SECRET } from '../support/test-app.js';
import { storage, forRoot, start, refusal, expectRefusal, expectStart } from '../support/starting-app.js';
import type { Application } from '../support/starting-app.js';

describe('in production', () => {
  const expressSession = () => session({ secret: SECRET, resave: false, saveUninitialized: false });
  const hidden = (options: object) => ({ session: { cookie: options } });
  const trustAll = (app: NestExpressApplication) => void app.set('trust proxy', true);

  interface Bad extends Application {
    code: LoginErrorCode;
    says: RegExp;
  }
  const bad: [string, Bad][] = Object.entries<Bad>({
    'no storage': {
      options: { storage: undefined },
      code: 'ERR_LOGIN_MEMORY_STORAGE',
      says: /No storage is named.*memoryStorage\(\)/,
    },
    "express-session's MemoryStore": {
      options: { storage: { sessions: new session.MemoryStore(), logins: new MemoryLoginStore() } },
      code: 'ERR_LOGIN_MEMORY_STORAGE',
      says: /MemoryStore/,
    },
    'secure off': {
      options: hidden({ secure: false }),
      code: 'ERR_LOGIN_COOKIE',
      says: /must be Secure.*"production" to false/,
    },
    'httpOnly off': { options: hidden({ httpOnly: false }), code: 'ERR_LOGIN_COOKIE', says: /must be HttpOnly/ },
    'sameSite none without secure': {
      options: hidden({ sameSite: 'none', secure: false }),
      code: 'ERR_LOGIN_COOKIE',
      says: /unless it is Secure/,
    },
    '__Host- with a domain': {
      options: { session: { name: '__Host-id', cookie: { domain: 'app.example' } } },
      code: 'ERR_LOGIN_COOKIE',
      says: /__Host-/,
    },
    '__Host- with a path': {
      options: { session: { name: '__Host-id', cookie: { path: '/app' } } },
      code: 'ERR_LOGIN_COOKIE',
      says: /__Host-/,
    },
    loginDisabled: {
      options: { loginDisabled: true },
      code: 'ERR_LOGIN_DISABLED_IN_PRODUCTION',
      says: /opens every guarded route.*for tests/,
    },
    'trust proxy true': {
      setup: trustAll,
      code: 'ERR_LOGIN_TRUST_PROXY',
      says: /'trust proxy' is true.*Name your proxies/,
    },
    'trust proxy enabled': {
      setup: (app) => void app.enable('trust proxy'),
      code: 'ERR_LOGIN_TRUST_PROXY',
      says: /X-Forwarded-For/,
    },
    resave: { options: { session: { resave: true } }, code: 'ERR_LOGIN_RESERVED_OPTION', says: /session\.resave/ },
    saveUninitialized: {
      options: { session: { saveUninitialized: true } },
      code: 'ERR_LOGIN_RESERVED_OPTION',
      says: /session\.saveUninitialized/,
    },
    'proxy of express-session': {
      options: { session: { proxy: true } },
      code: 'ERR_LOGIN_RESERVED_OPTION',
      says: /session\.proxy/,
    },
    genid: { options: { session: { genid: () => '1' } }, code: 'ERR_LOGIN_RESERVED_OPTION', says: /session\.genid/ },
    'a store in the session': {
      options: { session: { store: new session.MemoryStore() } },
      code: 'ERR_LOGIN_RESERVED_OPTION',
      says: /session\.store/,
    },
    'an express-session in main.ts': {
      setup: (app) => void app.use(expressSession()),
      code: 'ERR_LOGIN_SESSION_MOUNTED',
      says: /express-session of its own/,
    },
    'no secret': { options: { secret: undefined }, code: 'ERR_LOGIN_SECRET', says: /missing/ },
    'a short secret': { options: { secret: 'short' }, code: 'ERR_LOGIN_SECRET', says: /5 bytes/ },
    'a sample secret': {
      options: { secret: 'change-me-in-production-please-change-me' },
      code: 'ERR_LOGIN_SECRET',
      says: /sample/,
    },
    'an old secret that is short': {
      options: { secret: [SECRET, 'short'] },
      code: 'ERR_LOGIN_SECRET',
      says: /number 2/,
    },
  });

  it.each(bad)('B2: an application is refused for %s', (_what, { code, says, options, ...settings }) =>
    expectRefusal({ options: { production: true, ...options }, ...settings }, code, says),
  );

  it('B2: has 20 bad configurations in this table', () => {
    expect(bad).toHaveLength(20);
  });

  it('an application starts with a memory store that is named explicitly', () =>
    expectStart({ options: { production: true, storage } }));

  it.each(['loopback', 1, '10.0.0.0/8'])('an application starts behind the proxies that are named: %p', (proxies) =>
    expectStart({ options: { production: true }, setup: (app) => void app.set('trust proxy', proxies) }),
  );

  it('is the mode if NODE_ENV says so and the option production is missing', async () => {
    const before = process.env.NODE_ENV;
    process.env.NODE_ENV = 'production';
    try {
      await expectRefusal({ options: { storage: undefined } }, 'ERR_LOGIN_MEMORY_STORAGE');
      await expectStart({ options: { storage: undefined, production: false } });
    } finally {
      process.env.NODE_ENV = before;
    }
  });

  it('and only there, unsafe settings are refused: elsewhere they are allowed', () =>
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
    [
      'by forRootAsync',
      () => [forRoot(), LoginModule.forRootAsync({ useFactory: () => ({ secret: SECRET, storage }) })],
    ],
  ])('cannot be imported twice: a second forRoot() %s', (_where, imports) =>
    expectRefusal(
      { imports: imports() ?? [] },
      'ERR_LOGIN_MODULE',
      /forRoot\(\) is imported 2 times/,
      /once, in the root module/,
    ),
  );

  it('may be imported twice as the same dynamic module', async () => {
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
  ])('cannot be imported without its options %s', (_where, imports) =>
    expectRefusal({ imports: imports() ?? [] }, 'ERR_LOGIN_MODULE', /without its options/, /LoginModule\.forRoot\(/),
  );

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['a text', SECRET],
    ['a list', [SECRET]],
  ])('refuses %s in place of options', async (_what, options) => {
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
  ])('refuses the call %s without options', (_call, call) => {
    expect(call).toThrow(/^ERR_LOGIN_MODULE: .* without its options\. Write /);
  });

  it.each(['all', true, null, 'Global'])('refuses each guard but global and manual: %j', (guard) =>
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
    expectRefusal(
      { setup: (app) => void setup(app) },
      'ERR_LOGIN_SESSION_MOUNTED',
      /express-session of its own/,
      /Take app\.use\(session\(\.\.\.\)\) out/,
    ),
  );

  it('leaves the session to an express-session in another middleware, and warns once', async () => {
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
