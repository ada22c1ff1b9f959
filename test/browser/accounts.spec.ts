/** The accounts sample as a person meets it, in real browsers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { jest } from '@jest/globals';
import Database from 'libsql';
import type { Browser } from 'playwright-core';
import { codeOf, DEMO_PASSWORD, FIREFOX, Visitor } from '../support/accounts-visitor.js';
import { launchChromium } from '../support/chromium.js';
import { startSample } from '../support/sample.js';
import type { RunningSample } from '../support/sample.js';

jest.setTimeout(60_000);

describe('the accounts sample in a browser', () => {
  let sample: RunningSample;
  let browser: Browser;
  let folder: string;
  let people = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nestjs-login-accounts-'));
    sample = await startSample('start', { DATA: folder });
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await sample?.end();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(() => Promise.all(browser.contexts().map((context) => context.close())));

  /** A browser that nobody has used yet. */
  const visitor = async (userAgent?: string): Promise<Visitor> =>
    Visitor.in(await browser.newContext({ ...(userAgent && { userAgent }) }), sample.home);

  /** An address that nobody has yet. */
  const newEmail = (): string => `person-${(people += 1)}@example.com`;

  /** The code that was used last counts again, as the next one would. */
  const halfAMinuteLater = (email: string): void => {
    const database = new Database(join(folder, 'accounts.db'));
    database.prepare('UPDATE accounts SET totp_step = totp_step - 1 WHERE email = ?').run(email);
    database.close();
  };

  /** Somebody new, who is logged in. */
  const registered = async (): Promise<{ me: Visitor; email: string }> => {
    const me = await visitor();
    const email = newEmail();
    await me.register(email);
    return { me, email };
  };

  describe('logging in', () => {
    it('makes an account and is logged in at once', async () => {
      const { me, email } = await registered();
      expect(me.path()).toBe('/dashboard');
      expect(await me.told()).toEqual(['Welcome. Your account is ready.']);
      expect(await me.page.textContent('header')).toContain(email);
    });

    it('says what is wrong beside the field, and keeps what was written', async () => {
      const me = await visitor();
      await me.open('/register');
      expect(await me.send({ 'Email address': 'grace@example.com', Password: 'short' }, 'Make my account')).toBe(400);
      const password = me.page.getByLabel('Password', { exact: true });
      expect(await password.getAttribute('aria-invalid')).toBe('true');
      expect(await me.page.textContent('#password-error')).toBe('Choose a password of at least 8 characters.');
      expect(await me.page.getByLabel('Email address').inputValue()).toBe('grace@example.com');
      expect(await me.send({ Password: DEMO_PASSWORD }, 'Make my account')).toBe(400);
      expect(await me.page.textContent('#email-error')).toBe('This address has an account already.');
    });

    it('leads a stranger to the login page, says why once, and afterwards to the page they wanted', async () => {
      const me = await visitor();
      await me.open('/profile?from=mail');
      expect(me.path()).toBe('/login?next=/profile%3Ffrom%3Dmail');
      expect(await me.told()).toEqual(['Please log in to access this page.']);
      expect(await me.logIn('grace@example.com', { password: 'wrong' })).toBe(401);
      expect(await me.told()).toEqual(['Wrong address or password, or the account is disabled.']);
      await me.logIn('grace@example.com');
      expect(me.path()).toBe('/profile?from=mail');
      expect(await me.page.textContent('dd')).toBe('grace@example.com');
    });

    it('is done by the keyboard alone', async () => {
      const me = await visitor();
      await me.open('/login');
      // The first field has the focus by itself; the browser gives it when it first draws the page, after it is loaded.
      await me.page.waitForSelector('#email:focus');
      await me.page.keyboard.type('grace@example.com');
      await me.page.keyboard.press('Tab');
      await me.page.keyboard.type(DEMO_PASSWORD);
      await me.page.keyboard.press('Tab');
      await me.page.keyboard.press('Space');
      await me.page.keyboard.press('Enter');
      await me.page.waitForURL('**/dashboard');
      expect((await me.context.cookies()).map(({ name }) => name).toSorted()).toEqual(['remember', 'session']);
    });

    it('has a login page of its own for the team area', async () => {
      const me = await visitor();
      await me.open('/team');
      expect(me.path()).toBe('/team/login?next=/team');
      expect(await me.heading()).toBe('Log in to the team area');
      await me.logIn('grace@example.com');
      expect(me.path()).toBe('/team');
    });

    it('shows nothing private to who presses Back after the logout', async () => {
      const { me, email } = await registered();
      await me.open('/profile');
      await me.logOut();
      expect(await me.told()).toEqual(['You are logged out.']);
      for (let pages = 0; pages < 3; pages += 1) {
        await me.page.goBack();
        expect(await me.page.content()).not.toContain(email);
      }
    });

    it('bounds the tries for an account, whether it exists or not, with a page that says how long', async () => {
      const pages = [];
      for (const email of [newEmail(), newEmail()]) {
        const me = await visitor();
        if (!pages.length) await me.register(email).then(() => me.logOut());
        for (let tries = 0; tries < 10; tries += 1) expect(await me.logIn(email, { password: 'wrong' })).toBe(401);
        expect(await me.logIn(email)).toBe(429);
        pages.push(await me.page.locator('main').textContent());
      }
      expect(pages[0]).toContain('Try again in 15 minutes.');
      expect(pages[1]).toBe(pages[0]);
    });
  });

  describe('remember me', () => {
    it('logs in after the session has ended, not fresh: the password page asks who it is, and then shows itself', async () => {
      const { me, email } = await registered();
      await me.logOut();
      await me.logIn(email, { remember: true });
      await me.forgetSession();
      expect(await me.open('/dashboard')).toBe(200);
      expect(await me.page.textContent('dl')).toContain('No: before you change something, you are asked who you are');
      await me.open('/security/password');
      expect(me.path()).toBe('/reauthenticate?next=/security/password');
      expect(await me.send({ Password: 'wrong' }, 'Go on')).toBe(401);
      await me.send({ Password: DEMO_PASSWORD }, 'Go on');
      expect(me.path()).toBe('/security/password');
    });

    it('lets in two tabs that open at once after the session has ended, and raises no alarm', async () => {
      const { me, email } = await registered();
      await me.logOut();
      await me.logIn(email, { remember: true });
      await me.forgetSession();
      const other = await me.tab();
      await Promise.all([me.open('/profile'), other.open('/profile')]);
      expect([await me.heading(), await other.heading()]).toEqual(['Profile', 'Profile']);
      await me.forgetSession();
      await Promise.all([me.open('/profile'), other.open('/profile')]);
      expect([await me.heading(), await other.heading()]).toEqual(['Profile', 'Profile']);
      expect(await me.events()).not.toContain('A copied remember cookie was used: that login has ended');
    });

    it('finds out a copied cookie: who shows it second is asked to log in, that login is over, and the user is warned', async () => {
      const grace = 4_000;
      const impatient = await startSample('start', { DATA: folder, REMEMBER_GRACE: `${grace}ms` });
      const at = async (userAgent?: string): Promise<Visitor> =>
        Visitor.in(await browser.newContext({ ...(userAgent && { userAgent }) }), impatient.home);
      const [me, elsewhere, thief] = [await at(), await at(FIREFOX), await at()];
      const email = newEmail();
      await me.register(email);
      await me.logOut();
      await me.logIn(email, { remember: true });
      await elsewhere.logIn(email);
      await thief.context.addCookies((await me.context.cookies()).filter(({ name }) => name === 'remember'));
      // The copy works, until its owner comes back: nobody can tell the two apart before.
      const token = async (): Promise<string | undefined> =>
        (await thief.context.cookies()).find(({ name }) => name === 'remember')?.value;
      const copied = await token();
      // An answer that took over a quarter of the grace brings no new token: on a busy machine a later one does.
      for (let tries = 0; tries < 20 && (await token()) === copied; tries += 1) await thief.open('/dashboard');
      expect(await token()).not.toBe(copied);
      // The thief's browser shows that it has received it.
      expect(await thief.open('/profile')).toBe(200);
      expect(thief.path()).toBe('/profile');
      await setTimeout(grace + 500);
      await me.forgetSession();
      await me.open('/dashboard');
      expect(me.path()).toMatch(/^\/login/);
      await thief.open('/dashboard');
      expect(thief.path()).toMatch(/^\/login/);
      // Another device of the user is left alone, and tells them.
      expect(await elsewhere.events()).toContain('A copied remember cookie was used: that login has ended');
      await me.logIn(email);
      expect(await me.warnings()).toEqual(['Somebody may have copied your login']);
      await me.press('I have read this');
      expect(await me.warnings()).toEqual([]);
      // It is told once, not again at the next login.
      await me.logOut();
      await me.logIn(email);
      expect(await me.warnings()).toEqual([]);
      await impatient.end();
    }, 60_000);
  });

  describe('the second factor', () => {
    it('is asked for between password and login: nobody is logged in before, and nothing remembered', async () => {
      const { me, email } = await registered();
      const { secret } = await me.switchSecondFactorOn();
      expect(await me.told()).toEqual(['The second factor is on. All other devices are logged out.']);
      await me.logOut();
      await me.open('/profile');
      expect(await me.logIn(email, { remember: true })).toBe(200);
      expect(me.path()).toBe('/login/code');
      expect((await me.context.cookies()).map(({ name }) => name)).not.toContain('remember');
      const other = await me.tab();
      for (const page of ['/dashboard', '/profile', '/security', '/team', '/admin', '/reauthenticate']) {
        await other.open(page);
        expect(other.path()).toMatch(/login\?next=/);
      }
      expect(await me.send({ Code: '12' }, 'Log in')).toBe(400);
      expect(await me.send({ Code: codeOf(secret, 20) }, 'Log in')).toBe(401);
      await me.send({ Code: codeOf(secret, 1) }, 'Log in');
      expect(me.path()).toBe('/profile');
      expect((await me.context.cookies()).map(({ name }) => name)).toContain('remember');
    });

    it('takes no code twice', async () => {
      const { me, email } = await registered();
      const { secret, code: first } = await me.switchSecondFactorOn();
      await me.logOut();
      const code = codeOf(secret, 1);
      await me.logIn(email);
      expect(await me.send({ Code: first }, 'Log in')).toBe(401);
      expect(await me.send({ Code: code }, 'Log in')).toBe(200);
      const other = await visitor();
      await other.logIn(email);
      expect(await other.send({ Code: code }, 'Log in')).toBe(401);
      expect(await other.page.textContent('#code-error')).toBe('Wrong code, or one that was used.');
    });

    it('is asked for again where a fresh login is needed, and can be switched off', async () => {
      const { me, email } = await registered();
      const { secret } = await me.switchSecondFactorOn();
      await me.logOut();
      await me.logIn(email, { remember: true });
      await me.send({ Code: codeOf(secret, 1) }, 'Log in');
      await me.forgetSession();
      await me.open('/security');
      await me.press('Switch it off');
      expect(me.path()).toMatch(/^\/reauthenticate/);
      expect(await me.send({ Password: DEMO_PASSWORD, Code: codeOf(secret, 20) }, 'Go on')).toBe(401);
      halfAMinuteLater(email);
      await me.send({ Password: DEMO_PASSWORD, Code: codeOf(secret, 1) }, 'Go on');
      expect(me.path()).toBe('/security');
      expect(await me.told()).toEqual(['Thank you. Please press the button again.']);
      await me.press('Switch it off');
      await me.logOut();
      await me.logIn(email);
      expect(me.path()).toBe('/dashboard');
    });
  });

  describe('devices', () => {
    it('are listed with browser and system, this one marked, and one is logged out from the other', async () => {
      const { me, email } = await registered();
      const other = await visitor(FIREFOX);
      await other.logIn(email, { remember: true });
      const [first, second, ...more] = await me.devices();
      expect(more).toEqual([]);
      expect(first).toBe('Firefox on Windows Remembered');
      expect(second).toMatch(/^(Headless)?\s?Chrom.* on \w+ This device$/);
      await me.press(/^Log out Firefox on Windows/);
      expect(await me.told()).toEqual(['That device is logged out.']);
      expect(await me.devices()).toHaveLength(1);
      for (const _ of ['with its session', 'with its remember cookie alone']) {
        await other.open('/dashboard');
        expect(other.path()).toMatch(/^\/login/);
        await other.forgetSession();
      }
      expect(await me.events()).toContain('A device was logged out');
    });

    it('are all logged out but this one', async () => {
      const { me, email } = await registered();
      const others = [await visitor(FIREFOX), await visitor(FIREFOX)];
      for (const other of others) await other.logIn(email);
      await me.open('/security');
      await me.press('Log out all others');
      expect(await me.told()).toEqual(['2 other devices are logged out.']);
      for (const other of others) {
        await other.open('/dashboard');
        expect(other.path()).toMatch(/^\/login/);
      }
    });

    it('are ended by who has a fresh login alone: a remembered one proves itself first', async () => {
      const { me, email } = await registered();
      const other = await visitor(FIREFOX);
      await other.logIn(email, { remember: true });
      await other.forgetSession();
      await other.open('/security');
      await other.press('Log out all others');
      expect(other.path()).toMatch(/^\/reauthenticate/);
      expect(await me.open('/profile')).toBe(200);
      expect(me.path()).toBe('/profile');
      await other.send({ Password: DEMO_PASSWORD }, 'Go on');
      await other.press('Log out all others');
      await me.open('/profile');
      expect(me.path()).toMatch(/^\/login/);
    });
  });

  it('a new password logs out every other device, remembered ones too, and this one goes on', async () => {
    const { me, email } = await registered();
    const other = await visitor(FIREFOX);
    await other.logIn(email, { remember: true });
    await me.open('/security/password');
    const chosen = 'a quite different password';
    expect(await me.send({ 'New password': chosen, 'New password, once more': 'something else' }, 'Change it')).toBe(
      400,
    );
    await me.send({ 'New password': chosen, 'New password, once more': chosen }, 'Change it');
    expect(await me.told()).toEqual(['The password is changed. All other devices are logged out.']);
    await other.forgetSession();
    await other.open('/dashboard');
    expect(other.path()).toMatch(/^\/login/);
    expect(await other.logIn(email)).toBe(401);
    expect(await other.logIn(email, { password: chosen })).toBe(200);
  });

  describe('administration', () => {
    it('is for admins: others see a page that says so', async () => {
      const { me } = await registered();
      expect(await me.open('/admin')).toBe(403);
      expect(await me.heading()).toBe('Not allowed');
    });

    it('disables an account: its devices are out, and its password gets the answer of a wrong one', async () => {
      const { me, email } = await registered();
      const admin = await visitor();
      await admin.logIn('ada@example.com');
      await admin.open('/admin');
      // Admins prove who they are as well.
      await admin.logOut();
      await admin.logIn('ada@example.com', { remember: true });
      await admin.forgetSession();
      await admin.open('/admin');
      await admin.press(`Disable ${email}`);
      expect(admin.path()).toMatch(/^\/reauthenticate/);
      await admin.send({ Password: DEMO_PASSWORD }, 'Go on');
      expect(await admin.told()).toEqual(['Thank you. Please press the button again.']);
      await admin.press(`Disable ${email}`);
      expect(await admin.told()).toEqual(['The account is disabled, and its devices are logged out.']);
      await me.open('/dashboard');
      expect(me.path()).toMatch(/^\/login/);
      expect(await me.logIn(email)).toBe(401);
      expect(await me.told()).toEqual(['Wrong address or password, or the account is disabled.']);
      await admin.press(`Enable ${email}`);
      expect(await me.logIn(email)).toBe(200);
      await admin.open('/admin');
      await admin.press(`Log out all devices of ${email}`);
      expect(await admin.told()).toEqual(['One device is logged out.']);
      await me.open('/dashboard');
      expect(me.path()).toMatch(/^\/login/);
    });
  });

  it('answers programs by the same guard in JSON', async () => {
    const { me, email } = await registered();
    const ask = (path: string, body?: object): Promise<unknown> =>
      me.page.evaluate(
        async ([url, json]) => {
          const answer = await fetch(url as string, {
            method: json ? 'POST' : 'GET',
            ...(json && { body: json, headers: { 'content-type': 'application/json' } }),
          });
          const text = await answer.text();
          return [answer.status, text && (JSON.parse(text) as unknown)];
        },
        [path, body && JSON.stringify(body)] as const,
      );
    expect(await ask('/api/me')).toEqual([200, expect.objectContaining({ email, role: 'user' })]);
    expect(await ask('/api/logout', {})).toEqual([204, '']);
    expect(await ask('/api/me')).toEqual([401, expect.objectContaining({ code: 'ERR_LOGIN_REQUIRED' })]);
    expect(await ask('/api/login', { email, password: 'wrong' })).toEqual([
      401,
      expect.objectContaining({ code: 'ERR_WRONG_PASSWORD' }),
    ]);
    expect(await ask('/api/login', { email, password: DEMO_PASSWORD })).toEqual([204, '']);
    const { secret } = await me.switchSecondFactorOn();
    const credentials = { email, password: DEMO_PASSWORD };
    expect(await ask('/api/login', credentials)).toEqual([401, expect.objectContaining({ code: 'ERR_CODE_REQUIRED' })]);
    expect(await ask('/api/login', { ...credentials, code: codeOf(secret, 1) })).toEqual([204, '']);
    expect(await ask('/api/nothing')).toEqual([404, expect.objectContaining({ statusCode: 404 })]);
  });

  it('has a page for what is not there', async () => {
    const me = await visitor();
    expect(await me.open('/no/such/page')).toBe(404);
    expect(await me.heading()).toBe('Not found');
  });

  it("refuses a form that another site submits in the user's browser", async () => {
    const { me } = await registered();
    // A page on another host: 127.0.0.1 is another site than localhost.
    await me.page.route('http://127.0.0.1:9/*', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<main><form method="post" action="${me.home}/logout"><button>A prize</button></form></main>`,
      }),
    );
    await me.page.goto('http://127.0.0.1:9/');
    expect(await me.press('A prize')).toBe(403);
    expect(await me.heading()).toBe('Not allowed');
    await me.open('/profile');
    expect(me.path()).toBe('/profile');
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'keeps everybody logged in over the end of the process by %s',
    async (signal) => {
      const { me, email } = await registered();
      const remembered = await visitor(FIREFOX);
      await remembered.logIn(email, { remember: true });
      const { home } = sample;
      await sample.end(signal);
      sample = await startSample('start', { DATA: folder, PORT: new URL(home).port });
      expect(sample.home).toBe(home);
      await me.open('/profile');
      expect(me.path()).toBe('/profile');
      await remembered.forgetSession();
      await remembered.open('/profile');
      expect(remembered.path()).toBe('/profile');
    },
  );

  it('hides its cookies from scripts, and its pages from caches and frames', async () => {
    const { me } = await registered();
    expect(await me.page.evaluate('document.cookie')).toBe('');
    const answer = await me.page.goto(`${me.home}/profile`);
    expect(answer?.headers()).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
    });
  });
});
