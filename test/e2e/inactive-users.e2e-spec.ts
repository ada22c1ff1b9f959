/** Users that are inactive, and requests without a user. */
import 'reflect-metadata';
import type { LoginModuleOptions } from 'nestjs-login';
import { open, person } from '../support/shop-app.js';
import type { Person } from '../support/shop-app.js';

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
