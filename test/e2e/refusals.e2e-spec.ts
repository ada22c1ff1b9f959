/** What a visitor gets who is refused: a redirect with the page to go on to and a message, or a 401 with a code. */
import { connect } from 'node:net';
import {
  Body,
  ConflictException,
  Controller,
  Get,
  HttpException,
  Injectable,
  NotFoundException,
  Options,
  Post,
  Req,
  Res,
  UseGuards,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import {
  CurrentUser,
  Fresh,
  FreshLoginRequiredException,
  LoginManagerService,
  LoginRequired,
  LoginRequiredException,
  LoginRequiredGuard,
  LoginView,
  NeedsRefreshHandler,
  UnauthorizedHandler,
} from 'nestjs-login';
import type { LoginModuleOptions } from 'nestjs-login';
import { corpus, escapes } from '../redirects/corpus.js';
import type { Answer, Browser, RequestSettings } from '../support/browser-client.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp, TestAppSettings } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

const VIEWS = { loginView: '/login', refreshView: '/reauthenticate' };
const HOME = 'https://app.example';
const FETCH = { 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin', accept: 'text/html' };
const LOGIN_MESSAGE = 'Please log in to access this page.';
const REFRESH_MESSAGE = 'Please reauthenticate to access this page.';
const OUR_COOKIE = 'login-notice';

let running: TestApp | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});

async function start(login: Partial<LoginModuleOptions> = {}, settings: TestAppSettings = {}): Promise<TestApp> {
  running = await startTestApp({ ...settings, login: { ...VIEWS, ...login } });
  return running;
}

/** The code in a JSON answer. */
const codeOf = (answer: Answer): unknown => (answer.json as { code?: unknown } | undefined)?.code;
const messagesOf = async (browser: Browser): Promise<string[]> =>
  ((await browser.get('/flashes')).json as { message: string }[]).map(({ message }) => message);
const nextOf = async (browser: Browser): Promise<unknown> =>
  ((await browser.get('/next')).json as { next: unknown }).next;

/** A site as people write it: a login form, and pages whose handlers refuse by themselves. */
@Controller()
class Site {
  constructor(
    readonly login: LoginManagerService,
    readonly users: TestUsers,
  ) {}

  @Get('login')
  form(): string {
    return 'form';
  }

  @Post('login')
  async signIn(@Req() req: Request, @Res() res: Response, @Body() form: { email?: string }): Promise<void> {
    const user = this.users.table.get(String(form.email ?? 'ada'));
    if (!user) throw new NotFoundException();
    await this.login.loginUser(req, user);
    res.redirect(303, this.login.nextUrl(req) ?? '/dashboard');
  }

  @Get('by-hand')
  byHand(): never {
    throw new LoginRequiredException();
  }

  @Get('by-hand-fresh')
  byHandFresh(): never {
    throw new FreshLoginRequiredException();
  }

  @Get('twice')
  twice(@Req() req: Request): unknown {
    return [this.login.flashes(req), this.login.flashes(req)];
  }

  @Get('out-then-messages')
  async outThenMessages(@Req() req: Request): Promise<unknown> {
    await this.login.logoutUser(req);
    return { flashes: this.login.flashes(req), next: this.login.nextUrl(req) ?? null };
  }

  @Options('protected')
  @UseGuards(LoginRequiredGuard)
  options(): string {
    return 'options';
  }

  @Get('urls')
  urls(@Req() req: Request): unknown {
    return [this.login.loginUrl(req), this.login.loginUrl(req, 'needs-refresh')];
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
  ])('%s is redirected only if it shows pages', async (_, headers, redirected) => {
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

  it('is answered 401 in a browser as well where there is no view, without a message', async () => {
    running = await startTestApp();
    const browser = running.browser();
    const login = await browser.get('/protected');
    expect([login.status, codeOf(login), login.cookies]).toEqual([401, 'ERR_LOGIN_REQUIRED', []]);
    await browser.post('/login/ada?fresh=0');
    const refresh = await browser.get('/fresh');
    expect([refresh.status, codeOf(refresh)]).toEqual([401, 'ERR_FRESH_LOGIN_REQUIRED']);
    expect(await messagesOf(browser)).toEqual([]);
  });

  it('I1 finds no refusal in any cache: no-store, Vary: Cookie', async () => {
    const app = await start();
    for (const browser of [app.browser(), app.browser(FETCH)]) {
      const { headers } = await browser.get('/protected');
      expect([headers['cache-control'], headers.vary]).toEqual(['no-store', expect.stringMatching(/\bCookie\b/)]);
    }
  });

  it('gets no body to a HEAD request', async () => {
    const app = await start();
    const answer = await app.browser(FETCH).request('HEAD', '/protected');
    expect([answer.status, answer.text]).toEqual([401, '']);
  });

  it('may ask with OPTIONS; exemptMethods names other methods', async () => {
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
  ])('%s is answered as by the guard: %s, code, message and event', async (path, location, code, event, message) => {
    const app = await start({}, { controllers: [Site] });
    const browser = app.browser();
    const answer = await browser.get(path);
    expect([answer.status, answer.headers.location]).toEqual([302, location]);
    expect(await messagesOf(browser)).toEqual([message]);
    expect(codeOf(await app.browser(FETCH).get(path))).toBe(code);
    expect(app.events.map(({ name }) => name)).toEqual([event, event]);
  });
});

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

