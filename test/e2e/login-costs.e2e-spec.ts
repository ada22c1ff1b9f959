/** The cost of a login, a restore and a logout. */
import {
  Injectable,
  OnLogin,
  VISITOR,
  inner,
  storage,
  start,
  only,
  app,
  cost,
  loggedIn,
} from '../support/counted-costs.js';

@Injectable()
class Listener {
  @OnLogin('loggedOut')
  loggedOut(): void {
    // Only the presence of a listener matters.
  }
}

describe('the cost of', () => {
  describe('a remembered login', () => {
    it('that is restored: two calls, three HMACs, and hashes of cookie, tokens, new id and browser', async () => {
      const browser = await loggedIn('/login/ada?remember=1');
      browser.close();
      // The presented token is judged before the user is loaded, and again when it is redeemed.
      const restored = only(200, { calls: 2, users: 1, hmac: 3, sha256: 6, parses: 1, cookies: 2 });
      expect(await cost(() => browser.get('/protected'))).toEqual(restored);
      expect(storage.count('logins.find', 'logins.replace')).toBe(2);
    });

    it('whose new token comes back: two calls, no cookie; then one call again', async () => {
      const browser = await loggedIn('/login/ada?remember=1');
      await browser.close().get('/protected');
      const received = await cost(() => browser.get('/protected'));
      expect(received).toMatchObject({ status: 200, calls: 2, users: 1, hmac: 2, cookies: 0 });
      expect(storage.count('logins.find', 'logins.replace')).toBe(2);
      expect(await cost(() => browser.get('/protected'))).toMatchObject({ calls: 1, users: 1, hmac: 0, cookies: 0 });
    });

    it('in a burst, and in the grace: one call, nothing written, no cookie', async () => {
      const browser = await loggedIn('/login/ada?remember=1');
      browser.close();
      const [burst, grace] = [browser.clone(), browser.clone()];
      const free = { status: 200, calls: 1, users: 1, hmac: 0, cookies: 0 };
      await browser.get('/protected');
      expect(await cost(() => burst.get('/protected'))).toMatchObject(free);
      await browser.get('/protected');
      expect(await cost(() => grace.get('/protected'))).toMatchObject(free);
    });
  });

  describe('a login', () => {
    it('of a stranger: one call, one HMAC, three hashes (user, session id, browser), one cookie', async () => {
      const rows = inner.logins.size;
      const made = only(201, { calls: 1, hmac: 1, sha256: 3, parses: 1, cookies: 1 });
      expect(await cost(() => app.browser(VISITOR).post('/login/ada'))).toEqual(made);
      expect(inner.logins.size - rows).toBe(1);
    });

    it('to be remembered: one HMAC, one hash and one cookie more, for the token', async () => {
      const made = only(201, { calls: 1, hmac: 2, sha256: 4, parses: 1, cookies: 2 });
      expect(await cost(() => app.browser(VISITOR).post('/login/ada?remember=1'))).toEqual(made);
    });

    it('over an anonymous session: three trips, the old session deleted beside the second, a repeated form looked for', async () => {
      const browser = app.browser(VISITOR);
      await browser.get('/set?colour=red');
      const blobs = inner.sessions.size;
      const made = only(201, { calls: 4, hmac: 2, sha256: 6, parses: 1, cookies: 2 });
      expect(await cost(() => browser.post('/login/ada'))).toEqual(made);
      expect(storage.count('sessions.get', 'logins.insert', 'sessions.destroy', 'logins.listByUser')).toBe(4);
      expect(blobs - inner.sessions.size).toBe(1);
    });

    it('over a login: three trips, the old record deleted beside the second, a repeated form looked for', async () => {
      const browser = await loggedIn();
      const rows = inner.logins.size;
      const made = only(201, { calls: 4, hmac: 2, sha256: 7, parses: 1, cookies: 1 });
      expect(await cost(() => browser.post('/login/bob'))).toEqual(made);
      expect(storage.count('logins.find', 'logins.insert', 'logins.delete', 'logins.listByUser')).toBe(4);
      expect(inner.logins.size).toBe(rows);
    });
  });

  describe('a logout', () => {
    it('two calls, one HMAC, hashes of cookie and id, the cookie cleared', async () => {
      const browser = await loggedIn();
      const ended = only(201, { calls: 2, hmac: 1, sha256: 2, cookies: 1 });
      expect(await cost(() => browser.post('/logout'))).toEqual(ended);
      expect(storage.count('logins.find', 'logins.delete')).toBe(2);
    });

    it('of a remembered login: one HMAC and one cleared cookie more', async () => {
      const browser = await loggedIn('/login/ada?remember=1');
      const ended = await cost(() => browser.post('/logout'));
      expect(ended).toMatchObject({ status: 201, calls: 2, hmac: 2, parses: 0, cookies: 2 });
    });

    it('that somebody listens to: one address parse more', async () => {
      const heard = await start({ providers: [Listener] });
      const browser = await loggedIn();
      const ended = only(201, { calls: 2, hmac: 1, sha256: 2, parses: 1, cookies: 1 });
      expect(await cost(() => browser.at(heard.origin).post('/logout'), heard)).toEqual(ended);
    });

    it('of a stranger: nothing', async () => {
      expect(await cost(() => app.browser(VISITOR).post('/logout'))).toEqual(only(201));
    });
  });
});
