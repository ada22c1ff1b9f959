/** Refusal handlers that answer only some clients. */
import { Injectable, UnauthorizedException } from '@nestjs/common';
import type { Request, Response } from 'express';
import { LoginManagerService, NeedsRefreshHandler, UnauthorizedHandler } from 'nestjs-login';
import type { Challenge } from 'nestjs-login';
import type { Browser } from '../support/browser-client.js';
import { startLoggedApp } from '../support/logged-app.js';
import type { LoggedApp } from '../support/logged-app.js';
import type { TestAppSettings } from '../support/test-app.js';

const VIEWS = { loginView: '/login', refreshView: '/again' };

const open = (settings: TestAppSettings = {}): Promise<LoggedApp> =>
  startLoggedApp({ ...settings, login: { ...VIEWS, ...settings.login } });

const messages = async (browser: Browser): Promise<string[]> =>
  ((await browser.get('/flashes')).json as { kind: string }[]).map(({ kind }) => kind);

describe('a refusal handler', () => {
  @Injectable()
  class HtmxHandler {
    constructor(readonly login: LoginManagerService) {}

    @UnauthorizedHandler()
    unauthorized(req: Request, res: Response): void {
      this.#redirect(req, res, 'login');
    }

    @NeedsRefreshHandler()
    needsRefresh(req: Request, res: Response): void {
      this.#redirect(req, res, 'needs-refresh');
    }

    #redirect(req: Request, res: Response, kind: Challenge): void {
      const page = req.headers['hx-current-url'];
      if (typeof page !== 'string') return;
      if (page === 'broken') throw new UnauthorizedException('the page is broken');
      this.login.keepChallenge(req, { kind, next: page });
      res.setHeader('HX-Redirect', this.login.loginUrl(req, { kind, next: page }) ?? '/');
      res.end();
    }
  }
  const HTMX = { accept: '*/*', 'sec-fetch-mode': 'cors' };

  it.each(['/protected', '/fresh'])('that sends no response leaves the refusal to the guard: %s', async (path) => {
    const app = await open({ providers: [HtmxHandler] });
    const browser = app.browser();
    await browser.post('/login/ada?fresh=0');
    const visitor = path === '/fresh' ? browser : app.browser();
    expect((await visitor.get(path)).status).toBe(302);
    expect((await visitor.get(path, { headers: HTMX })).json).toMatchObject({ statusCode: 401 });
  });

  it.each(['url', 'cookie'] as const)(
    "can send a client to the login page with a message (nextIn '%s')",
    async (nextIn) => {
      const app = await open({ providers: [HtmxHandler], login: { nextIn } });
      const browser = app.browser();
      const answer = await browser.get('/protected', { headers: { ...HTMX, 'hx-current-url': '/rows?page=2' } });
      const location = String(answer.headers['hx-redirect']);
      expect(location).toBe(nextIn === 'url' ? '/login?next=/rows%3Fpage%3D2' : '/login');
      expect((await browser.get(`/next?${location.split('?')[1] ?? ''}`)).json).toEqual({ next: '/rows?page=2' });
      expect(await messages(browser)).toEqual(['login']);
    },
  );

  it('cannot send a client to another site', async () => {
    const app = await open({ providers: [HtmxHandler] });
    const headers = { ...HTMX, 'hx-current-url': 'https://evil.example/' };
    const answer = await app.browser().get('/protected', { headers });
    expect(answer.headers['hx-redirect']).toBe('/login');
    expect(app.log.text()).toContain('"next" was dropped');
  });
});
