/** Several changes of the login in one request. The next request sees their result. */
import { Controller, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { LoginManagerService, memoryStorage } from 'nestjs-login';
import { CountingStorage, fails } from '../support/counting-storage.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

type SessionRequest = Request & { session: Record<string, unknown>; user?: unknown };

const inner = memoryStorage();
const storage = new CountingStorage(inner);
let confirmed: () => void;
let held: Promise<void>;

@Controller('same-request')
class SameRequestController {
  constructor(
    private readonly login: LoginManagerService,
    private readonly users: TestUsers,
  ) {}

  @Post('write-then-confirm')
  async writeThenConfirm(@Req() req: SessionRequest): Promise<object> {
    req.session.basket = 'written before';
    const ok = await this.login.confirmLogin(req);
    return { ok };
  }

  @Post('confirm-then-write')
  async confirmThenWrite(@Req() req: SessionRequest): Promise<object> {
    const ok = await this.login.confirmLogin(req);
    req.session.basket = 'written after';
    return { ok };
  }

  @Post('ask-and-log-out')
  async askAndLogOut(@Req() req: SessionRequest): Promise<object> {
    const asked = this.login.currentUser(req);
    await this.login.logoutUser(req);
    await asked;
    await new Promise((resolve) => setImmediate(resolve));
    return { shown: req.user ?? null, authenticated: await this.login.isAuthenticated(req) };
  }

  @Post('log-out-then-in')
  async logOutThenIn(@Req() req: SessionRequest): Promise<object> {
    await this.login.logoutUser(req);
    req.session.basket = 'of nobody';
    await this.login.loginUser(req, this.users.table.get('bob') as object);
    return { shown: (req.user as { id: string }).id, basket: req.session.basket ?? null };
  }

  @Post('in-twice')
  async inTwice(@Req() req: SessionRequest): Promise<object> {
    await this.login.loginUser(req, this.users.table.get('ada') as object);
    await this.login.loginUser(req, this.users.table.get('bob') as object);
    return { shown: (req.user as { id: string }).id };
  }

  @Post('null-then-out')
  async nullThenOut(@Req() req: SessionRequest): Promise<object> {
    (req as unknown as { session: unknown }).session = null;
    await this.login.logoutUser(req);
    return {};
  }

  @Post('null-then-in')
  async nullThenIn(@Req() req: SessionRequest): Promise<object> {
    (req as unknown as { session: unknown }).session = null;
    await this.login.loginUser(req, this.users.table.get('bob') as object);
    return {};
  }

  @Post('in-and-out-at-once')
  async inAndOutAtOnce(@Req() req: SessionRequest): Promise<object> {
    await Promise.all([this.login.loginUser(req, this.users.table.get('bob') as object), this.login.logoutUser(req)]);
    return { shown: req.user ?? null };
  }

  @Post('ask-and-log-in')
  async askAndLogIn(@Req() req: SessionRequest): Promise<object> {
    const asked = this.login.currentUser(req);
    await this.login.loginUser(req, this.users.table.get('bob') as object);
    await asked;
    return { shown: (req.user as { id: string }).id };
  }

  @Post('confirm-slowly')
  async confirmSlowly(@Req() req: SessionRequest): Promise<object> {
    await this.login.confirmLogin(req);
    confirmed();
    await held;
    return {};
  }

  @Post('in-fails-then-out')
  async inFailsThenOut(@Req() req: SessionRequest): Promise<object> {
    storage.disturb(fails, 'logins.insert', 'logins.delete');
    await this.login.loginUser(req, this.users.table.get('bob') as object).catch(() => undefined);
    storage.recover();
    await this.login.logoutUser(req);
    return {};
  }

  @Post('in-then-out')
  async inThenOut(@Req() req: SessionRequest): Promise<object> {
    await this.login.loginUser(req, this.users.table.get('ada') as object);
    await this.login.logoutUser(req);
    return { shown: req.user ?? null };
  }
}

describe('in one request,', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({ storage, controllers: [SameRequestController] });
  });
  afterAll(async () => {
    await app.close();
    inner.close();
  });

  async function loggedIn() {
    const browser = app.browser();
    await browser.post('/login/ada');
    return browser;
  }

  it.each([
    ['written before a confirmation', 'write-then-confirm', 'written before'],
    ['written after a confirmation', 'confirm-then-write', 'written after'],
  ])('a value %s is there in the next request', async (_, route, basket) => {
    const browser = await loggedIn();
    expect((await browser.post(`/same-request/${route}`)).json).toEqual({ ok: true });
    expect((await browser.get('/values')).json).toEqual({ basket });
  });

  it('a logout counts although the handler asked for the user just before', async () => {
    const browser = await loggedIn();
    expect((await browser.post('/same-request/ask-and-log-out')).json).toEqual({ shown: null, authenticated: false });
    expect((await browser.get('/protected')).status).toBe(401);
  });

  it('a login after a logout counts, and takes over no value written in between', async () => {
    const browser = await loggedIn();
    const rows = inner.logins.size;
    expect((await browser.post('/same-request/log-out-then-in')).json).toEqual({ shown: 'bob', basket: null });
    expect((await browser.get('/protected')).json).toEqual({ id: 'bob' });
    expect((await browser.get('/values')).json).toEqual({});
    expect(inner.logins.size).toBe(rows);
  });

  it('the second of two logins counts, and the first leaves no record', async () => {
    const browser = app.browser();
    const rows = inner.logins.size;
    const answer = await browser.post('/same-request/in-twice');
    expect(answer.json).toEqual({ shown: 'bob' });
    expect(answer.cookies).toHaveLength(1);
    expect((await browser.get('/protected')).json).toEqual({ id: 'bob' });
    expect(inner.logins.size - rows).toBe(1);
  });

  it('a login and its logout leave no record', async () => {
    const browser = app.browser();
    const rows = inner.logins.size;
    expect((await browser.post('/same-request/in-then-out')).json).toEqual({ shown: null });
    expect((await browser.get('/protected')).status).toBe(401);
    expect([inner.logins.size - rows, inner.sessions.size]).toEqual([0, 0]);
  });

  it.each([
    ['req.session = null and then a logout', 'null-then-out'],
    ['req.session = null and then a login of another user', 'null-then-in'],
    ['a login that fails and then a logout', 'in-fails-then-out'],
  ])('%s deletes the former login', async (_, route) => {
    const browser = await loggedIn();
    const copy = browser.clone();
    expect((await browser.post(`/same-request/${route}`)).status).toBe(201);
    expect((await copy.get('/protected')).status).toBe(401);
  });

  it('a login and a logout in parallel run one after the other', async () => {
    const browser = app.browser();
    const rows = inner.logins.size;
    expect((await browser.post('/same-request/in-and-out-at-once')).json).toEqual({ shown: null });
    expect((await browser.get('/protected')).status).toBe(401);
    expect(inner.logins.size).toBe(rows);
  });

  it('a login counts although the handler asked for the user just before', async () => {
    const browser = await loggedIn();
    expect((await browser.post('/same-request/ask-and-log-in')).json).toEqual({ shown: 'bob' });
  });
});

describe('C2 a logout', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({ storage, controllers: [SameRequestController] });
  });
  afterAll(() => app.close());

  it('is final, although a confirmation in another tab has just changed the session id', async () => {
    const browser = app.browser();
    await browser.post('/login/ada');
    const tab = browser.clone();
    let letGo = (): void => undefined;
    held = new Promise((resolve) => (letGo = resolve));
    const reached = new Promise<void>((resolve) => (confirmed = resolve));
    const slow = tab.post('/same-request/confirm-slowly');
    await reached;
    expect((await browser.post('/logout')).status).toBe(201);
    letGo();
    await slow;
    expect((await tab.get('/protected')).status).toBe(401);
  });

  it('ends both logins of a browser with conflicting session cookies', async () => {
    const [one, other] = [app.browser(), app.browser()];
    await one.post('/login/ada');
    await other.post('/login/bob');
    const cookie = `${one.cookieHeader()}; ${other.cookieHeader()}`;
    expect((await app.browser().get('/protected', { cookie })).status).toBe(401);
    expect((await app.browser().post('/logout', { cookie })).status).toBe(201);
    expect([(await one.get('/protected')).status, (await other.get('/protected')).status]).toEqual([401, 401]);
  });
});
