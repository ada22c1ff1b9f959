/** Who the user is: how loaders are found, what may be an id, and what each way to ask for the user answers. */
import type { AddressInfo } from 'node:net';
import 'reflect-metadata';
import { Controller, Get, Injectable, Module, Post, Query, Req, Session, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext, ModuleMetadata, Provider, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request } from 'express';
import {
  CurrentUser,
  Fresh,
  LoginFault,
  LoginManagerService,
  LoginModule,
  LoginRequiredGuard,
  memoryStorage,
  RequestLoader,
  UserLoader,
  UserMixin,
} from 'nestjs-login';
import type { LoginModuleOptions, MemoryStorage } from 'nestjs-login';
import { Browser } from '../support/browser-client.js';
import { LogBook } from '../support/log-book.js';
import { SECRET } from '../support/test-app.js';

interface Person {
  id?: unknown;
  name?: string;
  role?: string;
  isActive?: boolean | (() => boolean);
}

/** Everybody there is, by the text of their id; counts what the loader is asked for. */
@Injectable()
class Users {
  readonly table = new Map<string, unknown>();
  readonly asked: unknown[] = [];
  /** what the loader does in place of looking into the table */
  instead: ((id: string) => unknown) | undefined;

  @UserLoader()
  findById(id: string): unknown {
    this.asked.push(id);
    return this.instead ? this.instead(id) : this.table.get(id);
  }
}

/** Who logs in next, whatever they are. */
@Injectable()
class NextLogin {
  user: unknown;
}

@Injectable()
class AdminGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { user } = context.switchToHttp().getRequest<{ user?: Person }>();
    return user?.role === 'admin';
  }
}

const nameOf = (user: unknown): string | null => (user as Person | null | undefined)?.name ?? null;
const shown = (request: Request) => nameOf((request as { user?: unknown }).user);

@Controller()
class Pages {
  constructor(
    readonly login: LoginManagerService,
    readonly next: NextLogin,
  ) {}

  @Post('login')
  async signIn(@Req() req: Request, @Query('force') force?: string): Promise<object> {
    try {
      const ok = await this.login.loginUser(req, this.next.user as object, { force: force === '1' });
      const current = nameOf(await this.login.currentUser(req));
      return { ok, current, authenticated: await this.login.isAuthenticated(req), shown: shown(req) };
    } catch (error) {
      if (error instanceof LoginFault) return { code: error.code, message: error.message };
      throw error;
    }
  }

  @Post('logout')
  async signOut(@Req() req: Request): Promise<object> {
    await this.login.logoutUser(req);
    return { ok: true };
  }

  @Get('guarded')
  @UseGuards(LoginRequiredGuard)
  guarded(@CurrentUser() user: Person): object {
    return { name: nameOf(user) };
  }

  @Get('fresh')
  @Fresh()
  fresh(): object {
    return { ok: true };
  }

  @Get('admin')
  @UseGuards(LoginRequiredGuard, AdminGuard)
  admin(): object {
    return { ok: true };
  }

  @Get('open')
  open(@Req() req: Request): object {
    return { shown: shown(req) };
  }

  @Get('decorator')
  decorator(@CurrentUser() user: Person | null, @Req() req: Request): object {
    return { user: nameOf(user), shown: shown(req) };
  }

  @Get('field')
  field(@CurrentUser('name') name: unknown, @CurrentUser('nothing') nothing: unknown): object {
    return { name, nothing };
  }

  @Get('who')
  async who(@Req() req: Request, @CurrentUser() user: unknown): Promise<object> {
    const current = await this.login.currentUser(req);
    return {
      current: nameOf(current),
      same: current === user,
      authenticated: await this.login.isAuthenticated(req),
      fresh: await this.login.isFresh(req),
      shown: shown(req),
    };
  }

  @Get('often')
  @UseGuards(LoginRequiredGuard, AdminGuard)
  async often(@Req() req: Request, @CurrentUser() one: unknown, @CurrentUser() other: unknown): Promise<object> {
    const third = await this.login.currentUser(req);
    return { same: one === other && other === third && (await this.login.isAuthenticated(req)) };
  }

  @Get('code')
  async code(@Req() req: Request): Promise<object> {
    try {
      return { user: await this.login.currentUser(req) };
    } catch (error) {
      return error instanceof LoginFault ? { code: error.code, message: error.message } : { error: String(error) };
    }
  }