@Controller()
class Elsewhere {
  @Get('elsewhere')
  @LoginView('https://id.example/login')
  @LoginRequired()
  elsewhere(): string {
    return 'secret';
  }

  @Get('unguarded')
  @LoginView('/method/login')
  unguarded(): never {
    throw new LoginRequiredException();
  }
}

describe('@LoginView()', () => {
  it.each<['manual' | 'global']>([['manual'], ['global']])(
    'names the view of a controller or handler, guarded or not (guard: %s)',
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

  it('gives a view to who has no loginView, and leaves the refresh view alone', async () => {
    running = await startTestApp({ controllers: [Area], login: { refreshView: '/reauthenticate' } });
    const browser = running.browser();
    expect((await browser.get('/area/guarded')).headers.location).toBe('/area/login?next=/area/guarded');
    expect((await browser.get('/area/url')).json).toEqual(['/area/login?next=/area/url']);
    await browser.post('/login/ada?fresh=0');
    expect((await browser.get('/area/fresh')).headers.location).toBe('/reauthenticate?next=/area/fresh');
  });

  it('F3 elsewhere is told our page on our configured origin', async () => {
    const app = await start({ origin: HOME }, { controllers: [Elsewhere] });
    const { location } = (await app.browser().get('/elsewhere')).headers;
    expect(location).toBe(`https://id.example/login?next=${encodeURIComponent(HOME).replaceAll('%2F', '/')}/elsewhere`);
  });

  it('F3 elsewhere without an origin is refused at start: there is none to tell but a made-up one', async () => {
    await expect(start({}, { controllers: [Elsewhere] })).rejects.toMatchObject({ code: 'ERR_LOGIN_INVALID_OPTION' });
  });

  it('F4 is no page to go on to', async () => {
    const app = await start({}, { controllers: [Area] });
    expect((await app.browser().get('/area/login?next=/area/guarded')).json).toEqual(['/area/guarded']);
    expect((await app.browser().get('/area/login?next=/area/login')).json).toEqual([null]);
  });
});

type Answering = (request: Request, response: Response) => unknown;
let answering: Answering = () => undefined;

@Injectable()
class Refusals {
  @UnauthorizedHandler()
  unauthorized(request: Request, response: Response): unknown {
    return answering(request, response);
  }

  @NeedsRefreshHandler()
  needsRefresh(request: Request, response: Response): unknown {
    return answering(request, response);
  }
}

/** Every way to ask for a page that is refused: who is nobody, and who is not fresh. */
async function refused(app: TestApp): Promise<Answer[]> {
  const stale = app.browser();
  await stale.post('/login/ada?fresh=0');
  return [await app.browser().get('/protected'), await stale.get('/fresh')];
}

describe('@UnauthorizedHandler() and @NeedsRefreshHandler()', () => {
  it('answer in place of the redirect, with the event and without a message', async () => {
    answering = async (request, response) => response.status(418).send(`no ${request.path}`);
    const app = await start({}, { providers: [Refusals] });
    const answers = await refused(app);
    expect(answers.map(({ status, text }) => [status, text])).toEqual([
      [418, 'no /protected'],
      [418, 'no /fresh'],
    ]);
    expect(answers.flatMap(({ cookies }) => cookies.filter((line) => line.startsWith(OUR_COOKIE)))).toEqual([]);
    const names = app.events.map(({ name }) => name);
    expect(names.filter((name) => name === 'unauthorized' || name === 'needsRefresh')).toEqual([
      'unauthorized',
      'needsRefresh',
    ]);
  });

  it('may redirect by themselves', async () => {
    answering = (_, response) => response.redirect(307, '/elsewhere');
    const answers = await refused(await start({}, { providers: [Refusals] }));
    expect(answers.map(({ status, headers }) => [status, headers.location])).toEqual([
      [307, '/elsewhere'],
      [307, '/elsewhere'],
    ]);
  });

  it('may throw an HttpException, which is the answer', async () => {
    answering = () => {
      throw new ConflictException('not now');
    };
    const answers = await refused(await start({}, { providers: [Refusals] }));
    expect(answers.map(({ status, json }) => [status, (json as { message: string }).message])).toEqual([
      [409, 'not now'],
      [409, 'not now'],
    ]);
  });

  it('that do nothing leave the usual answer', async () => {
    answering = () => undefined;
    const answers = await refused(await start({}, { providers: [Refusals] }));
    expect(answers.map(({ status, headers }) => [status, headers.location?.split('?')[0]])).toEqual([
      [302, '/login'],
      [302, '/reauthenticate'],
    ]);
  });

  it.each<[string, Answering]>([
    ['throw an error', () => raise(new Error('a secret detail'))],
    ['reject', async () => raise(new Error('a secret detail'))],
    ['throw no error at all', () => raise('a secret detail')],
    ['throw undefined', () => raise(undefined)],
    ['throw an HttpException that cannot be sent', () => raise(new HttpException(circular(), 401))],
  ])('I3 that %s give 500 without detail, and the process goes on', async (_, failing) => {
    answering = failing;
    const app = await start({}, { providers: [Refusals] });
    for (const answer of await refused(app)) {
      expect(answer.status).toBe(500);
      expect(answer.text).not.toContain('detail');
    }
    expect((await app.browser().get('/public')).status).toBe(200);
  });

  it('I3 that fail after they began to answer end the answer', async () => {
    answering = (_, response) => {
      response.status(401).write('half');
      throw new Error('a secret detail');
    };
    const app = await start({}, { providers: [Refusals] });
    for (const answer of await refused(app)) expect([answer.status, answer.text]).toEqual([401, 'half']);
  });
});

function raise(thrown: unknown): never {
  throw thrown;
}

function circular(): object {
  const one: { self?: unknown } = {};
  one.self = one;
  return one;
}

describe('messages', () => {
  it('tell why, in the words and categories of the options', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.get('/protected');
    expect((await browser.get('/flashes')).json).toEqual([
      { kind: 'login', category: 'message', message: LOGIN_MESSAGE },
    ]);
    await browser.post('/login/ada?fresh=0');
    await browser.get('/fresh');
    expect((await browser.get('/flashes')).json).toEqual([
      { kind: 'needs-refresh', category: 'message', message: REFRESH_MESSAGE },
    ]);
    await app.close();
    const own = await start({
      loginMessage: 'Who are you?',
      loginMessageCategory: 'warning',
      needsRefreshMessage: 'Still you?',
      needsRefreshMessageCategory: 'info',
    });
    const visitor = own.browser();
    await visitor.get('/protected');
    expect((await visitor.get('/flashes')).json).toEqual([
      { kind: 'login', category: 'warning', message: 'Who are you?' },
    ]);
    await visitor.post('/login/ada?fresh=0');
    await visitor.get('/fresh');
    expect((await visitor.get('/flashes')).json).toEqual([
      { kind: 'needs-refresh', category: 'info', message: 'Still you?' },
    ]);
  });

  it('are none where the option is null, and no cookie is set for them', async () => {
    const app = await start({ loginMessage: null, needsRefreshMessage: null });
    const browser = app.browser();
    expect((await browser.get('/protected')).cookies).toEqual([]);
    await browser.post('/login/ada?fresh=0');
    const answer = await browser.get('/fresh');
    expect([answer.status, answer.cookies]).toEqual([302, []]);
    expect(await messagesOf(browser)).toEqual([]);
  });

  it('are translated when they are read, for the request that reads them', async () => {
    const localize = (message: string, request: { headers: Record<string, unknown> }): string =>
      `[${String(request.headers['accept-language'])}] ${message}`;
    const app = await start({ localize });
    const browser = app.browser();
    await browser.get('/protected', { headers: { 'accept-language': 'fr' } });
    const read = await browser.get('/flashes', { headers: { 'accept-language': 'de' } });
    expect(read.json).toEqual([{ kind: 'login', category: 'message', message: `[de] ${LOGIN_MESSAGE}` }]);
  });

  it('are read once, also within a request', async () => {
    const app = await start({}, { controllers: [Site] });
    const browser = app.browser();
    await browser.get('/protected');
    expect(browser.jar.has(OUR_COOKIE)).toBe(true);
    const [first, second] = (await browser.get('/twice')).json as unknown[][];
    expect([first?.length, second]).toEqual([1, []]);
    expect(browser.jar.has(OUR_COOKIE)).toBe(false);
    expect(await messagesOf(browser)).toEqual([]);
  });

  it('come in order, the last 20 of them, in a short cookie', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.post('/login/ada?fresh=0');
    const session = browser.jar.get('session') as string;
    browser.jar.delete('session');
    for (let n = 0; n < 5; n += 1) await browser.get('/protected');
    browser.jar.set('session', session);
    for (let n = 0; n < 18; n += 1) await browser.get('/fresh');
    expect(browser.jar.get(OUR_COOKIE)?.length).toBeLessThan(300);
    expect(await messagesOf(browser)).toEqual([
      ...Array<string>(2).fill(LOGIN_MESSAGE),
      ...Array<string>(18).fill(REFRESH_MESSAGE),
    ]);
  });

  it('are not made by who asks without a page to show: a fetch', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.get('/protected', { headers: FETCH });
    expect(await messagesOf(browser)).toEqual([]);
  });
});

