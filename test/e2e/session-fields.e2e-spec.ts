/** The fields that express-session puts on a request beside its methods: ids, cookie, store. */
import { Controller, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import session from 'express-session';
import { LoginManagerService, memoryStorage } from 'nestjs-login';
import type { Browser } from '../support/browser-client.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

type Values = Record<string, unknown>;
type SessionRequest = Request & { session: Request['session'] & Values };

const inner = memoryStorage();

const rows = (): number => inner.sessions.size + inner.logins.size;

@Controller('fields')
class Fields {
  constructor(private readonly login: LoginManagerService) {}

  @Post('cookie')
  cookie(@Req() req: SessionRequest): object {
    const { path, httpOnly, sameSite, secure, domain, maxAge, expires } = req.session.cookie;
    return { path, httpOnly, sameSite, secure, domain: domain ?? null, maxAge, expires };
  }

  @Post('ids')
  ids(@Req() req: SessionRequest): object {
    const early = [req.sessionID, req.sessionID];
    const wasBuilt = Object.hasOwn(req, 'session');
    const ids = [...early, req.session.id, req.sessionID];
    req.session.own = 'written';
    return { id: req.sessionID, same: new Set(ids).size === 1, wasBuilt };
  }

  @Post('store')
  store(@Req() req: SessionRequest): object {
    const { sessionStore } = req;
    const names = ['get', 'set', 'destroy', 'regenerate', 'createSession', 'on'] as const;
    return {
      isStore: sessionStore instanceof session.Store,
      methods: names.every((name) => typeof sessionStore[name] === 'function'),
      earlier: req.session.earlier,
    };
  }

  @Post('null')
  null(@Req() req: SessionRequest): Promise<object> {
    req.session.own = 'dropped';
    return this.#takeOff(req);
  }

  @Post('null-at-once')
  nullAtOnce(@Req() req: SessionRequest): Promise<object> {
    return this.#takeOff(req);
  }

  async #takeOff(req: SessionRequest): Promise<object> {
    (req as { session: unknown }).session = null;
    return { session: req.session, user: await this.login.currentUser(req) };
  }

  @Post('null-then-store')
  nullThenStore(@Req() req: SessionRequest): object {
    (req as { session: unknown }).session = null;
    return { store: typeof req.sessionStore, session: req.session };
  }

  @Post('null-then-id')
  nullThenId(@Req() req: SessionRequest): object {
    (req as { session: unknown }).session = null;
    return { id: typeof req.sessionID, session: req.session };
  }

  @Post('other')
  other(@Req() req: SessionRequest): object {
    (req as { session: unknown }).session = { own: 'of the application' };
    return { own: req.session.own };
  }

  @Post('other-and-in')
  async otherAndIn(@Req() req: SessionRequest): Promise<object> {
    (req as { session: unknown }).session = { own: 'of the application' };
    await this.login.loginUser(req, { id: 'bob' });
    return { own: req.session.own };
  }
}

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ storage: inner, controllers: [Fields] });
});
afterAll(async () => {
  await app.close();
  inner.close();
});

const stored = async (browser: Browser): Promise<Values> => (await browser.get('/values')).json;

const VISITORS: [string, string, (browser: Browser) => Promise<unknown>][] = [
  ['an anonymous visitor', 'session-anonymous', (browser) => browser.get('/set?earlier=1')],
  ['a user', 'session', (browser) => browser.post('/login/ada').then(() => browser.get('/set?earlier=1'))],
];

describe.each(VISITORS)('on a request of %s,', (kind, name, arrive) => {
  let browser: Browser;
  beforeEach(async () => {
    browser = app.browser();
    await arrive(browser);
  });

  it('session.cookie has the attributes of the session cookie', async () => {
    const told = {
      path: '/',
      httpOnly: true,
      sameSite: 'lax',
      secure: false,
      domain: null,
      maxAge: null,
      expires: null,
    };
    expect((await browser.post('/fields/cookie')).json).toEqual(told);
  });

  it('session.id and sessionID are the id in the cookie, known before the session is built', async () => {
    const { json } = await browser.post('/fields/ids');
    const { id } = json as { id: string };
    expect(json).toEqual({ id, same: true, wasBuilt: false });
    expect(decodeURIComponent(browser.jar.get(name) as string)).toContain(`s:${id}.`);
  });

  it('sessionStore is a store of express-session', async () => {
    const { json } = await browser.post('/fields/store');
    expect(json).toEqual({ isStore: true, methods: true, earlier: '1' });
  });

  it.each(['null', 'null-at-once'])(
    'req.session = null removes the session from this request, and stores nothing: %s',
    async (path) => {
      expect((await browser.post(`/fields/${path}`)).json).toEqual({ session: null, user: null });
      expect(await stored(browser)).toEqual({ earlier: '1' });
      expect((await browser.get('/protected')).status).toBe(kind === 'a user' ? 200 : 401);
    },
  );

  it('req.session stays null if the handler then reads sessionStore', async () => {
    expect((await browser.post('/fields/null-then-store')).json).toEqual({ store: 'undefined', session: null });
    expect(await stored(browser)).toEqual({ earlier: '1' });
  });

  it('req.session stays null if the handler then reads sessionID', async () => {
    expect((await browser.post('/fields/null-then-id')).json).toEqual({ id: 'string', session: null });
    expect(await stored(browser)).toEqual({ earlier: '1' });
  });

  it('an object that the application assigns to req.session stays, and is not stored', async () => {
    expect((await browser.post('/fields/other')).json).toEqual({ own: 'of the application' });
    expect(await stored(browser)).toEqual({ earlier: '1' });
  });

  it('an assigned object stays over a login, which has a session at the next request', async () => {
    expect((await browser.post('/fields/other-and-in')).json).toEqual({ own: 'of the application' });
    expect(await stored(browser)).toEqual({});
    expect((await browser.get('/protected')).json).toEqual({ id: 'bob' });
  });
});

describe('on a request of a stranger,', () => {
  it('session.id and sessionID are the id in the cookie that is set', async () => {
    const browser = app.browser();
    const { id, same, wasBuilt } = (await browser.post('/fields/ids')).json as Values;
    expect([same, wasBuilt]).toEqual([true, false]);
    expect(decodeURIComponent(browser.jar.get('session-anonymous') as string)).toContain(`s:${String(id)}.`);
  });

  it.each(['cookie', 'store', 'null', 'other'])('the route %s leaves no row and no cookie', async (what) => {
    const browser = app.browser();
    const before = rows();
    expect((await browser.post(`/fields/${what}`)).status).toBe(201);
    expect([rows(), browser.jar.size]).toEqual([before, 0]);
  });
});
