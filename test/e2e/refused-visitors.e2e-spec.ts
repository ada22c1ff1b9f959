/** A refused visitor gets a redirect or a 401. */
import { Controller, Get, Req, UseGuards } from '@nestjs/common';
import type { Request } from 'express';
import {
  Fresh,
  LoginManagerService,
  LoginRequired,
  LoginRequiredException,
  LoginRequiredGuard,
  LoginView,
} from 'nestjs-login';
import {
  HOME,
  FETCH,
  LOGIN_MESSAGE,
  REFRESH_MESSAGE,
  startWithoutViews,
  start,
  codeOf,
  messagesOf,
  Site,
  Elsewhere,
} from '../support/refusing-app.js';

@LoginView('/area/login')
@Controller('area')
class Area {
  constructor(readonly login: LoginManagerService) {}

  @Get('guarded')
  @UseGuards(LoginRequiredGuard)
  guarded(): string {
    return 'secret';
  }

  @Get('own')
  @LoginRequired()
  @LoginView('/own/login?lang=en#form')
  own(): string {
    return 'secret';
  }

  @Get('by-hand')
  byHand(): never {
    throw new LoginRequiredException();
  }

  @Get('fresh')
  @Fresh()
  fresh(): string {
    return 'secret';
  }

  @Get('url')
  url(@Req() req: Request): unknown {
    return [this.login.loginUrl(req)];
  }

  @Get('login')
  next(@Req() req: Request): unknown {
    return [this.login.nextUrl(req) ?? null];
  }
}

describe('a refused visitor', () => {
  it.each([
    ['GET', '/protected?a=1&b=2', 302],
    ['HEAD', '/protected?a=1&b=2', 302],
    ['POST', '/protected?a=1&b=2', 303],
  ])('F4 with a browser (%s %s) is sent to the login view with next: %i, empty body', async (method, path, status) => {
    const app = await start();
    const answer = await app.browser().request(method, path);
    expect([answer.status, answer.text, answer.headers['content-length']]).toEqual([status, '', '0']);
    const location = new URL(answer.headers.location ?? '', app.origin);
    expect(answer.headers.location?.startsWith('/login?')).toBe(true);
    expect([location.pathname, [...location.searchParams]]).toEqual(['/login', [['next', path]]]);
  });

  it('F4 with a browser and a login that is not fresh is sent to the refresh view with next', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.post('/login/ada?fresh=0');
    const answer = await browser.get('/fresh');
    expect([answer.status, answer.headers.location, answer.text]).toEqual([302, '/reauthenticate?next=/fresh', '']);
  });

  it.each<[string, Record<string, string>, boolean]>([
    ['a navigation', { 'sec-fetch-mode': 'navigate', accept: '*/*' }, true],
    ['an old browser', { accept: 'text/html,application/xhtml+xml' }, true],
    ['an old browser that shouts', { accept: 'TEXT/HTML' }, true],
    ['fetch() by a page', FETCH, false],
    ['an image', { 'sec-fetch-mode': 'no-cors', accept: 'image/*' }, false],
    ['a JSON client', { accept: 'application/json' }, false],
    ['curl', { accept: '*/*' }, false],
    ['a client without Accept', {}, false],
  ])('gets a redirect if the client shows pages, and otherwise a 401: %s', async (_, headers, redirected) => {
    const app = await start();
    const stranger = app.browser(headers);
    const stale = app.browser(headers);
    await stale.post('/login/ada?fresh=0');
    const [login, refresh] = [await stranger.get('/protected'), await stale.get('/fresh')];
    if (redirected) {
      expect([login.status, refresh.status]).toEqual([302, 302]);
      return;
    }
    expect([login.status, codeOf(login), login.cookies]).toEqual([401, 'ERR_LOGIN_REQUIRED', []]);
    expect([refresh.status, codeOf(refresh), refresh.cookies]).toEqual([401, 'ERR_FRESH_LOGIN_REQUIRED', []]);
    expect(Object.keys(login.json as object).sort()).toEqual(['code', 'error', 'message', 'statusCode']);
  });

  it('gets a 401 without a message in a browser as well if no view is configured', async () => {
    const app = await startWithoutViews();
    const browser = app.browser();
    const login = await browser.get('/protected');
    expect([login.status, codeOf(login), login.cookies]).toEqual([401, 'ERR_LOGIN_REQUIRED', []]);
    await browser.post('/login/ada?fresh=0');
    const refresh = await browser.get('/fresh');
    expect([refresh.status, codeOf(refresh)]).toEqual([401, 'ERR_FRESH_LOGIN_REQUIRED']);
    expect(await messagesOf(browser)).toEqual([]);
  });

  it('I1 gets a response that no cache keeps: no-store, Vary: Cookie', async () => {
    const app = await start();
    for (const browser of [app.browser(), app.browser(FETCH)]) {
      const { headers } = await browser.get('/protected');
      expect([headers['cache-control'], headers.vary]).toEqual(['no-store', expect.stringMatching(/\bCookie\b/)]);
    }
  });

  it('gets a response without a body to a HEAD request', async () => {
    const app = await start();
    const answer = await app.browser(FETCH).request('HEAD', '/protected');
    expect([answer.status, answer.text]).toEqual([401, '']);
  });

  it('is let in with OPTIONS, or with the methods of exemptMethods instead', async () => {
    const app = await start({}, { controllers: [Site] });
    expect((await app.browser().request('OPTIONS', '/protected')).text).toBe('options');
    await app.close();
    const other = await start({ exemptMethods: ['post'] }, { controllers: [Site] });
    expect((await other.browser().request('OPTIONS', '/protected')).status).toBe(302);
    expect((await other.browser().get('/protected')).status).toBe(302);
    expect((await other.browser().post('/protected')).status).toBe(201);
  });
});