describe('the page to go on to', () => {
  it('travels in the address by default: loginUrl() and nextUrl() agree', async () => {
    const app = await start({}, { controllers: [Site] });
    const browser = app.browser();
    const asked = '/protected?q=a%20b&next=/x#&c';
    const { location = '' } = (await browser.get('/protected?q=a%20b&next=/x')).headers;
    expect((await browser.get(location.replace('/login', '/next'))).json).toEqual({ next: asked.split('#')[0] });
    expect((await browser.get('/urls?a=1')).json).toEqual([
      '/login?next=/urls%3Fa%3D1',
      '/reauthenticate?next=/urls%3Fa%3D1',
    ]);
  });

  it('travels in the cookie with nextIn: cookie; it is read once and the last one wins', async () => {
    const app = await start({ nextIn: 'cookie' });
    const browser = app.browser();
    expect((await browser.get('/protected?n=1')).headers.location).toBe('/login');
    expect((await browser.get('/protected?n=2')).headers.location).toBe('/login');
    expect(await nextOf(browser)).toBe('/protected?n=2');
    expect(await nextOf(browser)).toBeNull();
    expect(await messagesOf(browser)).toEqual([LOGIN_MESSAGE, LOGIN_MESSAGE]);
  });

  it('is the kept one before any that the address names', async () => {
    const app = await start({ nextIn: 'cookie' });
    const browser = app.browser();
    await browser.get('/protected');
    expect((await browser.get('/next?next=/other')).json).toEqual({ next: '/protected' });
    expect((await browser.get('/next?next=/other')).json).toEqual({ next: '/other' });
  });

  it('is not kept where it would make the cookie too long: the message is', async () => {
    const app = await start({ nextIn: 'cookie' });
    const browser = app.browser();
    const answer = await browser.get(`/protected?q=${'x'.repeat(4_000)}`);
    expect(answer.headers.location).toBe('/login');
    expect(await nextOf(browser)).toBeNull();
    expect(await messagesOf(browser)).toEqual([LOGIN_MESSAGE]);
  });

  it('is forgotten at logout, with the messages, also in that very request', async () => {
    const app = await start({ nextIn: 'cookie' }, { controllers: [Site] });
    const browser = app.browser();
    await browser.get('/protected');
    await browser.post('/logout');
    expect(browser.jar.size).toBe(0);
    await browser.get('/protected');
    expect((await browser.get('/out-then-messages')).json).toEqual({ flashes: [], next: null });
    expect(browser.jar.size).toBe(0);
  });

  it('outlives the login of a visitor who was nobody, and of the same user', async () => {
    const app = await start({ nextIn: 'cookie' });
    const browser = app.browser();
    await browser.get('/protected');
    await browser.post('/login/ada?fresh=0');
    await browser.get('/fresh');
    await browser.post('/login/ada');
    expect(await nextOf(browser)).toBe('/fresh');
  });

  it("is not the next user's where they log in over another one's living login", async () => {
    const app = await start({ nextIn: 'cookie' });
    const browser = app.browser();
    await browser.post('/login/ada?fresh=0');
    await browser.get('/fresh');
    await browser.post('/login/bob');
    expect([await messagesOf(browser), await nextOf(browser)]).toEqual([[], null]);
  });

  it.each<[string, (value: string) => string]>([
    ['altered', (value) => (value.startsWith('A') ? 'B' : 'A') + value.slice(1)],
    ['unsigned', (value) => value.slice(0, value.lastIndexOf('.'))],
    ['empty', () => ''],
    ['huge', (value) => value + 'A'.repeat(6_000)],
    ['of another cookie', (value) => `s:${value}`],
    ['broken text', () => '%E0%A4%A'],
  ])('is none of a notice cookie that is %s', async (_, tamper) => {
    const app = await start({ nextIn: 'cookie' });
    const browser = app.browser();
    await browser.get('/protected');
    const kept = browser.jar.get(OUR_COOKIE) ?? '';
    expect(kept).not.toBe('');
    const settings = { cookie: `${OUR_COOKIE}=${tamper(kept)}` };
    const [flashes, next] = [await browser.get('/flashes', settings), await browser.get('/next', settings)];
    expect([flashes.status, flashes.json, next.json]).toEqual([200, [], { next: null }]);
    expect((await browser.get('/next', { cookie: `${OUR_COOKIE}=${kept}` })).json).toEqual({ next: '/protected' });
  });

  it('is none of a notice cookie that is more than ten minutes old', async () => {
    const app = await start({ nextIn: 'cookie' });
    const browser = app.browser();
    await browser.get('/protected');
    const cookie = browser.cookieHeader();
    const now = Date.now();
    const clock = Date.now;
    try {
      Date.now = () => now + 590_000;
      expect((await browser.get('/flashes', { cookie })).json).toHaveLength(1);
      Date.now = () => now + 611_000;
      expect((await browser.get('/flashes', { cookie })).json).toEqual([]);
      expect((await browser.get('/next', { cookie })).json).toEqual({ next: null });
    } finally {
      Date.now = clock;
    }
  });

  it('forceHostForRedirects names the host of the views', async () => {
    const app = await start({ forceHostForRedirects: 'app.example:8443' });
    const browser = app.browser();
    expect((await browser.get('/protected')).headers.location).toBe('//app.example:8443/login?next=/protected');
    await browser.post('/login/ada?fresh=0');
    expect((await browser.get('/fresh')).headers.location).toBe('//app.example:8443/reauthenticate?next=/fresh');
  });

  it('is absolute, on our origin, for a login view elsewhere', async () => {
    const app = await start({ loginView: 'https://id.example/login?app=1', origin: HOME });
    const { location = '' } = (await app.browser().get('/protected?a=1')).headers;
    const url = new URL(location);
    expect([url.origin, url.searchParams.get('app'), url.searchParams.get('next')]).toEqual([
      'https://id.example',
      '1',
      `${HOME}/protected?a=1`,
    ]);
  });
});

