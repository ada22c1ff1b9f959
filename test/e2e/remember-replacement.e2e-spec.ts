/** Requests that are under way while a remember token is being replaced. */
import { fails, hangs } from '../support/counting-storage.js';
import type { Whoami } from '../support/test-app.js';
import { SECOND, GRACE_OVER, start, remembered, whoami, isIn, told } from '../support/remembered-login.js';

describe('a remembered login', () => {
  describe('while a token is being replaced', () => {
    it('E7 X14 accepts the former token during the grace and no longer, and then sets and stores nothing', async () => {
      const { app, browser, clock, storage } = await remembered();
      const late = browser.clone();
      await browser.get('/protected');
      await browser.get('/protected');
      storage.reset();
      for (let second = 1; second < 60; second += 1) {
        clock.now += SECOND;
        const { status, cookies } = await late.get('/writes');
        expect([status, cookies]).toEqual([200, []]);
      }
      expect(storage.writes).toBe(0);
      expect(await whoami(late)).toEqual({ id: 'ada', authenticated: true, fresh: false, remembered: true });
      clock.now += 2 * SECOND;
      expect(await isIn(late)).toBe(false);
      expect(told(app, 'rememberTokenTheft')).toHaveLength(1);
    });

    it('is never fresh with the former token, even after a confirmation in another tab', async () => {
      const { browser } = await remembered();
      const late = browser.clone();
      await browser.get('/protected');
      await browser.post('/confirm');
      expect((await browser.get('/fresh')).status).toBe(200);
      expect((await late.get('/fresh')).status).toBe(401);
    });

    it('accepts a confirmation with the former token, whose session replaces the restored one', async () => {
      const { browser } = await remembered();
      const tab = browser.clone();
      await browser.get('/protected');
      expect((await tab.post('/confirm')).json).toEqual({ ok: true });
      expect((await tab.get('/fresh')).status).toBe(200);
      expect((await browser.get('/fresh')).status).toBe(401);
    });

    it('accepts a logout with the former token, and no tab stays logged in', async () => {
      const { browser, memory } = await remembered();
      const tab = browser.clone();
      await browser.get('/protected');
      await tab.post('/logout');
      expect([await isIn(browser), await isIn(tab), memory.logins.size]).toEqual([false, false, 0]);
    });

    it('treats a lost response as no theft: the browser comes back with its former token', async () => {
      const { app, browser, clock } = await remembered();
      const kept = browser.clone();
      await browser.get('/protected');
      clock.now += GRACE_OVER;
      expect(await isIn(kept)).toBe(true);
      expect(await isIn(kept)).toBe(true);
      expect(told(app, 'rememberTokenTheft')).toEqual([]);
    });

    it('E11 keeps its cookie and reports no theft while the store is down, and comes back afterwards', async () => {
      for (const trouble of [fails, hangs]) {
        const { app, browser, storage, clock } = await remembered({ storeTimeout: '50ms' });
        for (const methods of [['logins.find'], ['logins.replace']] as const) {
          storage.disturb(trouble, ...methods);
          const answer = await browser.get('/protected');
          expect([answer.status, answer.cookies]).toEqual([503, []]);
          storage.recover();
        }
        clock.now += GRACE_OVER;
        expect(await isIn(browser)).toBe(true);
        expect(told(app, 'rememberTokenTheft')).toEqual([]);
      }
    });

    it('E11 treats a rotation with a late answer of the store like a lost response', async () => {
      const { app, browser, storage, clock } = await remembered({ storeTimeout: '50ms' });
      storage.disturb({ after: () => new Promise<void>(() => undefined) }, 'logins.replace');
      expect((await browser.get('/protected')).status).toBe(503);
      storage.recover();
      expect(await isIn(browser)).toBe(true);
      clock.now += GRACE_OVER;
      expect(await isIn(browser)).toBe(true);
      expect(told(app, 'rememberTokenTheft')).toEqual([]);
    });

    it('ends by a logout although the store cannot be read', async () => {
      const { browser, storage, memory } = await remembered();
      storage.disturb(fails, 'logins.find');
      expect((await browser.post('/logout')).status).toBe(201);
      expect([browser.jar.has('remember'), memory.logins.size]).toEqual([false, 0]);
    });

    it('counts for one request if the response has begun, and is restored at the next request', async () => {
      const { browser, storage } = await remembered();
      storage.reset();
      const { text, cookies } = await browser.get('/asks-after-the-headers');
      expect([text, cookies, storage.writes]).toEqual(['ada', [], 0]);
      expect((await browser.get('/protected')).cookies).toHaveLength(2);
    });
  });

  describe('with requests in flight', () => {
    it('stays confirmed, with its session values, despite a request from before the confirmation', async () => {
      const { app, clock } = await start();
      const browser = app.browser();
      await browser.post('/login/ada?remember=1&fresh=0');
      await browser.get('/set?basket=3');
      const poll = browser.clone();
      clock.now += SECOND;
      await browser.post('/confirm');
      expect((await poll.get('/protected')).cookies).toEqual([]);
      expect((await browser.get('/fresh')).status).toBe(200);
      expect((await browser.get('/values')).json).toEqual({ basket: '3' });
    });

    it('keeps the cookie of a new login despite a late response to an earlier request', async () => {
      const { app } = await start();
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      const poll = browser.clone();
      await browser.post('/login/ada?remember=1');
      expect((await poll.get('/whoami')).json).toMatchObject({ id: null });
      expect((await poll.get('/whoami')).cookies.filter((line) => line.startsWith('remember='))).toEqual([]);
      expect(await isIn(browser.close())).toBe(true);
    });

    it('sends no session and no token if the handler takes a large part of the grace', async () => {
      const { app, browser, storage } = await remembered({ remember: { grace: '1s' } });
      const before = browser.jar.get('remember');
      const { cookies, json } = await browser.get('/takes-half-a-second');
      expect([cookies, json]).toEqual([[], { id: 'ada' }]);
      expect(browser.jar.get('remember')).toBe(before);
      expect(storage.count('logins.replace')).toBe(1);
      expect(told(app, 'rememberTokenTheft')).toEqual([]);
    });

    it('E11 keeps its cookie if the store cannot delete a stolen login, and ends at the next request', async () => {
      const { app, browser, clock, storage } = await remembered();
      const thief = browser.clone();
      await thief.get('/protected');
      await thief.get('/protected');
      clock.now += GRACE_OVER;
      storage.disturb(fails, 'logins.delete');
      const answer = await browser.get('/protected');
      expect([answer.status, answer.cookies]).toEqual([503, []]);
      storage.recover();
      expect(await isIn(browser)).toBe(false);
      expect(await isIn(thief)).toBe(false);
      expect(told(app, 'rememberTokenTheft')).toHaveLength(1);
    });

    it('makes currentUser() wait for a login in the same request', async () => {
      const { app, browser } = await remembered();
      expect((await browser.post('/logs-in-and-asks')).json).toEqual({ id: 'bob' });
      expect(((await browser.get('/whoami')).json as Whoami).id).toBe('bob');
      expect(told(app, 'loadedFromCookie')).toEqual([]);
    });

    it('writes nothing into an anonymous session that the handler took before the restore', async () => {
      const { app, browser } = await remembered();
      const stranger = app.browser();
      await stranger.get('/set?theme=dark');
      browser.jar.set('session', stranger.jar.get('session') as string);
      const before = stranger.clone();
      expect((await browser.get('/saves-what-it-held')).status).toBe(200);
      expect((await before.get('/values')).json).not.toHaveProperty('secret');
    });

    it('fails to reload an ephemeral session, and reports the error', async () => {
      const { browser } = await remembered();
      const burst = browser.clone();
      await browser.get('/protected');
      expect((await burst.get('/reloads')).json).toEqual({ error: 'failed to load session' });
    });
  });
});