  @Get('tenant')
  @UseGuards(LoginRequiredGuard)
  tenant(@Req() req: Request & { tenant?: string }): object {
    return { tenant: req.tenant ?? null };
  }

  @Post('cart')
  fill(@Session() session: Record<string, unknown>): object {
    session.cart = 'pear';
    return { ok: true };
  }

  @Get('cart')
  cart(@Session() session: Record<string, unknown>): object {
    return { cart: session.cart ?? null };
  }
}

interface Shop {
  readonly log: LogBook;
  readonly users: Users;
  readonly storage: MemoryStorage;
  readonly events: string[];
  browser(headers?: Record<string, string>): Browser;
  /** A browser in which this user has just logged in. */
  loggedIn(user: unknown): Promise<Browser>;
  /** Sends the login form of this user. */
  logIn(browser: Browser, user: unknown, query?: string): ReturnType<Browser['post']>;
}

interface Settings extends Pick<ModuleMetadata, 'controllers'> {
  options?: Partial<LoginModuleOptions>;
  /** who loads; default: Users */
  providers?: Provider[];
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function open({ options = {}, providers = [Users], controllers = [] }: Settings = {}): Promise<Shop> {
  const storage = memoryStorage();
  const users = new Users();
  const next = new NextLogin();

  @Module({
    imports: [LoginModule.forRoot({ secret: SECRET, storage, ...options })],
    controllers: [Pages, ...controllers],
    providers: [
      ...providers.map((provider) => (provider === Users ? { provide: Users, useValue: users } : provider)),
      { provide: NextLogin, useValue: next },
    ],
  })
  class ShopModule {}

  const app = await NestFactory.create<NestExpressApplication>(ShopModule, { logger: false, abortOnError: false });
  closers.push(
    () => app.close(),
    () => storage.close(),
  );
  const log = new LogBook();
  app.useLogger(log);
  await app.listen(0, '127.0.0.1');
  const origin = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  const events: string[] = [];
  const { events: stream } = app.get(LoginManagerService);
  for (const name of ['loggedIn', 'loggedOut', 'loginRefused'] as const) stream.on(name, () => events.push(name));
  const shop: Shop = {
    log,
    users,
    storage,
    events,
    browser: (headers = {}) => new Browser(origin, headers),
    logIn: (browser, user, query = '') => {
      next.user = user;
      return browser.post(`/login${query}`);
    },
    loggedIn: async (user) => {
      const browser = shop.browser();
      expect((await shop.logIn(browser, user)).json).toMatchObject({ ok: true });
      return browser;
    },
  };
  return shop;
}

/** Somebody whom the loader finds. */
function person(shop: Shop, fields: Person & { id: string }): Person {
  const user = { name: fields.id.toUpperCase(), ...fields };
  shop.users.table.set(fields.id, user);
  return user;
}

describe('the user loader is found', () => {
  const people = (id: string): Person => ({ id, name: `${id} from the loader` });

  /** A decorator that puts another function in the place of the method, as those for caching and tracing do. */
  const Traced: MethodDecorator = (_prototype, _name, descriptor) => {
    const method = descriptor.value as unknown as (...args: unknown[]) => unknown;
    const traced = function (this: unknown, ...args: unknown[]): unknown {
      return method.apply(this, args);
    };
    return { ...descriptor, value: traced as never };
  };

  @Injectable()
  class OnAProvider {
    private readonly suffix = 'from the loader';

    @UserLoader()
    load(id: string): Person {
      return { id, name: `${id} ${this.suffix}` };
    }
  }

  @Injectable()
  class Inherited extends OnAProvider {}

  @Injectable()
  class Overridden extends OnAProvider {
    override load(id: string): Person {
      return super.load(id);
    }
  }

  @Injectable()
  class BelowADecorator {
    @Traced
    @UserLoader()
    load(id: string): Person {
      return people(id);
    }
  }

  @Injectable()
  class AboveADecorator {
    @UserLoader()
    @Traced
    load(id: string): Person {
      return people(id);
    }
  }

  @Injectable()
  class Later {
    @UserLoader()
    async load(id: string): Promise<Person> {
      await new Promise(setImmediate);
      return people(id);
    }
  }

  @Controller()
  class OnAController {
    @UserLoader()
    load(id: string): Person {
      return people(id);
    }
  }

  it.each<[string, { providers: Provider[]; controllers?: Type[] }]>([
    ["on a provider's method", { providers: [OnAProvider] }],
    ['on a method that answers later', { providers: [Later] }],
    ['on an inherited method', { providers: [Inherited] }],
    ['on a method that a subclass overrides without a mark', { providers: [Overridden] }],
    ['below a decorator that replaces the function', { providers: [BelowADecorator] }],
    ['above a decorator that replaces the function', { providers: [AboveADecorator] }],
    ['on a controller', { providers: [], controllers: [OnAController] }],
    ['on what a factory made', { providers: [{ provide: 'users', useFactory: () => new OnAProvider() }] }],
    ['on a value', { providers: [{ provide: 'users', useValue: new OnAProvider() }] }],
  ])('%s', async (_where, settings) => {
    const shop = await open(settings);
    const browser = await shop.loggedIn({ id: 'ada' });
    expect((await browser.get('/guarded')).json).toEqual({ name: 'ada from the loader' });
  });
});

describe('an id', () => {
  class ObjectId {
    constructor(readonly bytes: Uint8Array) {}

    toString(): string {
      return Buffer.from(this.bytes).toString('hex');
    }
  }

  it.each<[string, unknown, string]>([
    ['text', 'ada', 'ada'],
    ['a number', 7, '7'],
    ['zero', 0, '0'],
    ['a negative number', -1, '-1'],
    ['a bigint beyond every number', 12345678901234567890n, '12345678901234567890'],
    ['an object that prints itself', new ObjectId(new Uint8Array([101, 255, 0, 9])), '65ff0009'],
    ['text beyond ASCII', 'Zoë Übermütig 木村 👩‍🚀', 'Zoë Übermütig 木村 👩‍🚀'],
    ['cookie syntax', 'a=b; Path=/; "c", \\d', 'a=b; Path=/; "c", \\d'],
    ['line breaks and NUL', 'a\r\nSet-Cookie: b=c\0', 'a\r\nSet-Cookie: b=c\0'],
    ['separators', 's:v1.ada|bob:{eve}.', 's:v1.ada|bob:{eve}.'],
    ['percent signs', '%00%2F%', '%00%2F%'],
    ['a blank', ' ', ' '],
    ["the name of an object's own part", '__proto__', '__proto__'],
    ['a long text', 'x'.repeat(2000), 'x'.repeat(2000)],
  ])('that is %s reaches the loader as text, and finds the user again', async (_kind, id, text) => {
    const shop = await open();
    shop.users.table.set(text, { id, name: 'found' });
    const browser = await shop.loggedIn({ id });
    const answer = await browser.get('/guarded');
    expect(shop.users.asked).toEqual([text]);
    expect(answer.json).toEqual({ name: 'found' });
    expect(browser.cookieHeader().length).toBeLessThan(256);
  });

  it('keeps users apart whose ids look alike', async () => {
    const shop = await open();
    const ids = ['1', '01', '1.0', ' 1', '1 ', 'A', 'a', 'å', 'a\u030a'];
    const browsers = await Promise.all(ids.map(async (id) => ({ id, browser: shop.browser() })));
    for (const { id, browser } of browsers) await shop.logIn(browser, person(shop, { id, name: `user <${id}>` }));
    for (const { id, browser } of browsers)
      expect((await browser.get('/guarded')).json).toEqual({ name: `user <${id}>` });
  });

  it('is what getId() says, before the property id', async () => {
    const shop = await open();
    const user = { id: 1, key: 'alternative', name: 'Ada', getId: () => 'alternative' };
    shop.users.table.set('alternative', user);
    const browser = await shop.loggedIn(user);
    expect((await browser.get('/guarded')).json).toEqual({ name: 'Ada' });
    expect(shop.users.asked).toEqual(['alternative']);
  });

  it.each<[string, object]>([
    ['property', { email: 'ada@example.org', id: 1, getId: () => 2 }],
    [
      'method',
      new (class {
        readonly #email = 'ada@example.org';
        readonly id = 1;

        email(): string {
          return this.#email;
        }
      })(),
    ],
  ])('is what the %s named by idAttribute says, before anything else', async (_kind, user) => {
    const shop = await open({ options: { idAttribute: 'email' } });
    shop.users.table.set('ada@example.org', Object.assign(user, { name: 'Ada' }));
    const browser = await shop.loggedIn(user);
    expect((await browser.get('/guarded')).json).toEqual({ name: 'Ada' });
    expect(shop.users.asked).toEqual(['ada@example.org']);
  });

  it.each<[string, unknown]>([
    ['missing', {}],
    ['undefined', { id: undefined }],
    ['null', { id: null }],
    ['an empty text', { id: '' }],
    ['NaN', { id: NaN }],
    ['Infinity', { id: Infinity }],
    ['true', { id: true }],
    ['a symbol', { id: Symbol('ada') }],
    ['a plain object', { id: {} }],
    ['an object without a prototype', { id: Object.create(null) as object }],
    ['an object that prints nothing', { id: { toString: () => '' } }],
    ['an object that cannot be printed', { id: { toString: () => ({}) } }],
    ['an empty list', { id: [] }],
    ['a list', { id: ['ada'] }],
    ['a promise', { getId: async () => 'ada' }],
    ['of no user: null', null],
    ['of no user: undefined', undefined],
    ['of no user: a text', 'ada'],
  ])('that is %s makes loginUser reject, and nobody is logged in', async (_what, user) => {
    const shop = await open();
    const browser = shop.browser();
    const answer = await shop.logIn(browser, user);
    expect(answer.json).toMatchObject({ code: 'ERR_LOGIN_USER_ID' });
    expect(answer.json).toMatchObject({ message: expect.stringMatching(/"id"|"getId"/) as string });
    expect(answer.json).toMatchObject({ message: expect.stringMatching(/"idAttribute"/) as string });
    expect(answer.cookies).toEqual([]);
    expect(shop.storage.logins.size).toBe(0);
    expect(shop.events).toEqual([]);
    expect((await browser.get('/guarded')).status).toBe(401);
  });

  it('that is missing leaves whoever is logged in where they are', async () => {
    const shop = await open();
    const browser = await shop.loggedIn(person(shop, { id: 'ada' }));
    const answer = await shop.logIn(browser, { name: 'nobody' });
    expect(answer.json).toMatchObject({ code: 'ERR_LOGIN_USER_ID' });
    expect(answer.cookies).toEqual([]);
    expect((await browser.get('/guarded')).json).toEqual({ name: 'ADA' });
  });

  it('under another name than idAttribute says is told apart in the message', async () => {
    const shop = await open({ options: { idAttribute: 'email' } });
    const answer = await shop.logIn(shop.browser(), { id: 'ada' });
    expect(answer.json).toMatchObject({
      code: 'ERR_LOGIN_USER_ID',
      message: expect.stringContaining('"email"') as string,
    });
  });
});

describe('a user class on UserMixin', () => {
  class Member extends UserMixin {
    constructor(
      readonly id: string,
      readonly name: string,
    ) {
      super();
    }
  }

  class Blocked extends Member {
    override get isActive(): boolean {
      return false;
    }
  }

  it('is active, somebody, and equal to itself loaded twice', () => {
    const ada = new Member('ada', 'Ada');
    expect(ada).toMatchObject({ isActive: true, isAuthenticated: true, isAnonymous: false });
    expect(ada.getId()).toBe('ada');
    expect(ada.equals(new Member('ada', 'Ada Lovelace'))).toBe(true);
    expect(ada.equals(new Member('bob', 'Bob'))).toBe(false);
    expect(ada.equals({ id: 'ada', getId: () => 'ada' })).toBe(false);
    expect(new Blocked('eve', 'Eve').isAuthenticated).toBe(false);
  });

  it('logs in by its id', async () => {
    const shop = await open();
    shop.users.table.set('ada', new Member('ada', 'Ada'));
    const browser = await shop.loggedIn(new Member('ada', 'Ada'));
    expect((await browser.get('/guarded')).json).toEqual({ name: 'Ada' });
  });

  it('is refused once it says that it is not active', async () => {
    const shop = await open();
    expect((await shop.logIn(shop.browser(), new Blocked('eve', 'Eve'))).json).toMatchObject({ ok: false });
  });

  it('may be filled from a row of a database that has a column isActive', async () => {
    const shop = await open();
    const eve = Object.assign(new Member('eve', 'Eve'), { isActive: false });
    expect((await shop.logIn(shop.browser(), eve)).json).toMatchObject({ ok: false });
  });
});

describe('an inactive user', () => {
  const inactive: [string, Person][] = [
    ['property', { id: 'eve', name: 'Eve', isActive: false }],
    [
      'method',
      new (class {
        readonly id = 'eve';
        readonly name = 'Eve';
        readonly #blocked = true;

        isActive(): boolean {
          return !this.#blocked;
        }
      })(),
    ],
  ];

  it.each(inactive)('by %s is refused by loginUser, which answers false and changes nothing', async (_kind, eve) => {
    const shop = await open();
    shop.users.table.set('eve', eve);
    const browser = shop.browser();
    const answer = await shop.logIn(browser, eve);
    expect(answer.json).toEqual({ ok: false, current: null, authenticated: false, shown: null });
    expect(answer.cookies).toEqual([]);
    expect(shop.storage.logins.size).toBe(0);
    expect(shop.events).toEqual(['loginRefused']);
    expect((await browser.get('/guarded')).status).toBe(401);
  });

  it('leaves the login of this browser and its session alone', async () => {
    const shop = await open();
    const browser = await shop.loggedIn(person(shop, { id: 'ada' }));
    await browser.post('/cart');
    const before = browser.cookieHeader();
    const answer = await shop.logIn(browser, { id: 'eve', isActive: false });
    expect(answer.json).toEqual({ ok: false, current: 'ADA', authenticated: true, shown: 'ADA' });
    expect(browser.cookieHeader()).toBe(before);
    expect((await browser.get('/guarded')).json).toEqual({ name: 'ADA' });
    expect((await browser.get('/cart')).json).toEqual({ cart: 'pear' });
  });

  it.each(inactive)('by %s is logged in with force, and goes on being refused by guards', async (_kind, eve) => {
    const shop = await open();
    shop.users.table.set('eve', eve);
    const browser = shop.browser();
    const answer = await shop.logIn(browser, eve, '?force=1');
    expect(answer.json).toEqual({ ok: true, current: 'Eve', authenticated: false, shown: null });
    expect((await browser.get('/guarded')).status).toBe(401);
    expect((await browser.get('/fresh')).status).toBe(401);
    expect((await browser.get('/who')).json).toMatchObject({
      current: 'Eve',
      same: true,
      authenticated: false,
      shown: null,
    });
  });

  it('who was active when they logged in is out on the next request, and in again when they are active again', async () => {
    const shop = await open();
    const ada = person(shop, { id: 'ada' });
    const browser = await shop.loggedIn(ada);
    expect((await browser.get('/guarded')).status).toBe(200);
    ada.isActive = false;
    expect((await browser.get('/guarded')).status).toBe(401);
    expect((await browser.get('/decorator')).json).toEqual({ user: 'ADA', shown: null });
    ada.isActive = true;
    expect((await browser.get('/guarded')).json).toEqual({ name: 'ADA' });
  });
});

describe('without a user', () => {
  it('currentUser and @CurrentUser() give null, and so does a field', async () => {
    const shop = await open();
    const browser = shop.browser();
    expect((await browser.get('/who')).json).toEqual({
      current: null,
      same: true,
      authenticated: false,
      fresh: false,
      shown: null,
    });
    expect((await browser.get('/field')).json).toEqual({ name: null, nothing: null });
    expect((await browser.get('/code')).json).toEqual({ user: null });
  });

  describe('and with anonymousUser', () => {
    const guests: object[] = [];
    const options: Partial<LoginModuleOptions> = {
      anonymousUser: () => {
        const guest = { name: 'guest', role: 'admin' };
        guests.push(guest);
        return guest;
      },
    };
    beforeEach(() => guests.splice(0));

    it('both give what it makes, who is not authenticated, not shown to others and refused by guards', async () => {
      const shop = await open({ options });
      const browser = shop.browser();
      expect((await browser.get('/who')).json).toMatchObject({ current: 'guest', authenticated: false, shown: null });
      expect((await browser.get('/field')).json).toEqual({ name: 'guest', nothing: null });
      expect((await browser.get('/guarded')).status).toBe(401);
      expect((await browser.get('/admin')).status).toBe(401);
    });

    it('it is one guest throughout a request, and another one in the next', async () => {
      const shop = await open({ options });
      const browser = shop.browser();
      expect((await browser.get('/who')).json).toMatchObject({ current: 'guest', same: true });
      expect((await browser.get('/who')).json).toMatchObject({ current: 'guest', same: true });
      expect(guests).toHaveLength(2);
    });

    it('it is not asked for a request that is from somebody, nor where nobody asks', async () => {
      const shop = await open({ options });
      const browser = await shop.loggedIn(person(shop, { id: 'ada' }));
      expect((await browser.get('/who')).json).toMatchObject({ current: 'ADA' });
      await shop.browser().get('/open');
      expect(guests).toEqual([]);
    });

    it('after logout the visitor is the guest', async () => {
      const shop = await open({ options });
      const browser = await shop.loggedIn(person(shop, { id: 'ada' }));
      await browser.post('/logout');
      expect((await browser.get('/decorator')).json).toEqual({ user: 'guest', shown: null });
    });
  });
});

describe('the user of a request', () => {
  it('is given by @CurrentUser(), and a field of it by @CurrentUser(field)', async () => {
    const shop = await open();
    const browser = await shop.loggedIn(person(shop, { id: 'ada' }));
    expect((await browser.get('/decorator')).json).toMatchObject({ user: 'ADA' });
    expect((await browser.get('/field')).json).toEqual({ name: 'ADA', nothing: null });
  });

  it('stands in req.user after the guard, so that a role guard behind it can decide', async () => {
    const shop = await open();
    const admin = await shop.loggedIn(person(shop, { id: 'ada', role: 'admin' }));
    const clerk = await shop.loggedIn(person(shop, { id: 'bob', role: 'clerk' }));
    expect((await admin.get('/admin')).status).toBe(200);
    expect((await clerk.get('/admin')).status).toBe(403);
    expect((await shop.browser().get('/admin')).status).toBe(401);
  });

  it('stands in req.user after the decorator', async () => {
    const shop = await open();
    const browser = await shop.loggedIn(person(shop, { id: 'ada' }));
    expect((await browser.get('/decorator')).json).toEqual({ user: 'ADA', shown: 'ADA' });
  });

  it('stands nowhere, and is not loaded, where nobody asks', async () => {
    const shop = await open();
    const browser = await shop.loggedIn(person(shop, { id: 'ada' }));
    expect((await browser.get('/open')).json).toEqual({ shown: null });
    expect(shop.users.asked).toEqual([]);
  });

  it('is loaded once, however often it is asked for', async () => {
    const shop = await open();
    const browser = await shop.loggedIn(person(shop, { id: 'ada', role: 'admin' }));
    expect((await browser.get('/often')).json).toEqual({ same: true });
    expect(shop.users.asked).toEqual(['ada']);
    await browser.get('/often');
    expect(shop.users.asked).toEqual(['ada', 'ada']);
  });

  it('is not loaded by the login itself', async () => {
    const shop = await open();
    const answer = await shop.logIn(shop.browser(), person(shop, { id: 'ada' }));
    expect(answer.json).toEqual({ ok: true, current: 'ADA', authenticated: true, shown: 'ADA' });
    expect(shop.users.asked).toEqual([]);
  });
});

describe('a user loader that fails', () => {
  const failures: [string, () => unknown][] = [
    ['throws', () => { throw new Error('the table is locked'); }],
    ['rejects', () => Promise.reject(new Error('the table is locked'))],
  ]; // prettier-ignore

  it.each(failures)('and %s answers 503 on guarded routes, with Retry-After and a code', async (_how, fail) => {
    const shop = await open({ options: { loginView: '/sign-in' } });
    const browser = await shop.loggedIn(person(shop, { id: 'ada' }));
    shop.users.instead = fail;
    for (const path of ['/guarded', '/fresh', '/admin']) {
      const answer = await browser.get(path);
      expect({ path, status: answer.status }).toEqual({ path, status: 503 });
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(answer.json).toMatchObject({ statusCode: 503, code: 'ERR_LOGIN_UNAVAILABLE' });
      expect(answer.text).not.toContain('locked');
      expect(answer.cookies).toEqual([]);
    }
  });

  it.each(failures)('and %s leaves public routes and the session alone', async (_how, fail) => {
    const shop = await open();
    const browser = await shop.loggedIn(person(shop, { id: 'ada' }));
    await browser.post('/cart');
    const cookie = browser.cookieHeader();
    shop.users.instead = fail;
    expect((await browser.get('/guarded')).status).toBe(503);
    expect((await browser.get('/open')).status).toBe(200);
    expect((await browser.get('/cart')).json).toEqual({ cart: 'pear' });
    shop.users.instead = undefined;
    expect(browser.cookieHeader()).toBe(cookie);
    expect((await browser.get('/guarded')).json).toEqual({ name: 'ADA' });
    expect((await browser.get('/cart')).json).toEqual({ cart: 'pear' });
    expect((await browser.get('/fresh')).status).toBe(200);
    expect(shop.storage.logins.size).toBe(1);
  });

  it('does not keep anybody from logging in or out', async () => {
    const shop = await open();
    const ada = person(shop, { id: 'ada' });
    shop.users.instead = () => Promise.reject(new Error('the table is locked'));
    const browser = await shop.loggedIn(ada);
    expect(shop.storage.logins.size).toBe(1);
    expect((await browser.post('/logout')).json).toEqual({ ok: true });
    expect(shop.storage.logins.size).toBe(0);
  });

  it('concerns nobody who is not logged in', async () => {
    const shop = await open();
    shop.users.instead = () => Promise.reject(new Error('the table is locked'));
    expect((await shop.browser().get('/guarded')).status).toBe(401);
    expect(shop.users.asked).toEqual([]);
  });
});

describe('a user loader that answers', () => {
  it.each([null, undefined])('%p ends the login, also for a user who comes back later', async (nobody) => {
    const shop = await open();
    const browser = await shop.loggedIn(person(shop, { id: 'ada' }));
    const thief = browser.clone();
    shop.users.instead = () => nobody;
    expect((await browser.get('/guarded')).status).toBe(401);
    expect(browser.jar.size).toBe(0);
    expect(shop.storage.logins.size).toBe(0);
    shop.users.instead = undefined;
    expect((await thief.get('/guarded')).status).toBe(401);
    expect((await (await shop.loggedIn({ id: 'ada' })).get('/guarded')).json).toEqual({ name: 'ADA' });
  });

  it.each<[string, unknown]>([
    ['string', 'ada'],
    ['string', ''],
    ['number', 7],
    ['number', 0],
    ['boolean', true],
    ['boolean', false],
    ['bigint', 7n],
    ['symbol', Symbol('ada')],
    ['function', () => ({ id: 'ada' })],
  ])('a %s (%p) lets nobody in and says so, and the session stays', async (kind, answer) => {
    const shop = await open();
    const browser = await shop.loggedIn(person(shop, { id: 'ada' }));
    shop.users.instead = () => answer;
    const refused = await browser.get('/guarded');
    expect(refused.status).toBe(500);
    expect(refused.text).not.toContain('loader');
    expect((await browser.get('/code')).json).toEqual({ user: null });
    expect(shop.log.text()).toMatch(new RegExp(`ERR_LOGIN_USER_ID: .*user loader answered a ${kind}.*object, or null`));
    shop.users.instead = undefined;
    expect((await browser.get('/guarded')).json).toEqual({ name: 'ADA' });
  });
});

describe('the request loader', () => {
  @Injectable()
  class Keys {
    static readonly users = new Map<unknown, unknown>();
    static readonly asked: unknown[] = [];

    @RequestLoader()
    async byKey(request: Request & { tenant?: string }): Promise<unknown> {
      const key = request.headers['x-key'];
      Keys.asked.push(key);
      request.tenant = 'acme';
      if (key === 'broken') throw new Error('the key table is locked');
      return Keys.users.get(key);
    }
  }

  beforeEach(() => {
    Keys.asked.splice(0);
    Keys.users.clear();
    Keys.users.set('key of bob', { id: 'bob', name: 'Bob', role: 'admin' });
    Keys.users.set('key of eve', { id: 'eve', name: 'Eve', isActive: false });
    Keys.users.set('key of nobody', null);
    Keys.users.set('key without an id', { name: 'Nameless' });
    Keys.users.set('key of a text', 'bob');
  });
  const withKey = (key: string) => ({ headers: { 'x-key': key } });

  it('alone names the user, with neither cookie nor stored login', async () => {
    const shop = await open({ providers: [Keys] });
    const browser = shop.browser();
    const answer = await browser.get('/guarded', withKey('key of bob'));
    expect(answer.json).toEqual({ name: 'Bob' });
    expect(answer.cookies).toEqual([]);
    expect(shop.storage.logins.size).toBe(0);
    expect(shop.storage.sessions.size).toBe(0);
    expect((await browser.get('/guarded')).status).toBe(401);
    expect((await browser.get('/guarded', withKey('key of nobody'))).status).toBe(401);
    expect((await browser.get('/guarded', withKey('unknown'))).status).toBe(401);
  });

  it('shows the user to role guards as a login does, and is asked once a request', async () => {
    const shop = await open({ providers: [Keys] });
    expect((await shop.browser().get('/often', withKey('key of bob'))).json).toEqual({ same: true });
    expect(Keys.asked).toEqual(['key of bob']);
  });

  it('gets the request itself', async () => {
    const shop = await open({ providers: [Keys] });
    expect((await shop.browser().get('/tenant', withKey('key of bob'))).json).toEqual({ tenant: 'acme' });
  });

  it('names a user who is never fresh', async () => {
    const shop = await open({ providers: [Keys] });
    const browser = shop.browser();
    const answer = await browser.get('/fresh', withKey('key of bob'));
    expect(answer.status).toBe(401);
    expect(answer.json).toMatchObject({ code: 'ERR_FRESH_LOGIN_REQUIRED' });
    expect((await browser.get('/who', withKey('key of bob'))).json).toMatchObject({
      authenticated: true,
      fresh: false,
    });
  });

  it('comes after the login, and is not asked where there is one', async () => {
    const shop = await open({ providers: [Users, Keys] });
    const browser = await shop.loggedIn(person(shop, { id: 'ada' }));
    expect((await browser.get('/guarded', withKey('key of bob'))).json).toEqual({ name: 'ADA' });
    expect(Keys.asked).toEqual([]);
    await browser.post('/logout');
    expect((await browser.get('/guarded', withKey('key of bob'))).json).toEqual({ name: 'Bob' });
  });

  it('is asked where the cookie names no login, or one whose user is gone', async () => {
    const shop = await open({ providers: [Users, Keys] });
    const stranger = await shop
      .browser()
      .get('/guarded', { ...withKey('key of bob'), cookie: 'session=s%3Amade-up.x' });
    expect(stranger.json).toEqual({ name: 'Bob' });
    const browser = await shop.loggedIn({ id: 'gone' });
    expect((await browser.get('/guarded', withKey('key of bob'))).json).toEqual({ name: 'Bob' });
  });

  it('naming an inactive user lets nobody in, and still says who it is', async () => {
    const shop = await open({ providers: [Keys] });
    const browser = shop.browser();
    expect((await browser.get('/guarded', withKey('key of eve'))).status).toBe(401);
    expect((await browser.get('/who', withKey('key of eve'))).json).toMatchObject({
      current: 'Eve',
      authenticated: false,
      shown: null,
    });
  });

  it('that throws answers 503 on guarded routes, while public routes and logins go on', async () => {
    const shop = await open({ providers: [Users, Keys] });
    const browser = shop.browser();
    const answer = await browser.get('/guarded', withKey('broken'));
    expect(answer.status).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer.json).toMatchObject({ code: 'ERR_LOGIN_UNAVAILABLE' });
    expect(answer.text).not.toContain('locked');
    expect((await browser.get('/open', withKey('broken'))).status).toBe(200);
    const ada = await shop.loggedIn(person(shop, { id: 'ada' }));
    expect((await ada.get('/guarded', withKey('broken'))).json).toEqual({ name: 'ADA' });
  });

  it.each(['key without an id', 'key of a text'])(
    'that answers no user (%s) lets nobody in and says so',
    async (key) => {
      const shop = await open({ providers: [Keys] });
      const browser = shop.browser();
      expect((await browser.get('/guarded', withKey(key))).status).toBe(500);
      expect((await browser.get('/code', withKey(key))).json).toEqual({ user: null });
      expect(shop.log.text()).toContain('ERR_LOGIN_USER_ID');
    },
  );

  it('alone cannot keep a login alive, so loginUser says that a user loader is missing', async () => {
    const shop = await open({ providers: [Keys] });
    const answer = await shop.logIn(shop.browser(), { id: 'ada' });
    expect(answer.json).toMatchObject({ code: 'ERR_LOGIN_NO_USER_LOADER' });
    expect(answer.cookies).toEqual([]);
    expect(shop.storage.logins.size).toBe(0);
  });
});