/** Logs in by the form with this in the query or the body, and answers where the browser is sent. */
async function goesOnTo(browser: Browser, path: string, settings: RequestSettings): Promise<string> {
  const answer = await browser.post(path, settings);
  expect([answer.status, answer.text.length < 4_000]).toEqual([303, true]);
  return answer.headers.location ?? '';
}

describe.each([[HOME], ['http://app.example']])('F1 a login form on %s', (origin) => {
  const options = { ...VIEWS, origin };
  const texts = corpus.filter(({ value }) => typeof value === 'string') as { value: string; expected: string }[];

  it('never leads off the site by a next in the query', async () => {
    const app = await start(options, { controllers: [Site] });
    const out: unknown[] = [];
    let followed = 0;
    for (const { value, expected } of texts) {
      const query = encodeURIComponent(value.replace(/\p{Cs}/gu, '\ufffd'));
      const location = await goesOnTo(app.browser(), `/login?next=${query}`, { body: 'email=ada' });
      if (escapes(location, origin) || (expected === 'leaves' && location !== '/dashboard')) out.push(value);
      if (expected === 'stays' && value !== '/dashboard' && location !== '/dashboard') followed += 1;
    }
    expect(out).toEqual([]);
    expect(followed).toBeGreaterThan(30);
  }, 60_000);

  it('never leads off the site by a next in the body, of any type', async () => {
    const app = await start(options, { controllers: [Site] });
    const out: unknown[] = [];
    for (const { value, expected } of corpus) {
      const location = await goesOnTo(app.browser(), '/login', { body: { email: 'ada', next: value } });
      if (escapes(location, origin) || (expected !== 'stays' && location !== '/dashboard')) out.push(value);
    }
    expect(out).toEqual([]);
  }, 60_000);

  it('never leads off the site by a page that was asked for and kept', async () => {
    @Controller()
    class Everything {
      @Get('{*path}')
      @LoginRequired()
      any(): string {
        return 'secret';
      }
    }
    const app = await start({ ...options, nextIn: 'cookie' }, { controllers: [Site, Everything] });
    const out: unknown[] = [];
    let kept = 0;
    for (const { value } of texts) {
      if (!/^\/[\x21-\x7e]*$/.test(value)) continue;
      const browser = app.browser();
      await browser.get(value);
      const location = await goesOnTo(browser, '/login', { body: 'email=ada' });
      if (escapes(location, origin)) out.push(value);
      if (location !== '/dashboard') kept += 1;
    }
    expect(out).toEqual([]);
    expect(kept).toBeGreaterThan(30);
  }, 60_000);
});

