/** Logins of the accounts sample in a real browser: with and without remember me and a second factor. */
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Database from 'libsql';
import { codeOf, DEMO_PASSWORD, FIREFOX, Visitor } from '../support/accounts-visitor.js';
import { startSample } from '../support/sample.js';
import { browser, folder, visitor, newEmail, registered } from '../support/accounts-browser.js';

describe('the accounts sample in a browser', () => {
  /** The code that was used last counts again, as the next one would. */
  const halfAMinuteLater = (email: string): void => {
    const database = new Database(join(folder, 'accounts.db'));
    database.prepare('UPDATE accounts SET totp_step = totp_step - 1 WHERE email = ?').run(email);
    database.close();
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
    }, 180_000);
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
});
