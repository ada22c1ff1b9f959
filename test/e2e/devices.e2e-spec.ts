/** The logins of a user, listed and ended, on every storage. */
import type { LoginDevice, LoginModuleOptions } from 'nestjs-login';
import type { Browser } from '../support/browser-client.js';
import { NAVIGATION } from '../support/browser-client.js';
import { describeOn } from '../support/servers.js';
import { STORAGES } from '../support/storages.js';
import type { TestStorage } from '../support/storages.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import type { TestUser } from '../support/users.js';
import { DevicesController } from '../support/devices-app.js';

const DAY = 86_400_000;

describe.each(STORAGES)('on $name', ({ servers, make }) => {
  describeOn(servers, 'the devices of a user', () => {
    const running: (() => Promise<void>)[] = [];
    const clock = { now: 0 };
    let made: TestStorage;
    beforeEach(async () => {
      clock.now = Date.now();
      made = await make(() => clock.now);
    });
    afterEach(async () => {
      for (const close of running.splice(0)) await close();
      await made.close();
    });

    async function start(login: Partial<LoginModuleOptions> = {}): Promise<TestApp> {
      const app = await startTestApp({ storage: made.storage, login, controllers: [DevicesController] });
      running.push(() => app.close());
      return app;
    }
    const loggedIn = async (app: TestApp, id = 'ada', query = '', userAgent = 'laptop'): Promise<Browser> => {
      const browser = app.browser({ ...NAVIGATION, 'user-agent': userAgent });
      await browser.post(`/login/${id}${query}`);
      return browser;
    };
    const isIn = async (browser: Browser): Promise<boolean> => (await browser.get('/protected')).status === 200;
    const devices = async (browser: Browser): Promise<LoginDevice[]> => (await browser.get('/devices')).json;
    const revoked = (app: TestApp): unknown[] =>
      app.events.filter(({ name }) => name === 'loginRevoked').map(({ event }) => event);

    it('C8 are listed with what a page about them shows, the last used first, and with nothing that opens one', async () => {
      const app = await start();
      const phone = await loggedIn(app, 'ada', '?remember=1', 'phone');
      clock.now += DAY / 4;
      const laptop = await loggedIn(app, 'ada');
      await loggedIn(app, 'bob');
      const [first, second, ...others] = await devices(laptop);
      expect(others).toEqual([]);
      const loginId = expect.stringMatching(/^[\w-]{38}$/);
      const facts = { loginId, ip: '127.0.0.1' };
      const [then, now] = [clock.now - DAY / 4, clock.now];
      const times = (at: number) => ({ createdAt: at, lastSeenAt: at });
      expect(first).toEqual({ ...facts, ...times(now), userAgent: 'laptop', isRemembered: false, isCurrent: true });
      expect(second).toEqual({ ...facts, ...times(then), userAgent: 'phone', isRemembered: true, isCurrent: false });
      for (const value of [...phone.jar.values(), ...laptop.jar.values()])
        for (const secret of decodeURIComponent(value)
          .split('.')
          .slice(1)
          .filter((part) => part.length !== 38))
          expect(JSON.stringify([first, second])).not.toContain(secret);
      clock.now += DAY;
      await isIn(phone);
      expect((await app.login.logins('ada')).map(({ userAgent }) => userAgent)).toEqual(['phone']);
    });

    it('C3 C4 end one by one: session and remember cookie together, and nobody else', async () => {
      const app = await start();
      const [mine, lost] = [await loggedIn(app), await loggedIn(app, 'ada', '?remember=1', 'phone')];
      const other = (await devices(mine)).find(({ isCurrent }) => !isCurrent)?.loginId ?? '';
      expect((await mine.post(`/devices/revoke/${other}`)).json).toEqual({ ok: true });
      expect([await isIn(lost), await isIn(lost.close()), await isIn(mine)]).toEqual([false, false, true]);
      expect((await mine.post(`/devices/revoke/${other}`)).status).toBe(404);
      expect(revoked(app)).toEqual([{ ip: '', userAgent: '', userId: 'ada', loginId: other, reason: 'revoked' }]);
    });

    it("C8 of somebody else are as unknown as those that never were, and ending one's own needs a fresh login", async () => {
      const app = await start();
      const [ada, bob] = [await loggedIn(app), await loggedIn(app, 'bob')];
      const theirs = (await devices(bob))[0]?.loginId ?? '';
      for (const id of [theirs, 'x'.repeat(38), '..', '__proto__', 'a'.repeat(5_000)])
        expect([id, (await ada.post(`/devices/revoke/${encodeURIComponent(id)}`)).status]).toEqual([id, 404]);
      expect(await isIn(bob)).toBe(true);
      const stale = await loggedIn(app, 'bob', '?fresh=0');
      const answer = await stale.post(`/devices/revoke/${theirs}`, { headers: { 'sec-fetch-mode': 'cors' } });
      expect([answer.status, (answer.json as { code: string }).code]).toEqual([401, 'ERR_FRESH_LOGIN_REQUIRED']);
      expect(await isIn(bob)).toBe(true);
    });

    it('C4 end all but the present one, or all', async () => {
      const app = await start();
      const [mine, ...others] = [await loggedIn(app), await loggedIn(app, 'ada', '?remember=1'), await loggedIn(app)];
      const bob = await loggedIn(app, 'bob');
      expect((await mine.post('/devices/others')).json).toEqual({ ended: 2 });
      expect(await Promise.all([mine, ...others, bob].map(isIn))).toEqual([true, false, false, true]);
      expect(await isIn(others[0]?.close() as Browser)).toBe(false);
      expect((await mine.post('/devices/everywhere')).json).toEqual({ ended: 1 });
      expect([await isIn(mine), await isIn(bob)]).toEqual([false, true]);
      expect(revoked(app)).toHaveLength(3);
      expect((await app.browser({ accept: 'application/json' }).post('/devices/others')).status).toBe(401);
    });

    it('C5 end with a changed security stamp, all but the one that has changed it, which goes on under a new id', async () => {
      const app = await start();
      const user = app.users.table.get('ada') as TestUser;
      user.securityStamp = 'old';
      const mine = await loggedIn(app);
      const others = await Promise.all(
        Array.from({ length: 9 }, (_, at) => loggedIn(app, 'ada', at % 2 ? '?remember=1' : '')),
      );
      await mine.get('/set?colour=red');
      const before = mine.clone();
      expect((await mine.post('/devices/password/new')).json).toEqual({ ok: true });
      expect(await app.login.logins('ada')).toHaveLength(1);
      expect([await isIn(mine), await isIn(before)]).toEqual([true, false]);
      expect((await mine.get('/values')).json).toEqual({ colour: 'red' });
      expect(await Promise.all(others.map(isIn))).toEqual(others.map(() => false));
      expect(await Promise.all(others.map((other) => isIn(other.close())))).toEqual(others.map(() => false));
      expect(revoked(app).filter((event) => (event as { reason: string }).reason === 'stamp')).toHaveLength(9);
    });

    it('C5 end with a changed security stamp also for who was just proving the former password, and for nobody else', async () => {
      const app = await start();
      (app.users.table.get('ada') as TestUser).securityStamp = 'old';
      const thief = await loggedIn(app, 'ada', '?remember=1');
      expect((await thief.post('/devices/late-proof/old')).json).toEqual({ ok: true });
      expect((await thief.post('/devices/late-proof/old?of=bob')).json).toEqual({ ok: false });
      expect(await isIn(thief)).toBe(true);
      expect((await thief.post('/devices/late-proof/new')).json).toEqual({ ok: false });
      expect([await isIn(thief), await isIn(thief.close())]).toEqual([false, false]);
    });

    it('C5 end with a changed security stamp for who has copied the remember cookie of the one that has changed it, and accuse nobody', async () => {
      const app = await start();
      const mine = await loggedIn(app, 'ada', '?remember=1');
      await isIn(mine.close());
      const before = mine.clone();
      const underWay = mine.clone();
      expect((await mine.post('/devices/password/new')).json).toEqual({ ok: true });
      // The browser has both cookies of before: to clear one of them could take the new one away.
      expect((await underWay.get('/protected')).cookies).toEqual([]);
      const after = mine.clone();
      clock.now += 3_600_000;
      expect([await isIn(before.close()), await isIn(before)]).toEqual([false, false]);
      expect([await isIn(mine), await isIn(after.close()), await isIn(after)]).toEqual([true, true, true]);
      expect(before.jar.has('remember')).toBe(false);
      expect(app.events.filter(({ name }) => name === 'rememberTokenTheft')).toEqual([]);
    });

    it('C5 go on where a page was still loading the user while they changed what they prove with', async () => {
      const app = await start();
      const mine = await loggedIn(app, 'ada', '?remember=1');
      const poll = mine.clone();
      let open = (): void => undefined;
      app.users.gate = new Promise((resolve) => (open = resolve));
      const late = poll.get('/protected');
      while (app.users.loads.length === 0) await new Promise(setImmediate);
      app.users.gate = undefined;
      expect((await mine.post('/devices/password/new')).json).toEqual({ ok: true });
      open();
      const { status, cookies } = await late;
      expect([status, cookies]).toEqual([401, []]);
      expect(await isIn(mine)).toBe(true);
      expect(revoked(app)).toEqual([]);
    });

    it('C5 of another security stamp are not shown to the user, and hold no place for a login', async () => {
      const app = await start({ login: { maxLogins: 2, whenFull: 'refuse' } });
      const [one] = [await loggedIn(app), await loggedIn(app)];
      (app.users.table.get('ada') as TestUser).securityStamp = 'new';
      const browser = await loggedIn(app);
      expect(await devices(browser)).toHaveLength(1);
      expect(await isIn(one)).toBe(false);
      expect(revoked(app)).toHaveLength(2);
      const other = await loggedIn(app);
      // A missing or old stamp is no reason to end them, because the user may have been read too early.
      expect((await app.browser().post('/devices/login-by-id/ada')).json).toEqual({ ok: false });
      expect((await app.browser().post('/devices/login-by-id/ada?stamp=old')).json).toEqual({ ok: false });
      expect([await isIn(browser), await isIn(other)]).toEqual([true, true]);
    });

    it('E8 a remember cookie of before a changed security stamp restores nothing', async () => {
      const app = await start();
      const browser = await loggedIn(app, 'ada', '?remember=1');
      (app.users.table.get('ada') as TestUser).securityStamp = 'new';
      expect(await isIn(browser.close())).toBe(false);
      expect(browser.jar.has('remember')).toBe(false);
      expect(await app.login.logins('ada')).toEqual([]);
    });

    it('C6 is out on the next request once they are inactive or gone', async () => {
      const app = await start();
      const [ada, bob] = [await loggedIn(app), await loggedIn(app, 'bob')];
      (app.users.table.get('ada') as TestUser).isActive = false;
      app.users.table.delete('bob');
      expect([await isIn(ada), await isIn(bob)]).toEqual([false, false]);
    });

    it('D6 are as many as there may be: one more ends the one that went unused for the longest time', async () => {
      const app = await start({ login: { maxLogins: 3 } });
      const browsers: Browser[] = [];
      for (let made = 0; made < 3; made += 1) {
        clock.now += 120_000;
        browsers.push(await loggedIn(app, 'ada', '?remember=1'));
      }
      clock.now += 120_000;
      await isIn(browsers[0] as Browser);
      const last = await loggedIn(app);
      expect(await Promise.all([...browsers, last].map(isIn))).toEqual([true, false, true, true]);
      expect(await isIn((browsers[1] as Browser).close())).toBe(false);
      expect(revoked(app)).toEqual([expect.objectContaining({ userId: 'ada', reason: 'cap' })]);
      expect(await isIn(await loggedIn(app, 'bob'))).toBe(true);
    });

    it('D6 E12 are as many as there may be: one more is refused, without a cookie and with everything as it was', async () => {
      const app = await start({ login: { maxLogins: 2, whenFull: 'refuse' } });
      const [one, two] = [await loggedIn(app, 'ada', '?remember=1'), await loggedIn(app, 'ada', '?remember=1')];
      const third = await loggedIn(app, 'bob');
      // A login that the same browser made within the last minute would count as lost in a double click.
      clock.now += 60_000;
      const answer = await app.browser().post('/login/ada?remember=1');
      expect([answer.json, answer.cookies]).toEqual([{ ok: false }, []]);
      // A browser with a login of its own adds none. A browser with the login of another user keeps it.
      expect((await one.post('/login/ada?remember=1')).json).toEqual({ ok: true });
      clock.now += 60_000;
      expect((await third.post('/login/ada')).json).toEqual({ ok: false });
      expect(((await third.get('/whoami')).json as { id: string }).id).toBe('bob');
      expect(app.events.filter(({ name }) => name === 'loginRefused').map(({ event }) => event)).toEqual([
        expect.objectContaining({ userId: 'ada', reason: 'too-many-logins' }),
        expect.objectContaining({ userId: 'ada', reason: 'too-many-logins' }),
      ]);
      await two.post('/logout');
      expect((await third.post('/login/ada')).json).toEqual({ ok: true });
    });

    it('C7 end, everybody on every device, with notBefore', async () => {
      const before = await start();
      const [ada, bob] = [await loggedIn(before, 'ada', '?remember=1'), await loggedIn(before, 'bob')];
      clock.now += 60_000;
      const notBefore = new Date(Math.min(clock.now, Date.now()));
      clock.now = Math.max(clock.now, Date.now());
      const after = await start({ notBefore: new Date(notBefore.getTime()) });
      const moved = (browser: Browser): Browser => {
        const copy = after.browser({ ...NAVIGATION, 'user-agent': 'laptop' });
        for (const [name, value] of browser.jar) copy.jar.set(name, value);
        return copy;
      };
      expect([await isIn(moved(ada)), await isIn(moved(ada).close()), await isIn(moved(bob))]).toEqual([
        false,
        false,
        false,
      ]);
      expect(await after.login.logins('ada')).toEqual([]);
      expect(await isIn(await loggedIn(after))).toBe(true);
    });
  });
});
