/** The cookie of an anonymous visitor never counts beside a login. A new login takes its values over and ends it. */
import { memoryStorage } from 'nestjs-login';
import type { LoginModuleOptions, MemoryStorage } from 'nestjs-login';
import type { Browser } from '../support/browser-client.js';
import { CountingStorage, fails } from '../support/counting-storage.js';
import { clearedNames, setNames } from '../support/set-cookie.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

const ANONYMOUS = 'session-anonymous';

describe('the cookie of visitors who are not logged in', () => {
  let memory: MemoryStorage;
  let storage: CountingStorage;
  let app: TestApp;

  async function start(login: Partial<LoginModuleOptions> = {}): Promise<void> {
    memory = memoryStorage();
    storage = new CountingStorage(memory);
    app = await startTestApp({ storage, login });
  }
  afterEach(async () => {
    await app.close();
    memory.close();
  });

  /** A browser with an anonymous session that holds a value. */
  async function visitor(query = 'colour=red'): Promise<Browser> {
    const browser = app.browser();
    await browser.get(`/set?${query}`);
    return browser;
  }

  /** Ada's browser, in which another site of the same domain has planted a genuine session of its own. */
  async function planted(login = '/login/ada'): Promise<Browser> {
    const attacker = await visitor('colour=planted');
    const ada = app.browser();
    await ada.post(login);
    ada.jar.set(ANONYMOUS, attacker.jar.get(ANONYMOUS) as string);
    storage.reset();
    return ada;
  }

  const sessions = (): object => ({
    read: storage.count('sessions.get'),
    deleted: storage.count('sessions.destroy'),
    written: storage.count('sessions.set'),
  });

  describe('beside a login', () => {
    it('shows nothing of a planted session, is not read and not written', async () => {
      await start();
      const ada = await planted();
      expect((await ada.get('/values')).json).toEqual({});
      expect((await ada.get('/set?theme=dark')).cookies).toEqual([]);
      expect((await ada.get('/values')).json).toEqual({ theme: 'dark' });
      expect((await ada.get('/protected')).status).toBe(200);
      expect(sessions()).toEqual({ read: 0, deleted: 0, written: 0 });
    });

    it('is deleted and cleared by a logout that does not read it', async () => {
      await start();
      const ada = await planted();
      expect(memory.sessions.size).toBe(1);
      const answer = await ada.post('/logout');
      expect([setNames(answer), clearedNames(answer)]).toEqual([[], ['session', ANONYMOUS]]);
      expect(sessions()).toEqual({ read: 0, deleted: 1, written: 0 });
      expect([memory.sessions.size, memory.logins.size]).toEqual([0, 0]);
      expect((await ada.get('/values')).json).toEqual({});
    });

    it('shows nothing after a logout to a browser that keeps the cookie all the same', async () => {
      await start();
      const ada = await planted();
      const stubborn = ada.clone();
      await ada.post('/logout');
      expect((await stubborn.get('/values')).json).toEqual({});
    });

    it('stays what it is at a confirmation, and hands nothing over', async () => {
      await start({ session: { keepOnLogin: ['colour'] } });
      const ada = await planted();
      expect(setNames(await ada.post('/confirm'))).toEqual(['session']);
      expect((await ada.get('/values')).json).toEqual({});
      expect(sessions()).toEqual({ read: 0, deleted: 0, written: 0 });
    });

    it.each(['ada', 'bob'])('is deleted by a login as %s, which takes nothing of it', async (id) => {
      await start({ session: { keepOnLogin: ['colour'] } });
      const ada = await planted();
      const answer = await ada.post(`/login/${id}`);
      expect([setNames(answer), clearedNames(answer)]).toEqual([['session'], [ANONYMOUS]]);
      expect((await ada.get('/values')).json).toEqual({});
      expect(sessions()).toEqual({ read: 0, deleted: 1, written: 0 });
    });

    it('counts again once the login has ended, as for any visitor', async () => {
      await start();
      const ada = await planted();
      await app.login.logoutEverywhere('ada');
      expect((await ada.get('/values')).json).toEqual({ colour: 'planted' });
    });
  });

  describe('at a login', () => {
    it('hands over what keepOnLogin names, and goes with its row', async () => {
      await start({ session: { keepOnLogin: ['colour'] } });
      const browser = await visitor('colour=red&size=large');
      const copy = browser.clone();
      const answer = await browser.post('/login/ada');
      expect([setNames(answer), clearedNames(answer)]).toEqual([['session'], [ANONYMOUS]]);
      expect((await browser.get('/values')).json).toEqual({ colour: 'red' });
      expect(memory.sessions.size).toBe(0);
      expect((await copy.get('/values')).json).toEqual({});
    });

    it('hands over nothing and goes, where keepOnLogin names nothing', async () => {
      await start();
      const browser = await visitor();
      expect(clearedNames(await browser.post('/login/ada'))).toEqual([ANONYMOUS]);
      expect((await browser.get('/values')).json).toEqual({});
      expect(memory.sessions.size).toBe(0);
    });

    it('stays as it is where the login is refused', async () => {
      await start();
      const browser = await visitor();
      expect((await browser.post('/login/eve')).json).toEqual({ ok: false });
      const elsewhere = { 'sec-fetch-site': 'cross-site' };
      expect((await browser.post('/login/ada', { headers: elsewhere })).status).toBe(403);
      expect((await browser.get('/values')).json).toEqual({ colour: 'red' });
    });

    it('stays as it is where the login cannot be stored', async () => {
      await start();
      const browser = await visitor();
      storage.disturb(fails, 'logins.insert');
      const answer = await browser.post('/login/ada');
      expect([answer.status, answer.cookies]).toEqual([503, []]);
      expect(browser.jar.has(ANONYMOUS)).toBe(true);
    });

    it('takes the login back where it cannot be deleted', async () => {
      await start();
      const browser = await visitor();
      storage.disturb(fails, 'sessions.destroy');
      const answer = await browser.post('/login/ada');
      expect([answer.status, answer.cookies]).toEqual([503, []]);
      await new Promise((resolve) => setImmediate(resolve));
      expect(memory.logins.size).toBe(0);
    });

    it('hands over what keepOnLogin names to a login that the remember cookie restores, and goes', async () => {
      await start({ session: { keepOnLogin: ['colour'] } });
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      browser.close();
      await browser.get('/set?colour=red&size=large');
      expect(browser.jar.has(ANONYMOUS)).toBe(true);
      const answer = await browser.get('/protected');
      expect([answer.status, setNames(answer), clearedNames(answer)]).toEqual([
        200,
        ['remember', 'session'],
        [ANONYMOUS],
      ]);
      expect((await browser.get('/values')).json).toEqual({ colour: 'red' });
      expect(memory.sessions.size).toBe(0);
    });
  });

  describe('with two genuine ids', () => {
    it('counts as none, and a login deletes the rows of both', async () => {
      await start();
      const [one, other] = [await visitor('colour=red'), await visitor('colour=blue')];
      const cookie = `${one.cookieHeader()}; ${other.cookieHeader()}`;
      expect((await app.browser().get('/values', { cookie })).json).toEqual({});
      const repeated = `${one.cookieHeader()}; ${one.cookieHeader()}`;
      expect((await app.browser().get('/values', { cookie: repeated })).json).toEqual({ colour: 'red' });
      await app.browser().post('/login/ada', { cookie });
      expect(memory.sessions.size).toBe(0);
    });

    it('of logins counts as no login', async () => {
      await start();
      const [one, other] = [app.browser(), app.browser()];
      await one.post('/login/ada');
      await other.post('/login/bob');
      const cookie = `${one.cookieHeader()}; ${other.cookieHeader()}`;
      const answer = await app.browser().get('/whoami', { cookie });
      expect([answer.json, answer.cookies]).toMatchObject([{ id: null }, []]);
      expect([(await one.get('/protected')).status, (await other.get('/protected')).status]).toEqual([200, 200]);
    });
  });

  describe('under the name of the other one', () => {
    it('is worth nothing: neither a login id in it, nor its own id as a login', async () => {
      await start();
      const [stranger, ada] = [await visitor(), app.browser()];
      await ada.post('/login/ada');
      const [login, anonymous] = [ada.jar.get('session'), stranger.jar.get(ANONYMOUS)];
      storage.reset();

      const asAnonymous = `${ANONYMOUS}=${login}`;
      expect((await app.browser().get('/whoami', { cookie: asAnonymous })).json).toMatchObject({ id: null });
      expect((await app.browser().get('/values', { cookie: asAnonymous })).json).toEqual({});
      const asLogin = `session=${anonymous}`;
      expect((await app.browser().get('/values', { cookie: asLogin })).json).toEqual({});
      expect([storage.reads, storage.writes]).toEqual([0, 0]);

      // A logout clears both, and ends neither the login nor the session of the stranger.
      await app.browser().post('/logout', { cookie: `${asAnonymous}; ${asLogin}` });
      expect((await ada.get('/protected')).status).toBe(200);
      expect((await stranger.get('/values')).json).toEqual({ colour: 'red' });
    });
  });
});
