/** In a real browser a page of another site submits forms to the application, and no login is lost. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Post, Req, Session } from '@nestjs/common';
import type { Request } from 'express';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { LoginManagerService } from 'nestjs-login';
import { launchChromium } from '../support/chromium.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

@Controller('shop')
class ShopController {
  constructor(
    private readonly login: LoginManagerService,
    private readonly users: TestUsers,
  ) {}

  @Post('cart')
  fill(@Session() session: Record<string, unknown>): object {
    session.cart = 'of the other site';
    return {};
  }

  @Post('saml')
  async saml(@Req() req: Request): Promise<object> {
    return { ok: await this.login.loginUser(req, this.users.table.get('bob') as object, { crossSite: true }) };
  }
}

/** Serves a page of another site, which submits a form to the address in its query at once. */
async function startOtherSite(): Promise<Server> {
  const page = (action: string): string =>
    `<form method="post" action="${action}"><input name="a"></form><script>document.forms[0].submit()</script>`;
  const server = createServer((request, response) => {
    const action = new URL(request.url ?? '/', 'http://127.0.0.1').searchParams.get('to') ?? '';
    response.setHeader('Content-Type', 'text/html').end(page(action));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

describe('a form of another site, in a browser', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let app: TestApp;
  let shop: string;
  let otherSite: Server;

  beforeAll(async () => {
    browser = await launchChromium();
    otherSite = await startOtherSite();
    app = await startTestApp({ controllers: [ShopController] });
    // For browsers a name and an address are two sites.
    shop = app.origin.replace('127.0.0.1', 'localhost');
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await app?.close();
    otherSite?.closeAllConnections();
    otherSite?.close();
  });
  beforeEach(async () => {
    context = await browser.newContext();
    page = await context.newPage();
  });
  afterEach(async () => {
    await context.close();
    await app.login.logoutEverywhere('ada');
  });

  async function logIn(query: string): Promise<void> {
    await page.goto(`${shop}/public`);
    await page.evaluate(`fetch('/login/ada${query}', { method: 'POST' }).then((answer) => answer.text())`);
  }

  /** Opens the page of the other site, and waits for the answer to its form. */
  async function submitFromElsewhere(path: string): Promise<number> {
    const { port } = otherSite.address() as AddressInfo;
    const answered = page.waitForResponse(`${shop}${path}`);
    await page.goto(`http://127.0.0.1:${port}/?to=${encodeURIComponent(shop + path)}`);
    const answer = await answered;
    expect(await answer.request().headerValue('sec-fetch-site')).toBe('cross-site');
    await page.waitForURL(`${shop}${path}`);
    return answer.status();
  }

  async function visit(path: string): Promise<unknown> {
    const answer = await page.goto(shop + path);
    return JSON.parse((await answer?.text()) ?? '') as unknown;
  }

  const jar = async (): Promise<Record<string, string>> =>
    Object.fromEntries((await context.cookies(shop)).map(({ name, value }) => [name, value]));

  const LOGINS: [string, string, boolean][] = [
    ['logged in', '', false],
    ['remembered', '?remember=1', true],
  ];

  it.each(LOGINS)('to /logout leaves Ada %s and fresh', async (_how, query, remembered) => {
    await logIn(query);
    const before = await jar();
    expect(await submitFromElsewhere('/logout')).toBe(201);
    expect(await jar()).toEqual(before);
    expect(await visit('/whoami')).toEqual({ id: 'ada', authenticated: true, fresh: true, remembered });
    expect(app.storage.logins.size).toBe(1);
  });

  it.each(LOGINS)('to a public handler that writes leaves Ada %s and fresh', async (_how, query, remembered) => {
    await logIn(query);
    const before = await jar();
    expect(await submitFromElsewhere('/shop/cart')).toBe(201);
    const { 'session-anonymous': planted, ...rest } = await jar();
    expect([typeof planted, rest]).toEqual(['string', before]);
    expect(await visit('/whoami')).toEqual({ id: 'ada', authenticated: true, fresh: true, remembered });
    expect(await visit('/values')).toEqual({});
  });

  it('to /login/bob logs nobody in, and leaves Ada logged in', async () => {
    await logIn('');
    expect(await submitFromElsewhere('/login/bob')).toBe(403);
    expect(await visit('/whoami')).toMatchObject({ id: 'ada', fresh: true });
  });

  it('to a handler that expects an identity provider logs its user in', async () => {
    expect(await submitFromElsewhere('/shop/saml')).toBe(201);
    expect(await visit('/whoami')).toMatchObject({ id: 'bob', fresh: true });
    await app.login.logoutEverywhere('bob');
  });

  it('of the own site to /logout does log Ada out', async () => {
    await logIn('?remember=1');
    await page.evaluate(`fetch('/logout', { method: 'POST' }).then((answer) => answer.text())`);
    expect(await jar()).toEqual({});
    expect(await visit('/whoami')).toMatchObject({ id: null });
  });
});
