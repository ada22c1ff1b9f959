/** A browser that was closed comes back by its remember cookie. */
import type { Answer } from '../support/browser-client.js';
import { NAVIGATION } from '../support/browser-client.js';
import { gates } from '../support/slow-writer.js';
import { SECOND, HOUR, DAY, start, remembered, whoami, isIn, told } from '../support/remembered-login.js';

describe('a remembered login', () => {
  const setBy = ({ cookies }: Answer): string[] => cookies.map((line) => line.slice(0, line.indexOf('=')));

  describe('comes back after the browser was closed', () => {
    it('as the same user, remembered and not fresh, with a new session id and the next token', async () => {
      const { app, browser } = await remembered();
      const before = browser.jar.get('remember');
      const answer = await browser.get('/whoami');
      expect(answer.json).toEqual({ id: 'ada', authenticated: true, fresh: false, remembered: true });
      expect(setBy(answer).toSorted()).toEqual(['remember', 'session']);
      expect(browser.jar.get('remember')).not.toBe(before);
      expect((await browser.get('/fresh')).status).toBe(401);
      expect(app.users.loads).toEqual(['ada', 'ada']);
    });

    it('I5 with one event of the restore and one of the rotation, both without a secret', async () => {
      const { app, browser, loginId } = await remembered();
      await browser.get('/protected');
      await browser.get('/protected');
      const facts = { ip: '127.0.0.1', userAgent: NAVIGATION['user-agent'], userId: 'ada', loginId };
      expect(told(app, 'loadedFromCookie')).toEqual([facts]);
      expect(told(app, 'rememberTokenRotated')).toEqual([facts]);
      const [, , verifier = ''] = (browser.jar.get('remember') as string).split('.');
      expect(JSON.stringify(app.events)).not.toContain(verifier);
    });

    it('on each of ten days', async () => {
      const { app, browser, clock } = await remembered();
      for (let visit = 0; visit < 10; visit += 1) {
        clock.now += DAY;
        expect(await isIn(browser.close())).toBe(true);
        expect(await isIn(browser)).toBe(true);
      }
      expect(told(app, 'rememberTokenRotated')).toHaveLength(10);
      expect(told(app, 'rememberTokenTheft')).toEqual([]);
    });

    it('A1 with a new session id, and the session id from before the restore is rejected', async () => {
      const { app } = await start();
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      const before = browser.clone();
      before.jar.delete('remember');
      expect(await isIn(before)).toBe(true);
      await browser.close().get('/protected');
      expect(browser.jar.get('session')).not.toBe(before.jar.get('session'));
      expect(await isIn(before)).toBe(false);
    });

    it('only at a page that asks for the user', async () => {
      const { browser, storage } = await remembered();
      storage.reset();
      expect((await browser.get('/public')).cookies).toEqual([]);
      expect(storage.reads + storage.writes).toBe(0);
    });

    it('without its former session values, and with the anonymous ones that keepOnLogin names', async () => {
      const { app } = await start({ session: { keepOnLogin: ['basket'] } });
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      await browser.get('/set?twoFactor=passed');
      browser.close();
      await browser.get('/set?basket=3&theme=dark');
      await browser.get('/whoami');
      expect((await browser.get('/values')).json).toEqual({ basket: '3' });
    });

    it('with another req.session than the one from before the handler asked for the user', async () => {
      const { browser } = await remembered();
      const { json } = await browser.get('/asks-and-writes');
      expect(json).toEqual({ isTheSame: false });
      expect((await browser.get('/values')).json).toEqual({ after: true });
    });

    it('with the anonymous session deleted', async () => {
      const { browser, memory } = await remembered();
      await browser.get('/set?theme=dark');
      expect(memory.sessions.size).toBe(1);
      await browser.get('/whoami');
      expect(memory.sessions.size).toBe(0);
      expect((await browser.get('/values')).json).toEqual({});
    });

    it('with a session that a late write to the former session does not reach', async () => {
      const { app } = await start();
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      const { reached, open } = gates.make('late');
      const slow = browser.clone().get('/slow/write/late');
      await reached;
      await browser.close().get('/whoami');
      open();
      expect((await slow).status).toBe(200);
      expect((await browser.get('/values')).json).toEqual({});
    });

    it('C1 not after a logout, not even from a copy, and no login cookie stays in the browser', async () => {
      const { app } = await start();
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      const copy = browser.clone().close();
      await browser.post('/logout');
      expect([...browser.jar.keys()]).toEqual([]);
      expect(await whoami(copy)).toMatchObject({ id: null, remembered: false });
      expect([...copy.jar.keys()]).toEqual([]);
    });

    it('C1 not after a logout with the remember cookie alone, whose event names the user', async () => {
      const { app, browser, loginId } = await remembered();
      const copy = browser.clone();
      await browser.post('/logout');
      expect(told(app, 'loggedOut')).toEqual([expect.objectContaining({ userId: 'ada', loginId })]);
      expect(app.users.loads).toEqual([]);
      expect(browser.jar.has('remember')).toBe(false);
      expect(await isIn(copy)).toBe(false);
    });

    it('C1 not after a logout outside the path of the cookie, which clears the cookie all the same', async () => {
      const { app } = await start({ remember: { path: '/area' } });
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      const copy = browser.clone().close();
      browser.jar.delete('remember');
      const { cookies } = await browser.post('/logout');
      expect(cookies.find((line) => line.startsWith('remember='))).toMatch(/^remember=; Max-Age=0; Path=\/area;/);
      expect(await isIn(copy)).toBe(false);
    });

    it('not after a login of another user, or of the same user without remember', async () => {
      const { app } = await start();
      for (const id of ['bob', 'ada']) {
        const browser = app.browser();
        await browser.post('/login/ada?remember=1');
        const copy = browser.clone().close();
        await browser.post(`/login/${id}`);
        expect(browser.jar.has('remember')).toBe(false);
        expect(await isIn(copy)).toBe(false);
        expect(await whoami(browser)).toMatchObject({ id, remembered: false });
      }
    });

    it('E9 on each device by itself: a logout on one device leaves the others', async () => {
      const { app } = await start();
      const devices = [app.browser(), app.browser(), app.browser()];
      for (const device of devices) await device.post('/login/ada?remember=1');
      await devices[1]?.post('/logout');
      expect(await Promise.all(devices.map((device) => isIn(device.close())))).toEqual([true, false, true]);
    });

    it('D4 for a page that asks for a fresh login only after a confirmation', async () => {
      const { browser } = await remembered();
      expect((await browser.get('/fresh-10m')).status).toBe(401);
      expect((await browser.post('/confirm')).json).toEqual({ ok: true });
      expect((await browser.get('/fresh-10m')).status).toBe(200);
      expect((await browser.close().get('/fresh')).status).toBe(401);
    });

    it('not for a deleted user, whose login is deleted as well', async () => {
      const { app, browser, memory } = await remembered();
      const [copy, user] = [browser.clone(), app.users.table.get('ada')];
      app.users.table.delete('ada');
      expect(await whoami(browser)).toEqual({ id: null, authenticated: false, fresh: false, remembered: false });
      expect(browser.jar.has('remember')).toBe(false);
      expect(memory.logins.size).toBe(0);
      app.users.table.set('ada', user as never);
      expect(await isIn(copy)).toBe(false);
    });

    it('A2 D4 not fresh by a confirmation while inactive, and without an anonymous session value', async () => {
      const { app, browser, memory } = await remembered();
      const user = app.users.table.get('ada') as { isActive: boolean };
      user.isActive = false;
      await browser.get('/set?role=admin');
      expect((await browser.post('/confirm')).json).toEqual({ ok: false });
      user.isActive = true;
      expect((await browser.get('/fresh')).status).toBe(401);
      expect((await browser.get('/values')).json).toEqual({});
      expect(memory.sessions.size).toBe(0);
    });

    it('for an inactive user once they are active again, with the token unused until then', async () => {
      const { app, browser, storage } = await remembered();
      const user = app.users.table.get('ada') as { isActive: boolean };
      user.isActive = false;
      storage.reset();
      expect(await whoami(browser)).toEqual({ id: 'ada', authenticated: false, fresh: false, remembered: true });
      expect((await browser.get('/protected')).cookies.filter((line) => line.startsWith('remember='))).toEqual([]);
      expect(storage.writes).toBe(0);
      user.isActive = true;
      expect(await isIn(browser)).toBe(true);
    });
  });

  describe('with refreshEachRequest', () => {
    it('gets its cookie again at each request that asks for the user, with the remaining time', async () => {
      const { app, clock } = await start({ remember: { refreshEachRequest: true, absolute: '10h' } });
      const [browser, plain] = [app.browser(), app.browser()];
      await browser.post('/login/ada?remember=1');
      await plain.post('/login/ada');
      const value = browser.jar.get('remember');
      clock.now += HOUR;
      const answer = await browser.get('/protected');
      expect(answer.cookies.join()).toContain(`remember=${value}; Max-Age=${(9 * HOUR) / SECOND};`);
      await browser.post('/confirm');
      expect((await browser.get('/protected')).cookies.join()).toContain(`Max-Age=${(10 * HOUR) / SECOND};`);
      expect((await browser.get('/public')).cookies).toEqual([]);
      expect((await plain.get('/protected')).cookies).toEqual([]);
    });

    it('never gets a superseded token back', async () => {
      const { browser } = await remembered({ remember: { refreshEachRequest: true } });
      const late = browser.clone();
      await browser.get('/protected');
      await browser.get('/protected');
      late.jar.set('session', browser.jar.get('session') as string);
      expect((await late.get('/protected')).cookies).toEqual([]);
    });
  });
});