const FORGED_HOSTS: Record<string, string>[] = [
  'evil.example',
  'evil.example:443',
  'app.example@evil.example',
  '[::1]:1',
].flatMap((host) => [
  { host },
  { 'x-forwarded-host': host },
  { forwarded: `host="${host}";proto=https` },
  { host, 'x-forwarded-host': host, 'x-forwarded-proto': 'https', 'x-forwarded-port': '444' },
  { 'x-original-host': host, 'x-host': host, 'x-forwarded-server': host, 'x-original-url': `//${host}/` },
]);

describe('F3 the origin of a redirect', () => {
  it.each([[false], [true]])('is never taken from a header (trust proxy: %s)', async (trusted) => {
    const setup: TestAppSettings['setup'] = (app) => app.set('trust proxy', trusted);
    const app = await start({ origin: HOME }, { controllers: [Site, Elsewhere], setup });
    const locations = async (headers: Record<string, string>): Promise<unknown[]> => {
      const browser = app.browser();
      const found = [];
      for (const path of ['/protected?a=1', '/elsewhere', '/by-hand'])
        found.push((await browser.get(path, { headers })).headers.location);
      const form = { headers, body: 'email=ada' };
      found.push((await browser.post('/login?next=/protected', form)).headers.location);
      found.push((await browser.post('/login', form)).headers.location);
      return found;
    };
    const usual = await locations({});
    expect(usual.every((location) => typeof location === 'string')).toBe(true);
    expect(FORGED_HOSTS).toHaveLength(20);
    for (const headers of FORGED_HOSTS) expect(await locations(headers)).toEqual(usual);
  });

  it('is not taken from the absolute form of a request either', async () => {
    const app = await start({ origin: HOME });
    const answer = await raw(app, 'GET http://evil.example/protected HTTP/1.1');
    expect(answer).toMatch(/^HTTP\/1.1 302 /);
    expect(answer).toContain('\r\nLocation: /login\r\n');
    expect(answer).not.toContain('evil');
  });
});

