/** The accounts sample in a real browser: devices, administration, and its pages. */
import { codeOf, DEMO_PASSWORD, FIREFOX } from '../support/accounts-visitor.js';
import { registered, restartSample, sample, visitor } from '../support/accounts-browser.js';

describe('the accounts sample in a browser', () => {
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
      // Administrators authenticate again as well.
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
      await restartSample(signal);
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
