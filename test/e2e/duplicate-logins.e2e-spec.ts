/** A login form that is sent twice, by a double click or a reload, makes one device. */
import { memoryStorage } from 'nestjs-login';
import type { LoginModuleOptions, MemoryStorage } from 'nestjs-login';
import type { Answer, Browser } from '../support/browser-client.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

const FULL = { login: { maxLogins: 1, whenFull: 'refuse' } } satisfies Partial<LoginModuleOptions>;

describe('a login form that is sent twice', () => {
  let app: TestApp;
  let storage: MemoryStorage;
  const clock = { now: Date.now() };

  /** Starts an application with a clock that shows another millisecond each time. */
  async function start(login: Partial<LoginModuleOptions> = {}): Promise<void> {
    storage = memoryStorage({ clock: () => (clock.now += 1) });
    app = await startTestApp({ storage, login });
  }
  afterEach(async () => {
    await app.close();
    storage.close();
  });

  /** Sends the form twice with the cookies of the browser, which then keeps the cookies of the second answer. */
  async function doubleClick(browser: Browser, path = '/login/ada'): Promise<[Answer, Answer]> {
    const first = browser.clone();
    return Promise.all([first.post(path), browser.post(path)]);
  }

  const devices = async (): Promise<number> => (await app.login.logins('ada')).length;

  /** A browser that has visited, logged in before, or been closed since. */
  const browsers: Record<string, () => Promise<Browser>> = {
    'an anonymous visitor': async () => {
      const browser = app.browser();
      await browser.get('/set?colour=red');
      return browser;
    },
    'a user who is logged in': async () => {
      const browser = app.browser();
      await browser.post('/login/ada');
      return browser;
    },
    'a user who is remembered': async () => {
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      return browser.close();
    },
  };

  describe.each(Object.keys(browsers))('by %s', (visitor) => {
    const open = (): Promise<Browser> => (browsers[visitor] as () => Promise<Browser>)();

    it('makes one device, which the last answer has logged in', async () => {
      await start();
      const browser = await open();
      const first = browser.clone();

      await first.post('/login/ada');
      await browser.post('/login/ada');

      expect(await devices()).toBe(1);
      expect((await browser.get('/protected')).status).toBe(200);
    });

    it('makes one device where both posts are under way at once', async () => {
      await start();
      const browser = await open();
      const [first, second] = await doubleClick(browser);

      expect([first.json, second.json]).toEqual([{ ok: true }, { ok: true }]);
      expect(await devices()).toBe(1);
    });

    it("is logged in, not refused, where one login is allowed and whenFull is 'refuse'", async () => {
      await start(FULL);
      const browser = await open();

      await browser.clone().post('/login/ada?remember=1');
      expect((await browser.post('/login/ada?remember=1')).json).toEqual({ ok: true });

      expect(await devices()).toBe(1);
      expect((await browser.get('/protected')).status).toBe(200);
    });
  });

  it('tells the end of the first login, and why', async () => {
    await start();
    await doubleClick(await (browsers['an anonymous visitor'] as () => Promise<Browser>)());
    const told = app.events.filter(({ name }) => name === 'loginRevoked').map(({ event }) => event);
    expect(told).toEqual([expect.objectContaining({ userId: 'ada', reason: 'duplicate' })]);
  });

  it('leaves the logins of other browsers and other users alone', async () => {
    await start();
    await app.browser().post('/login/ada');
    const other = await (browsers['an anonymous visitor'] as () => Promise<Browser>)();
    await other.post('/login/ada');
    const browser = await (browsers['an anonymous visitor'] as () => Promise<Browser>)();

    await browser.clone().post('/login/bob');
    await doubleClick(browser);

    expect(await devices()).toBe(3);
    expect(await app.login.logins('bob')).toHaveLength(1);
  });

  it('makes a second device a minute later, because nobody clicks that slowly', async () => {
    await start();
    const browser = await (browsers['an anonymous visitor'] as () => Promise<Browser>)();
    await browser.clone().post('/login/ada');
    clock.now += 60_000;
    await browser.post('/login/ada');
    expect(await devices()).toBe(2);
  });

  it('makes two devices where the browser holds no cookie of ours, because nothing tells that it is one form', async () => {
    await start();
    await doubleClick(app.browser());
    expect(await devices()).toBe(2);
  });
});