/** One request whose first line no client would write. */
function raw(app: TestApp, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(new URL(app.origin).port), '127.0.0.1', () =>
      socket.end(`${line}\r\nHost: app.example\r\nAccept: text/html\r\nConnection: close\r\n\r\n`),
    );
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.once('error', reject);
    socket.once('end', () => resolve(text));
  });
}

describe('F4 a page to go on to', () => {
  it.each<[string, string]>([
    ['the login view', '/login'],
    ['the login view in capitals, with a slash', '/LOGIN/'],
    ['the refresh view', '/reauthenticate?x=1'],
    ['a logout', '/account/logout'],
    ['2,049 characters', `/${'a'.repeat(2_048)}`],
  ])('that is %s is replaced by the fallback', async (_, value) => {
    const app = await start({}, { controllers: [Site] });
    const query = `/login?next=${encodeURIComponent(value)}`;
    expect(await goesOnTo(app.browser(), query, { body: 'email=ada' })).toBe('/dashboard');
    expect(await goesOnTo(app.browser(), '/login', { body: { next: value } })).toBe('/dashboard');
    expect(await goesOnTo(app.browser(), '/login', { body: `next=${encodeURIComponent(value)}` })).toBe('/dashboard');
  });

  it('of 2,048 characters is gone on to', async () => {
    const app = await start({}, { controllers: [Site] });
    const longest = `/${'a'.repeat(2_047)}`;
    expect(await goesOnTo(app.browser(), `/login?next=${longest}`, { body: 'email=ada' })).toBe(longest);
  });

  it.each<[string, string, unknown]>([
    ['a lone surrogate', '/login', { next: '/\ud800' }],
    ['a list in JSON', '/login', { next: ['/other'] }],
    ['a list in a form', '/login', 'next=/other&next=/other'],
    ['a list in brackets', '/login', 'next[]=/other'],
    ['a list in the query', '/login?next=/other&next=/other', {}],
    ['an object in the query', '/login?next[a]=/other', {}],
    ['a number', '/login', { next: 7 }],
    ['the prototype', '/login', '__proto__[next]=/other'],
  ])('that is %s is replaced by the fallback', async (_, path, body) => {
    const app = await start({}, { controllers: [Site] });
    expect(await goesOnTo(app.browser(), path, { body })).toBe('/dashboard');
  });
});