describe('a handler that refuses by itself', () => {
  it.each([
    ['/by-hand', '/login?next=/by-hand', 'ERR_LOGIN_REQUIRED', 'unauthorized', LOGIN_MESSAGE],
    [
      '/by-hand-fresh',
      '/reauthenticate?next=/by-hand-fresh',
      'ERR_FRESH_LOGIN_REQUIRED',
      'needsRefresh',
      REFRESH_MESSAGE,
    ],
  ])(
    'gives the redirect, code, message and event of the guard: %s to %s',
    async (path, location, code, event, message) => {
      const app = await start({}, { controllers: [Site] });
      const browser = app.browser();
      const answer = await browser.get(path);
      expect([answer.status, answer.headers.location]).toEqual([302, location]);
      expect(await messagesOf(browser)).toEqual([message]);
      expect(codeOf(await app.browser(FETCH).get(path))).toBe(code);
      expect(app.events.map(({ name }) => name)).toEqual([event, event]);
    },
  );
});

describe('@LoginView()', () => {
  it.each<['manual' | 'global']>([['manual'], ['global']])(
    'sets the login view of a controller or handler, guarded or not (guard: %s)',
    async (guard) => {
      const app = await start({ guard, origin: 'https://app.example' }, { controllers: [Area, Elsewhere] });
      const browser = app.browser();
      const locationOf = async (path: string): Promise<unknown> => (await browser.get(path)).headers.location;
      expect(await locationOf('/area/guarded')).toBe('/area/login?next=/area/guarded');
      expect(await locationOf('/area/own')).toBe('/own/login?lang=en&next=/area/own#form');
      expect(await locationOf('/area/by-hand')).toBe('/area/login?next=/area/by-hand');
      expect(await locationOf('/area/fresh')).toBe('/area/login?next=/area/fresh');
      expect(await locationOf('/unguarded')).toBe('/method/login?next=/unguarded');
      expect(await locationOf('/protected')).toBe('/login?next=/protected');
    },
  );

  it('sets a login view without the option loginView, and leaves the refresh view alone', async () => {
    const app = await startWithoutViews({ controllers: [Area], login: { refreshView: '/reauthenticate' } });
    const browser = app.browser();
    expect((await browser.get('/area/guarded')).headers.location).toBe('/area/login?next=/area/guarded');
    expect((await browser.get('/area/url')).json).toEqual(['/area/login?next=/area/url']);
    await browser.post('/login/ada?fresh=0');
    expect((await browser.get('/area/fresh')).headers.location).toBe('/reauthenticate?next=/area/fresh');
  });

  it('F3 on another site gets the next page with the configured origin', async () => {
    const app = await start({ origin: HOME }, { controllers: [Elsewhere] });
    const { location } = (await app.browser().get('/elsewhere')).headers;
    expect(location).toBe(`https://id.example/login?next=${encodeURIComponent(HOME).replaceAll('%2F', '/')}/elsewhere`);
  });

  it('F3 on another site is refused at the start without the option origin', async () => {
    await expect(start({}, { controllers: [Elsewhere] })).rejects.toMatchObject({ code: 'ERR_LOGIN_INVALID_OPTION' });
  });

  it('F4 is not accepted as the next page after the login', async () => {
    const app = await start({}, { controllers: [Area] });
    expect((await app.browser().get('/area/login?next=/area/guarded')).json).toEqual(['/area/guarded']);
    expect((await app.browser().get('/area/login?next=/area/login')).json).toEqual([null]);
  });
});
