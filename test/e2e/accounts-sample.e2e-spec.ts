/** The accounts sample by HTTP: what a person does not see and an attacker looks for. */
import { join } from 'node:path';
import { jest } from '@jest/globals';
import Database from 'libsql';
import { codeOf, DEMO_PASSWORD } from '../support/accounts-visitor.js';
import { Browser, form, NAVIGATION } from '../support/browser-client.js';
import type { Answer } from '../support/browser-client.js';
import { startSample } from '../support/sample.js';
import type { RunningSample } from '../support/sample.js';

jest.setTimeout(60_000);

const GUARDED = [
  '/dashboard',
  '/profile',
  '/team',
  '/security',
  '/security/password',
  '/reauthenticate',
  '/admin',
  '/api/me',
];

describe('the accounts sample', () => {
  let sample: RunningSample;
  let people = 0;

  beforeAll(async () => {
    sample = await startSample('start');
  });
  afterAll(() => sample?.end());

  const browser = (): Browser => new Browser(sample.home);
  const newEmail = (): string => `person-${(people += 1)}@example.com`;

  /** Works on the database file of the running application. */
  const inDatabase = <Result>(work: (database: Database.Database) => Result): Result => {
    const database = new Database(join(sample.data, 'accounts.db'));
    try {
      return work(database);
    } finally {
      database.close();
    }
  };

  const registered = async (): Promise<{ me: Browser; email: string }> => {
    const me = browser();
    const email = newEmail();
    expect((await me.post('/register', form({ email, password: DEMO_PASSWORD }))).status).toBe(303);
    return { me, email };
  };

  const logIn = (me: Browser, email: string, more: Readonly<Record<string, string>> = {}): Promise<Answer> =>
    me.post('/login', form({ email, password: DEMO_PASSWORD, ...more }));

  /** Somebody with a second factor, who is logged out; and its secret. */
  const withSecondFactor = async (): Promise<{ me: Browser; email: string; secret: string }> => {
    const { me, email } = await registered();
    const { text } = await me.get('/security/second-factor');
    const secret = (/class="secret">([^<]+)</.exec(text)?.[1] ?? '').replaceAll(' ', '');
    expect((await me.post('/security/second-factor', form({ code: codeOf(secret) }))).headers.location).toBe(
      '/security',
    );
    await me.post('/logout');
    return { me: browser(), email, secret };
  };

  /** Whether the browser is logged in anywhere. */
  const lettingIn = async (me: Browser): Promise<string[]> => {
    const answers = await Promise.all(
      GUARDED.map(async (path) => [path, (await me.clone().get(path)).status] as const),
    );
    return answers.filter(([, status]) => status === 200 || status === 403).map(([path]) => path);
  };

  describe('answers a login that fails', () => {
    /** An answer as far as two may be compared. */
    const shown = ({ status, headers, text }: Answer, email: string): unknown => {
      const { date: _date, etag: _etag, 'set-cookie': _cookies, ...same } = headers;
      return { status, same, length: text.length - email.length, text: text.replace(email, 'EMAIL') };
    };

    it('H1 alike for an unknown address, a wrong password and a disabled account, byte for byte', async () => {
      const { email } = await registered();
      const disabled = await registered();
      const factor = await withSecondFactor();
      inDatabase((database) =>
        database.prepare('UPDATE accounts SET is_disabled = 1 WHERE email = ?').run(disabled.email),
      );
      const tries: [string, string][] = [
        [newEmail(), DEMO_PASSWORD],
        [email, 'wrong'],
        [disabled.email, DEMO_PASSWORD],
        [disabled.email, 'wrong'],
        [factor.email, 'wrong'],
      ];
      const pages = [];
      const programs = [];
      for (const [address, password] of tries) {
        pages.push(shown(await logIn(browser(), address, { password }), address));
        programs.push(shown(await browser().post('/api/login', { body: { email: address, password } }), address));
      }
      expect(pages[0]).toMatchObject({ status: 401 });
      expect(programs[0]).toMatchObject({ status: 401 });
      for (const answers of [pages, programs]) expect(answers).toEqual(answers.map(() => answers[0]));
    });

    it('H1 alike for a known and an unknown account that is tried too often', async () => {
      const { email } = await registered();
      const answers = [];
      for (const address of [email, newEmail()]) {
        for (let tries = 0; tries < 10; tries += 1) await logIn(browser(), address, { password: 'wrong' });
        const { headers, status, text } = await logIn(browser(), address);
        expect(Number(headers['retry-after'])).toBeGreaterThan(800);
        answers.push({ status, text });
      }
      expect(answers[0]?.status).toBe(429);
      expect(answers[1]).toEqual(answers[0]);
    });

    it('H2 by one way for everybody: one event is written for a known account as for an unknown one', async () => {
      const { email } = await registered();
      const events = (): number =>
        inDatabase((database) => (database.prepare('SELECT count(*) AS n FROM events').get() as { n: number }).n);
      const counts = [];
      for (const address of [email, newEmail()]) {
        const before = events();
        await logIn(browser(), address, { password: 'wrong' });
        counts.push(events() - before);
      }
      expect(counts).toEqual([1, 1]);
    });

    it.each(['/login', '/register', '/api/login'])(
      'H3 of an over-long password or address before it is counted as a try: %s',
      async (path) => {
        const { email } = await registered();
        const ask = (fields: Record<string, string>): Promise<Answer> =>
          browser().post(path, path.startsWith('/api') ? { body: fields } : form(fields));
        for (let tries = 0; tries < 12; tries += 1)
          expect((await ask({ email, password: 'x'.repeat(257) })).status).toBe(400);
        expect((await ask({ email: newEmail(), password: 'x'.repeat(257) })).status).toBe(400);
        expect((await ask({ email: `${'x'.repeat(300)}@example.com`, password: DEMO_PASSWORD })).status).toBe(400);
        expect((await ask({ email, password: 'x'.repeat(1_000_000) })).status).toBe(413);
        expect((await logIn(browser(), email)).status).toBe(303);
        // Nor has it made an account.
        const made = 'SELECT count(*) AS n FROM accounts WHERE email = ?';
        expect(inDatabase((database) => database.prepare(made).get(`person-${people}@example.com`))).toMatchObject({
          n: 0,
        });
      },
    );
  });

  describe('between password and code', () => {
    it('I4 has nobody logged in, on any guarded page and in the API', async () => {
      const { me, email } = await withSecondFactor();
      expect((await logIn(me, email)).headers.location).toBe('/login/code');
      expect(await lettingIn(me)).toEqual([]);
      const { me: user } = await registered();
      // The rule itself sees who is logged in.
      expect(await lettingIn(user)).toContain('/api/me');
    });

    it('I4 has nobody logged in any more who was so before, and gives the step to a new session alone', async () => {
      const { me: former } = await registered();
      const { email } = await withSecondFactor();
      const copy = former.clone();
      await logIn(former, email);
      expect(await lettingIn(former)).toEqual([]);
      expect(await lettingIn(copy)).toEqual([]);
      const planted = browser();
      await planted.post('/logout');
      const attacker = planted.clone();
      await logIn(planted, email);
      expect((await planted.get('/login/code')).status).toBe(200);
      expect((await attacker.get('/login/code')).status).toBe(303);
    });

    it('E12 sets no remember cookie, and sets it with the code', async () => {
      const { me, email, secret } = await withSecondFactor();
      await logIn(me, email, { remember: 'on' });
      expect([...me.jar.keys()]).not.toContain('remember');
      await me.post('/login/code', form({ code: codeOf(secret, 1) }));
      expect([...me.jar.keys()]).toContain('remember');
      expect(await lettingIn(me)).toContain('/api/me');
    });

    it('E12 sets none where nobody asked for it', async () => {
      const { me, email, secret } = await withSecondFactor();
      await logIn(me, email);
      await me.post('/login/code', form({ code: codeOf(secret, 1) }));
      expect([...me.jar.keys()]).not.toContain('remember');
    });

    it('bounds the tries of a code, over all browsers of that account', async () => {
      const { email, secret } = await withSecondFactor();
      for (let tries = 0; tries < 6; tries += 1) {
        const me = browser();
        await logIn(me, email);
        expect((await me.post('/login/code', form({ code: codeOf(secret, 50 + tries) }))).status).toBe(
          tries < 5 ? 401 : 429,
        );
      }
    });

    it.each([
      [
        'five minutes have passed',
        (email: string) => [
          `UPDATE login_sessions SET session = json_set(session, '$.pendingLogin.endsAt', 1) WHERE session LIKE '%' || (SELECT id FROM accounts WHERE email = ?) || '%'`,
          email,
        ],
      ],
      [
        'the password was changed',
        (email: string) => [`UPDATE accounts SET security_stamp = 'another' WHERE email = ?`, email],
      ],
      ['the account was disabled', (email: string) => [`UPDATE accounts SET is_disabled = 1 WHERE email = ?`, email]],
    ])('ends the step once %s', async (_what, change) => {
      const { me, email, secret } = await withSecondFactor();
      await logIn(me, email);
      expect((await me.get('/login/code')).status).toBe(200);
      const [text = '', value] = change(email);
      expect(inDatabase((database) => database.prepare(text).run(value)).changes).toBe(1);
      const { status, headers } = await me.post('/login/code', form({ code: codeOf(secret, 1) }));
      expect([status, headers.location]).toEqual([303, '/login']);
      expect(await lettingIn(me)).toEqual([]);
    });
  });

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
