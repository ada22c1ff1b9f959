/** User ids that are accepted, and user ids that are refused. */
import 'reflect-metadata';
import { UserMixin } from 'nestjs-login';
import { open, person } from '../support/shop-app.js';

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

  it('is the result of getId(), before the property id', async () => {
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
  ])('is the value of the %s that idAttribute names, before anything else', async (_kind, user) => {
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
  ])('that is %s makes loginUser() reject, and nobody is logged in', async (_what, user) => {
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

  it('that is missing leaves a logged-in user logged in', async () => {
    const shop = await open();
    const browser = await shop.loggedIn(person(shop, { id: 'ada' }));
    const answer = await shop.logIn(browser, { name: 'nobody' });
    expect(answer.json).toMatchObject({ code: 'ERR_LOGIN_USER_ID' });
    expect(answer.cookies).toEqual([]);
    expect((await browser.get('/guarded')).json).toEqual({ name: 'ADA' });
  });

  it('under another name than idAttribute is refused, and the message names the attribute', async () => {
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

  it('is active, not anonymous, and equal to a second object of the same user', () => {
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

  it('is refused if it says that it is not active', async () => {
    const shop = await open();
    expect((await shop.logIn(shop.browser(), new Blocked('eve', 'Eve'))).json).toMatchObject({ ok: false });
  });

  it('may be filled from a database row with a column isActive', async () => {
    const shop = await open();
    const eve = Object.assign(new Member('eve', 'Eve'), { isActive: false });
    expect((await shop.logIn(shop.browser(), eve)).json).toMatchObject({ ok: false });
  });
});
