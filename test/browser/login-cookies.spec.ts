/** A login by loginCookies() in the jar of a real browser. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { LoginModuleOptions } from 'nestjs-login';
import { loginCookies } from 'nestjs-login/testing';
import type { LoginCookiesOptions } from 'nestjs-login/testing';
import { launchChromium } from '../support/chromium.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import type { TestUser } from '../support/users.js';

describe('a login by loginCookies() in a browser', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let app: TestApp;

  beforeAll(async () => {
    browser = await launchChromium();
  }, 60_000);
  afterAll(() => browser?.close());
  beforeEach(async () => {
    context = await browser.newContext();
    page = await context.newPage();
  });
  afterEach(async () => {
    await context.close();
    await app.close();
  });

  /** Starts an application on a free port of 127.0.0.1, and puts a login of Ada into the browser's jar. */
  async function logIn(options: LoginCookiesOptions = {}, login: Partial<LoginModuleOptions> = {}): Promise<void> {
    app = await startTestApp({ login });
    const ada = app.users.table.get('ada') as TestUser;
    const userAgent = await page.evaluate<string>('navigator.userAgent');
    await context.addCookies(await loginCookies(app.app, ada, { userAgent, ...options }));
  }

  /** Opens a page: status and text. */
  async function visit(path: string, host = 'localhost'): Promise<unknown> {
    const answer = await page.goto(app.origin.replace('127.0.0.1', host) + path);
    return [answer?.status(), JSON.parse((await answer?.text()) ?? '') as unknown];
  }

  const ADA = [200, { id: 'ada' }];
  const REFUSED = [401, expect.objectContaining({ code: 'ERR_LOGIN_REQUIRED' })];
  const STALE = [401, expect.objectContaining({ code: 'ERR_FRESH_LOGIN_REQUIRED' })];

  it('shows a guarded page, and one that needs a fresh login', async () => {
    await logIn();
    expect(await visit('/protected')).toEqual(ADA);
    expect(await visit('/fresh')).toEqual(ADA);
  });

  it('is restored by the remember cookie, not fresh, once the session cookie is gone, where it is remembered', async () => {
    await logIn({ remembered: true });
    expect(await visit('/protected')).toEqual(ADA);
    await context.clearCookies({ name: 'session' });
    expect(await visit('/protected')).toEqual(ADA);
    expect(await visit('/fresh')).toEqual(STALE);
    expect((await context.cookies()).map(({ name }) => name).toSorted()).toEqual(['remember', 'session']);
  });

  it('is over once the session cookie is gone, where it is not remembered', async () => {
    await logIn();
    expect(await visit('/protected')).toEqual(ADA);
    await context.clearCookies({ name: 'session' });
    expect(await visit('/protected')).toEqual(REFUSED);
  });

  it('is not fresh where it was made with another user agent', async () => {
    await logIn({ userAgent: 'another' });
    expect(await visit('/protected')).toEqual(ADA);
    expect(await visit('/fresh')).toEqual(STALE);
  });

  it('belongs to the host that it was made for, and to no other', async () => {
    await logIn({ host: '127.0.0.1' });
    expect(await visit('/protected', '127.0.0.1')).toEqual(ADA);
    expect(await visit('/protected')).toEqual(REFUSED);
  });

  it('goes to the hosts below, where the cookies have a domain of their own', async () => {
    await logIn({ remembered: true }, { session: { cookie: { domain: 'app.localhost' } } });
    expect(await visit('/protected', 'app.localhost')).toEqual(ADA);
    expect(await visit('/protected', 'below.app.localhost')).toEqual(ADA);
    await context.clearCookies({ name: 'session' });
    expect(await visit('/protected', 'below.app.localhost')).toEqual(ADA);
    expect(await visit('/protected')).toEqual(REFUSED);
  });

  it('stands in the jar as the application would have set it', async () => {
    await logIn({ remembered: true });
    const given = await context.cookies();
    await visit('/public');
    await context.clearCookies();
    expect(await visit('/protected')).toEqual(REFUSED);
    await page.evaluate(`fetch('/login/ada?remember=1', { method: 'POST' }).then((answer) => answer.text())`);
    const shape = ({ value: _value, expires, ...cookie }: (typeof given)[0]): object => ({
      ...cookie,
      isKept: expires > 0,
    });
    const byName = (one: { name: string }, other: { name: string }): number => one.name.localeCompare(other.name);
    const set = await context.cookies();
    expect(given.toSorted(byName).map(shape)).toEqual(set.toSorted(byName).map(shape));
    expect(set).toHaveLength(2);
  });
});
