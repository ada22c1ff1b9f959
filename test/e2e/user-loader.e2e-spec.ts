/** The user loader: its places, its results and its failures. */
import 'reflect-metadata';
import { Controller, Injectable } from '@nestjs/common';
import type { Provider, Type } from '@nestjs/common';
import { UserLoader } from 'nestjs-login';
import { open, person } from '../support/shop-app.js';
import type { Person } from '../support/shop-app.js';

describe('the user loader is found', () => {
  const people = (id: string): Person => ({ id, name: `${id} from the loader` });

  /** Replaces a method with another function, as decorators for caching and tracing do. */
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
    ['on a method that returns a promise', { providers: [Later] }],
    ['on an inherited method', { providers: [Inherited] }],
    ['on a method that a subclass overrides without a mark', { providers: [Overridden] }],
    ['below a decorator that replaces the function', { providers: [BelowADecorator] }],
    ['above a decorator that replaces the function', { providers: [AboveADecorator] }],
    ['on a controller', { providers: [], controllers: [OnAController] }],
    [
      'on the object that a factory returns',
      { providers: [{ provide: 'users', useFactory: () => new OnAProvider() }] },
    ],
    ['on a value', { providers: [{ provide: 'users', useValue: new OnAProvider() }] }],
  ])('%s', async (_where, settings) => {
    const shop = await open(settings);
    const browser = await shop.loggedIn({ id: 'ada' });
    expect((await browser.get('/guarded')).json).toEqual({ name: 'ada from the loader' });
  });
});

describe('a user loader that fails', () => {
  const failures: [string, () => unknown][] = [
    ['throws', () => { throw new Error('the table is locked'); }],
    ['rejects', () => Promise.reject(new Error('the table is locked'))],
  ]; // prettier-ignore

  it.each(failures)('(it %s) leads to a 503 on guarded routes, with Retry-After and a code', async (_how, fail) => {
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

  it.each(failures)('(it %s) leaves public routes and the session alone', async (_how, fail) => {
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

  it('prevents no login and no logout', async () => {
    const shop = await open();
    const ada = person(shop, { id: 'ada' });
    shop.users.instead = () => Promise.reject(new Error('the table is locked'));
    const browser = await shop.loggedIn(ada);
    expect(shop.storage.logins.size).toBe(1);
    expect((await browser.post('/logout')).json).toEqual({ ok: true });
    expect(shop.storage.logins.size).toBe(0);
  });

  it('is not called for a visitor without a login', async () => {
    const shop = await open();
    shop.users.instead = () => Promise.reject(new Error('the table is locked'));
    expect((await shop.browser().get('/guarded')).status).toBe(401);
    expect(shop.users.asked).toEqual([]);
  });
});

describe('a user loader that returns', () => {
  it.each([null, undefined])('%p deletes the login, even if the user exists again later', async (nobody) => {
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
  ])('a %s (%p) lets nobody in, logs the fault and keeps the session', async (kind, answer) => {
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
