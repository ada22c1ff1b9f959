/** The accounts sample over HTTP: devices, forms, and defences against attackers. */
import { DEMO_PASSWORD } from '../support/accounts-visitor.js';
import { Browser, form, NAVIGATION } from '../support/browser-client.js';
import { startSample } from '../support/sample.js';
import { sample, browser, inDatabase, registered, logIn, lettingIn } from '../support/accounts-sample.js';

describe('the accounts sample', () => {
  describe('devices', () => {
    /** The handles that the security page offers to end. */
    const handles = async (me: Browser): Promise<string[]> =>
      [...(await me.get('/security')).text.matchAll(/devices\/([^/"]+)\/end/g)].map(([, handle = '']) => handle);

    it('C8 are ended by a fresh login alone, and one of somebody else is as unknown as none', async () => {
      const { me, email } = await registered();
      const other = browser();
      await logIn(other, email, { remember: 'on' });
      const [handle = ''] = await handles(me);
      const stranger = await registered();
      const none = await stranger.me.post(`/security/devices/${'A'.repeat(38)}/end`);
      const theirs = await stranger.me.post(`/security/devices/${handle}/end`);
      expect([none.status, theirs.status]).toEqual([404, 404]);
      expect(theirs.text).toBe(none.text);
      expect(await lettingIn(other)).toContain('/api/me');

      const [own = ''] = await handles(other);
      const stale = other.close();
      expect(await lettingIn(stale)).toContain('/api/me');
      await stale.get('/dashboard');
      const refused = await stale.post(`/security/devices/${own}/end`, {
        headers: { accept: 'application/json', 'sec-fetch-mode': 'cors' },
      });
      expect([refused.status, refused.json]).toEqual([
        401,
        expect.objectContaining({ code: 'ERR_FRESH_LOGIN_REQUIRED' }),
      ]);
      expect(await lettingIn(me)).toContain('/api/me');
      expect((await me.post(`/security/devices/${handle}/end`)).status).toBe(303);
      expect(await lettingIn(stale)).toEqual([]);
    });

    it('C8 are shown without a session id or token', async () => {
      const { me, email } = await registered();
      const other = browser();
      await logIn(other, email, { remember: 'on' });
      const { text } = await me.get('/security');
      const secrets = [me, other].flatMap(({ jar }) =>
        [...jar].map(([name, value]) => decodeURIComponent(value).split('.')[name === 'remember' ? 2 : 1] ?? ''),
      );
      expect(secrets.map(({ length }) => length).toSorted((one, other) => one - other)).toEqual([22, 22, 43]);
      for (const secret of secrets) expect(text).not.toContain(secret);
    });
  });

  it('C9 logs out by a POST of its own site alone', async () => {
    const { me } = await registered();
    for (const path of ['/logout', '/api/logout']) {
      expect((await me.get(path)).status).toBe(404);
      expect((await me.post(path, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
      expect(
        (await me.post(path, { headers: { 'sec-fetch-site': null, origin: 'http://elsewhere.example' } })).status,
      ).toBe(403);
      expect(await lettingIn(me)).toContain('/api/me');
    }
    expect((await me.post('/logout')).status).toBe(303);
    expect(await lettingIn(me)).toEqual([]);
  });

  it('escapes what comes from outside', async () => {
    const { status, text } = await browser().post(
      '/register',
      form({ email: '"><img src=x>', password: DEMO_PASSWORD }),
    );
    expect(status).toBe(400);
    expect(text).toContain('value="&quot;&gt;&lt;img src=x&gt;"');
    expect((await browser().get('/login?next=/%22%3E%3Cimg%20src=x%3E')).text).not.toContain('<img');
  });

  it.each([
    '/admin/accounts/1/disable',
    '/admin/accounts/1/enable',
    '/admin/accounts/1/end-logins',
    '/security/warnings/seen',
    '/security/second-factor/off',
  ])('has a page at the address of a POST that may send a browser to another page first: %s', async (path) => {
    const admin = browser();
    await logIn(admin, 'ada@example.com');
    expect((await admin.get(path)).status).toBe(303);
  });

  it('takes tries of an account from behind a proxy as those of the visitor, and its cookies are Secure in production', async () => {
    const production = await startSample('start', { NODE_ENV: 'production', TRUST_PROXY: '1' });
    const tls = { ...NAVIGATION, 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.7' };
    const me = new Browser(production.home, tls);
    const answer = await me.post('/register', form({ email: 'one@example.com', password: DEMO_PASSWORD }));
    expect(answer.cookies).toEqual([
      expect.stringMatching(/^__Host-session=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ]);
    expect((await me.get('/security')).text).toContain('from 192.0.2.7');
    // Nobody knows the demo accounts there.
    expect((await logIn(new Browser(production.home, tls), 'ada@example.com')).status).toBe(401);
    await production.end();
  });

  it('keeps ten tries for a thief while the owner logs in', async () => {
    const { email } = await registered();
    const statuses = [];
    for (let tries = 0; tries < 12; tries += 1) {
      statuses.push((await logIn(browser(), email, { password: 'wrong' })).status);
      if (tries === 5) await logIn(browser(), email);
    }
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
  });

  it('stores no session for who is nobody: bots cost no row', async () => {
    const count = (): unknown =>
      inDatabase((database) => (database.prepare('SELECT count(*) AS n FROM login_sessions').get() as { n: number }).n);
    const before = count();
    for (const path of ['/', '/login', '/register', '/login/code', '/dashboard', '/team', '/nowhere'])
      await browser().get(path);
    for (const path of [
      '/login',
      '/register',
      '/login/code',
      '/logout',
      '/reauthenticate',
      '/security/password',
      '/api/login',
    ])
      await browser().post(path, form({}));
    expect(count()).toBe(before);
  });

  it('does not let a login be made while the account is disabled, for when it is enabled again', async () => {
    const { email } = await registered();
    const me = browser();
    await logIn(me, email, { remember: 'on' });
    const admin = browser();
    await logIn(admin, 'ada@example.com');
    const id = inDatabase((database) => database.prepare('SELECT id FROM accounts WHERE email = ?').get(email)) as {
      id: string;
    };
    // As if its login had been written in the moment between the two.
    const login = inDatabase((database) => database.prepare('SELECT * FROM login_records').all()) as { id: string }[];
    await admin.post(`/admin/accounts/${id.id}/disable`);
    inDatabase((database) => {
      for (const { id: _id, ...row } of login) {
        const columns = Object.keys(row).filter((column) => column !== '_metadata');
        const values = columns.map((column) => (row as Record<string, unknown>)[column]);
        database
          .prepare(
            `INSERT OR IGNORE INTO login_records (id, ${columns.join()}) VALUES (?, ${columns.map(() => '?').join()})`,
          )
          .run(_id, ...values);
      }
    });
    await admin.post(`/admin/accounts/${id.id}/enable`);
    expect(await lettingIn(me)).toEqual([]);
  });

  it('offers another secret once the password has changed', async () => {
    const { me } = await registered();
    const offered = async (): Promise<string | undefined> =>
      /class="secret">([^<]+)</.exec((await me.get('/security/second-factor')).text)?.[1];
    const first = await offered();
    expect(first).toBeDefined();
    expect(await offered()).toBe(first);
    await me.post('/security/password', form({ password: 'another password', again: 'another password' }));
    expect(await offered()).not.toBe(first);
  });

  it('does not start in production on a database whose demo accounts have their known password', async () => {
    await expect(startSample('start', { DATA: sample.data, NODE_ENV: 'production' }, 'ignore')).rejects.toThrow(
      'has ended before it served',
    );
  });

  it.each(['//evil.example', 'https://evil.example/', '/\\evil.example', '/login/../..//evil.example'])(
    'goes on to no other site after a login: %s',
    async (next) => {
      const { email } = await registered();
      expect((await logIn(browser(), email, { next })).headers.location).toMatch(/^\/(?![/\\])/);
    },
  );
});
