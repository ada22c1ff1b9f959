/** Logins of the accounts sample: failures, and the second factor. */
import { codeOf, DEMO_PASSWORD } from '../support/accounts-visitor.js';
import { Browser, form } from '../support/browser-client.js';
import type { Answer } from '../support/browser-client.js';
import { people, browser, newEmail, inDatabase, registered, logIn, lettingIn } from '../support/accounts-sample.js';

describe('the accounts sample', () => {
  /** A logged-out user with a second factor, and its secret. */
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
      // The rule itself sees the logged-in user.
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
});
