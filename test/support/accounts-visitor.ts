/** The actions of a person in the accounts sample, in a real browser. */
import { TOTP, Secret } from 'otpauth';
import type { BrowserContext, Page } from 'playwright-core';

export const DEMO_PASSWORD = 'correct horse battery staple';

/** The user agent of another person's browser. */
export const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** One browser of one person, looking at one page. */
export class Visitor {
  private constructor(
    readonly home: string,
    readonly context: BrowserContext,
    readonly page: Page,
  ) {}

  static async in(context: BrowserContext, home: string): Promise<Visitor> {
    return new Visitor(home, context, await context.newPage());
  }

  /** Another tab of the same browser. */
  async tab(): Promise<Visitor> {
    return Visitor.in(this.context, this.home);
  }

  /** Opens a page; answers the status. */
  async open(path: string): Promise<number | undefined> {
    return (await this.page.goto(this.home + path))?.status();
  }

  /** Path and query of the page that is open. */
  path(): string {
    return this.page.url().slice(this.home.length);
  }

  /** The heading of the page that is open. */
  async heading(): Promise<string> {
    return (await this.page.textContent('h1'))?.trim() ?? '';
  }

  /** The messages of the page, for readers and for screen readers. */
  async told(): Promise<string[]> {
    const texts = await this.page.locator('main :is([role=alert], [role=status])').allTextContents();
    return texts.map((text) => text.replace(/\s+/g, ' ').trim());
  }

  /**
   * Fills in the fields by their labels, presses the button, and waits for the page that follows; answers its status.
   */
  async send(fields: Readonly<Record<string, string>>, button: string | RegExp): Promise<number> {
    for (const [label, value] of Object.entries(fields)) await this.page.getByLabel(label, { exact: true }).fill(value);
    return this.press(button);
  }

  async press(button: string | RegExp): Promise<number> {
    const [answer] = await Promise.all([
      this.page.waitForEvent(
        'response',
        (response) =>
          response.request().isNavigationRequest() && response.status() !== 303 && response.status() !== 302,
      ),
      this.page
        .getByRole('main')
        .or(this.page.getByRole('banner'))
        .getByRole('button', { name: button, exact: true })
        .click(),
    ]);
    await this.page.waitForLoadState();
    return answer.status();
  }

  async register(email: string, password = DEMO_PASSWORD): Promise<void> {
    await this.open('/register');
    await this.send({ 'Email address': email, Password: password }, 'Make my account');
  }

  /** Gives address and password; where no page of the login is open, on the login page. */
  async logIn(email: string, { password = DEMO_PASSWORD, remember = false } = {}): Promise<number> {
    if (!/^(\/team)?\/login/.test(this.path())) await this.open('/login');
    if (remember) await this.page.getByLabel('Remember me on this device').check();
    return this.send({ 'Email address': email, Password: password }, 'Log in');
  }

  async logOut(): Promise<void> {
    await this.press('Log out');
  }

  /** The warnings of the dashboard. */
  async warnings(): Promise<string[]> {
    await this.open('/dashboard');
    return this.page.locator('main .alarm h2').allTextContents();
  }

  /** Ends the session as the closing of the browser does. Cookies with a lifetime stay. */
  async forgetSession(): Promise<void> {
    await this.context.clearCookies({ name: 'session' });
  }

  /** Switches the second factor on; answers its secret, and the code that it took. */
  async switchSecondFactorOn(): Promise<{ secret: string; code: string }> {
    await this.open('/security/second-factor');
    const secret = ((await this.page.textContent('code.secret')) ?? '').replaceAll(' ', '');
    const code = codeOf(secret);
    await this.send({ Code: code }, 'Switch it on');
    return { secret, code };
  }

  /** The names of the devices on the security page. */
  async devices(): Promise<string[]> {
    await this.open('/security');
    const names = await this.page.getByRole('list', { name: 'Devices' }).locator('.name').allTextContents();
    return names.map((name) => name.replace(/\s+/g, ' ').trim());
  }

  /** The events on the security page, the newest first. */
  async events(): Promise<string[]> {
    await this.open('/security');
    const texts = await this.page.getByRole('list', { name: 'Recent events' }).locator('.name').allTextContents();
    return texts.map((text) => text.trim());
  }
}

/** The code that an authenticator app shows now, or so many steps away. */
export function codeOf(secret: string, stepsAway = 0): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + stepsAway * 30_000 });
}