describe('I3 the guard', () => {
  it.each([
    '//protected',
    '/protected/',
    '/Protected',
    '/protected%2f',
    '/protected%2F..%2fpublic',
    '/./protected',
    '/x/../protected',
    '/%70rotected',
    '/protected;a=b',
    '/protected?',
    '/protected#x',
    '/protected%00',
    '///protected//',
    '\\protected',
  ])('never lets a stranger see the page at %s', async (path) => {
    @Controller()
    class Page {
      @Get('content')
      @UseGuards(LoginRequiredGuard)
      content(): string {
        return 'the secret content';
      }
    }
    const app = await start({}, { controllers: [Page] });
    const member = app.browser();
    await member.post('/login/ada');
    expect((await member.get('/content')).text).toBe('the secret content');
    for (const method of ['GET', 'HEAD', 'POST']) {
      const answer = await raw(
        app,
        `${method} ${path.replace(/protected/i, (name) => (name === 'Protected' ? 'Content' : 'content'))} HTTP/1.1`,
      );
      expect(answer).toMatch(/^HTTP\/1.1 (30[23]|40[0-9]) /);
      expect(answer).not.toContain('the secret content');
    }
  });

  it('refuses where the user loader throws: 503, and the public page goes on', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.post('/login/ada');
    app.users.failure = new Error('a secret detail');
    for (const path of ['/protected', '/fresh']) {
      const answer = await browser.get(path);
      expect([answer.status, codeOf(answer), answer.headers['retry-after']]).toEqual([
        503,
        'ERR_LOGIN_UNAVAILABLE',
        '1',
      ]);
      expect(answer.text).not.toContain('detail');
    }
    expect((await browser.get('/public')).status).toBe(200);
    app.users.failure = undefined;
    expect((await browser.get('/protected')).status).toBe(200);
  });

  it('refuses where isActive throws', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.post('/login/ada');
    Object.defineProperty(app.users.table.get('ada'), 'isActive', { get: () => raise(new Error('a secret detail')) });
    const answer = await browser.get('/protected');
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(answer.text).not.toContain('detail');
  });

  it('refuses a stranger where anonymousUser throws, and public pages go on', async () => {
    @Controller()
    class Open {
      @Get('asks')
      asks(@CurrentUser() user: unknown): unknown {
        return { user };
      }
    }
    const anonymousUser = (): never => raise(new Error('a secret detail'));
    const app = await start({ anonymousUser }, { controllers: [Open] });
    expect((await app.browser().get('/protected')).status).toBe(302);
    expect((await app.browser(FETCH).get('/protected')).status).toBe(401);
    const asks = await app.browser().get('/asks');
    expect([asks.status, asks.text.includes('detail')]).toEqual([500, false]);
    expect((await app.browser().get('/public')).status).toBe(200);
  });

  it('refuses where localize throws: the redirect stands, the page that reads the message fails', async () => {
    const app = await start({ localize: () => raise(new Error('a secret detail')) });
    const browser = app.browser();
    expect((await browser.get('/protected')).status).toBe(302);
    const page = await browser.get('/flashes');
    expect([page.status, page.text.includes('detail')]).toEqual([500, false]);
    expect((await browser.get('/protected')).status).toBe(302);
  });
});
