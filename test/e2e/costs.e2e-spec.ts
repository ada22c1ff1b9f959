/** The cost of a request: store calls, hashes, parses, timers and Set-Cookie lines. */
import {
  memoryStorage,
  CountingStorage,
  VISITOR,
  storage,
  start,
  only,
  app,
  cost,
  loggedIn,
} from '../support/counted-costs.js';

describe('the cost of', () => {
  describe('a public route', () => {
    it('without a cookie: nothing', async () => {
      expect(await cost(() => app.browser(VISITOR).get('/public'))).toEqual(only(200));
    });

    it('that does not exist, without a cookie: nothing', async () => {
      expect(await cost(() => app.browser(VISITOR).get('/nowhere'))).toEqual(only(404));
    });

    it("with a login's cookie that is seen for the first time: one call, one HMAC, hashes of cookie and id", async () => {
      const browser = await loggedIn();
      expect(await cost(() => browser.get('/public'))).toEqual(only(200, { calls: 1, hmac: 1, sha256: 2 }));
    });

    it("with a login's cookie that was seen before: no HMAC", async () => {
      const browser = await loggedIn();
      await browser.get('/public');
      expect(await cost(() => browser.get('/public'))).toEqual(only(200, { calls: 1, sha256: 2 }));
    });

    it("with an anonymous session's cookie: one call, one HMAC the first time, hashes of cookie and id", async () => {
      const browser = app.browser(VISITOR);
      await browser.get('/set?colour=red');
      expect(await cost(() => browser.get('/public'))).toEqual(only(200, { calls: 1, hmac: 1, sha256: 2 }));
      expect(storage.count('sessions.get')).toBe(1);
      expect(await cost(() => browser.get('/public'))).toEqual(only(200, { calls: 1, sha256: 2 }));
    });

    it('with a session that is read by the handler: the same, and one address parse for session protection', async () => {
      const browser = await loggedIn();
      await browser.get('/values');
      const read = only(200, { calls: 1, sha256: 2, parses: 1 });
      expect(await cost(() => browser.get('/values'))).toEqual(read);
    });

    it("with a login's cookie, on demand: nothing", async () => {
      const lazy = await start({ login: { session: { load: 'on-demand' } } });
      const browser = await loggedIn();
      expect(await cost(() => browser.at(lazy.origin).get('/public'), lazy)).toEqual(only(200));
    });
  });

  describe('a guarded route', () => {
    const steady = { calls: 1, users: 1, hmac: 0, sha256: 2, parses: 1 };

    it('for a login: one call, hashes of cookie and id, one address parse; one HMAC the first time', async () => {
      const browser = await loggedIn();
      expect(await cost(() => browser.get('/protected'))).toEqual(only(200, { ...steady, hmac: 1 }));
      expect(await cost(() => browser.get('/protected'))).toEqual(only(200, steady));
      expect(await cost(() => browser.get('/fresh'))).toEqual(only(200, steady));
    });

    it('without session protection: no address parse', async () => {
      const open = await start({ login: { sessionProtection: false } });
      const browser = await loggedIn();
      await browser.at(open.origin).get('/protected');
      const unprotected = only(200, { ...steady, parses: 0 });
      expect(await cost(() => browser.at(open.origin).get('/protected'), open)).toEqual(unprotected);
    });

    it('on demand: the same, without the values', async () => {
      const lazy = await start({ login: { session: { load: 'on-demand' } } });
      const browser = (await loggedIn()).at(lazy.origin);
      await browser.get('/protected');
      expect(await cost(() => browser.get('/protected'), lazy)).toEqual(only(200, steady));
    });

    it('no more where guard, decorator and service all ask', async () => {
      const browser = await loggedIn();
      await browser.get('/protected');
      expect(await cost(() => browser.get('/asks-often'))).toEqual(only(200, steady));
      expect((await browser.get('/asks-often')).json).toEqual({ same: true, id: 'ada' });
    });

    it.each([
      ['no cookie', null, 0],
      ['a malformed cookie', 'session=garbage', 0],
      ['a forged cookie', `session=s%3A${'a'.repeat(38)}.${'b'.repeat(22)}.${'c'.repeat(43)}`, 1],
      ['a malformed remember cookie', 'remember=v1.garbage', 1],
      ['a forged remember cookie', `remember=v1.${'a'.repeat(38)}.${'b'.repeat(43)}.${'c'.repeat(43)}`, 1],
    ])('with %s: one HMAC and one hash at most, each time', async (_, cookie, each) => {
      const refused = only(401, { hmac: each, sha256: each });
      expect(await cost(() => app.browser(VISITOR).get('/protected', { cookie }))).toEqual(refused);
      expect(await cost(() => app.browser(VISITOR).get('/protected', { cookie }))).toEqual(refused);
    });

    it('for a user that the request loader names: nothing', async () => {
      const asked = app.browser({ ...VISITOR, 'x-key': 'ada' });
      expect(await cost(() => asked.get('/protected'))).toEqual(only(200));
    });

    it('after the throttle interval: one call more, which moves the idle end', async () => {
      const clock = { now: Date.now() };
      const own = memoryStorage({ clock: () => clock.now });
      const counted = new CountingStorage(own);
      const other = await start({ storage: counted });
      const browser = other.browser();
      await browser.post('/login/ada');
      counted.reset();
      clock.now += 59_000;
      await browser.get('/protected');
      expect(counted.writes).toBe(0);
      clock.now += 2_000;
      await browser.get('/protected');
      await browser.get('/protected');
      expect([counted.writes, counted.count('logins.touch')]).toEqual([1, 1]);
      clock.now += 61_000;
      await browser.get('/reads-session');
      expect([counted.writes, counted.count('logins.touch')]).toEqual([2, 2]);
      own.close();
    });
  });
});
