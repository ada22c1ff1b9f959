/** The quick start in a real browser. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchChromium, openProfile } from '../support/chromium.js';
import { startSample } from '../support/sample.js';
import type { RunningSample } from '../support/sample.js';

describe('the quick start in a browser', () => {
  let sample: RunningSample;
  let browser: Browser;
  let home: string;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    sample = await startSample('start:quick-start');
    home = sample.home;
    browser = await launchChromium();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await sample?.end();
  });
  beforeEach(async () => {
    context = await browser.newContext();
    page = await context.newPage();
  });
  afterEach(() => context.close());

  const logIn = async (password = 'correct horse'): Promise<void> => {
    await page.fill('input[type=email]', 'ada@example.com');
    await page.fill('input[type=password]', password);
    await page.click('button');
  };
  const path = (): string => page.url().slice(home.length);

  it('leads a stranger to the login form and, after the login, to the page they wanted', async () => {
    await page.goto(`${home}/?tab=2`);
    expect(path()).toMatch(/^\/login\?next=/);
    expect(await page.textContent('[role=alert]')).toBe('Please log in to access this page.');
    await logIn();
    expect(path()).toBe('/?tab=2');
    expect(await page.textContent('p')).toBe('Hello ada@example.com.');
  });

  it('shows the message once', async () => {
    await page.goto(home);
    expect(await page.locator('[role=alert]').count()).toBe(1);
    await page.reload();
    expect(await page.locator('[role=alert]').count()).toBe(0);
  });

  it('stays out with a wrong password, and still knows the page afterwards', async () => {
    await page.goto(`${home}/password`);
    await logIn('wrong');
    expect(await page.textContent('[role=alert]')).toBe('Wrong address or password.');
    await logIn();
    expect(path()).toBe('/password');
  });

  it('gives a page that needs a fresh login to who has just logged in', async () => {
    await page.goto(`${home}/login`);
    await logIn();
    await page.click('a[href="/password"]');
    expect(await page.textContent('h1')).toBe('Change the password');
  });

  it('hides the session cookie from scripts', async () => {
    await page.goto(`${home}/login`);
    await logIn();
    expect(await page.evaluate('document.cookie')).toBe('');
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ name: 'session', httpOnly: true, sameSite: 'Lax', path: '/', expires: -1 });
  });

  it('ends the login at logout: the cookie is gone, and a copy of it is worth nothing', async () => {
    await page.goto(`${home}/login`);
    await logIn();
    const copy = await context.cookies();
    await page.click('button');
    expect(path()).toBe('/login');
    expect(await context.cookies()).toEqual([]);
    await context.addCookies(copy);
    await page.goto(home);
    expect(path()).toMatch(/^\/login/);
  });

  it.each([
    ['remembers who asked for it after the browser was closed', true],
    ['forgets who did not ask for it once the browser is closed', false],
  ])(
    '%s',
    async (_what, isAsked) => {
      const folder = mkdtempSync(join(tmpdir(), 'nestjs-login-profile-'));
      const visit = async (work: (page: Page) => Promise<void>): Promise<void> => {
        const profile = await openProfile(folder);
        await work(await profile.newPage());
        await profile.close();
      };
      await visit(async (tab) => {
        await tab.goto(`${home}/login`);
        await tab.fill('input[type=email]', 'ada@example.com');
        await tab.fill('input[type=password]', 'correct horse');
        if (isAsked) await tab.check('input[name=remember]');
        await tab.click('button');
        expect(await tab.textContent('h1')).toBe('Dashboard');
      });
      for (const _ of [1, 2])
        await visit(async (tab) => {
          await tab.goto(home);
          expect(await tab.textContent('h1')).toBe(isAsked ? 'Dashboard' : 'Log in');
          // A page with @Fresh() still asks for the password.
          await tab.goto(`${home}/password`);
          expect(await tab.textContent('h1')).toBe('Log in');
        });
      rmSync(folder, { recursive: true });
    },
    60_000,
  );

  it("refuses a login form that another site submits in the visitor's browser", async () => {
    // A page on another host: 127.0.0.1 is another site than localhost.
    await page.route('http://127.0.0.1:9/*', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<form method="post" action="${home}/login"><input name="email" value="ada@example.com"><input name="password" value="correct horse"><button>x</button></form>`,
      }),
    );
    await page.goto('http://127.0.0.1:9/');
    const [answer] = await Promise.all([page.waitForResponse(`${home}/login`), page.click('button')]);
    expect(answer.status()).toBe(403);
    expect(await context.cookies(home)).toEqual([]);
  });
});
