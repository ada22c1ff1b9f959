/** What a request may cost: store calls, user loads, rows and cookies, counted, one test a row of the table in the README. */
import { Controller, Get, Injectable, Req, UseGuards } from '@nestjs/common';
import type { Request } from 'express';
import { CurrentUser, LoginRequiredGuard, memoryStorage, RequestLoader } from 'nestjs-login';
import type { MemoryStorage } from 'nestjs-login';
import { CountingStorage } from '../support/counting-storage.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

@Injectable()
class Keys {
  @RequestLoader()
  byKey(request: Request): object | null {
    return request.headers['x-key'] === 'ada' ? { id: 'ada' } : null;
  }
}

@Controller()
class AskingController {
  @Get('asks-often')
  @UseGuards(LoginRequiredGuard)
  async asksOften(@Req() req: Request, @CurrentUser() one: object, @CurrentUser('id') two: string): Promise<unknown> {
    return { same: (req as unknown as { user: object }).user === one, id: two };
  }
}

describe('the cost of', () => {
  let inner: MemoryStorage;
  let storage: CountingStorage;
  let app: TestApp;
  beforeAll(async () => {
    inner = memoryStorage();
    storage = new CountingStorage(inner);
    app = await startTestApp({ storage, controllers: [AskingController], providers: [Keys] });
  });
  afterAll(async () => {
    await app.close();
    inner.close();
  });

  /** What one request costs. */
  async function cost(work: () => Promise<{ status: number; cookies: readonly string[] }>): Promise<object> {
    storage.reset();
    app.users.loads.length = 0;
    const { status, cookies } = await work();
    return {
      status,
      reads: storage.reads,
      writes: storage.writes,
      loads: app.users.loads.length,
      cookies: cookies.length,
    };
  }

  async function loggedIn() {
    const browser = app.browser();
    await browser.post('/login/ada');
    return browser;
  }

  it('a public route without a cookie: nothing', async () => {
    const browser = app.browser();
    expect(await cost(() => browser.get('/public'))).toEqual({
      status: 200,
      reads: 0,
      writes: 0,
      loads: 0,
      cookies: 0,
    });
  });

  it("a public route with a login's cookie: 1 trip, no user", async () => {
    const browser = await loggedIn();
    expect(await cost(() => browser.get('/public'))).toEqual({
      status: 200,
      reads: 1,
      writes: 0,
      loads: 0,
      cookies: 0,
    });
  });

  it('a guarded route, logged in: 1 trip, with the values of the session, and 1 user', async () => {
    const browser = await loggedIn();
    await browser.get('/set?colour=red');
    expect(await cost(() => browser.get('/protected'))).toEqual({
      status: 200,
      reads: 1,
      writes: 0,
      loads: 1,
      cookies: 0,
    });
    expect(await cost(() => browser.get('/values'))).toEqual({
      status: 200,
      reads: 1,
      writes: 0,
      loads: 0,
      cookies: 0,
    });
  });

  it('a guarded route that asks for the user in four ways: no more than that', async () => {
    const browser = await loggedIn();
    expect(await cost(() => browser.get('/asks-often'))).toEqual({
      status: 200,
      reads: 1,
      writes: 0,
      loads: 1,
      cookies: 0,
    });
    expect((await browser.get('/asks-often')).json).toEqual({ same: true, id: 'ada' });
  });

  it.each([
    ['no cookie', null],
    ['a malformed cookie', 'session=garbage'],
    ['a forged cookie', `session=s%3A${'a'.repeat(38)}.${'b'.repeat(22)}.${'c'.repeat(43)}`],
  ])('a guarded route with %s: nothing', async (_, cookie) => {
    const browser = app.browser();
    expect(await cost(() => browser.get('/protected', { cookie }))).toEqual({
      status: 401,
      reads: 0,
      writes: 0,
      loads: 0,
      cookies: 0,
    });
  });

  it('a guarded route, named by the request loader: nothing of ours', async () => {
    const browser = app.browser();
    expect(await cost(() => browser.get('/protected', { headers: { 'x-key': 'ada' } }))).toEqual({
      status: 200,
      reads: 0,
      writes: 0,
      loads: 0,
      cookies: 0,
    });
  });

  it('a login without a session before it: 1 trip, 1 record, 1 cookie, no user', async () => {
    const browser = app.browser();
    const rows = inner.logins.size;
    expect(await cost(() => browser.post('/login/ada'))).toEqual({
      status: 201,
      reads: 0,
      writes: 1,
      loads: 0,
      cookies: 1,
    });
    expect(storage.count('logins.insert')).toBe(1);
    expect(inner.logins.size - rows).toBe(1);
  });

  it('a login over an anonymous session: 2 trips, the old session deleted in the second', async () => {
    const browser = app.browser();
    await browser.get('/set?colour=red');
    const blobs = inner.sessions.size;
    expect(await cost(() => browser.post('/login/ada'))).toEqual({
      status: 201,
      reads: 1,
      writes: 2,
      loads: 0,
      cookies: 1,
    });
    expect(storage.count('sessions.get', 'logins.insert', 'sessions.destroy')).toBe(3);
    expect(blobs - inner.sessions.size).toBe(1);
  });

  it('a login over a login: 2 trips, the old record deleted in the second', async () => {
    const browser = await loggedIn();
    const rows = inner.logins.size;
    expect(await cost(() => browser.post('/login/bob'))).toEqual({
      status: 201,
      reads: 1,
      writes: 2,
      loads: 0,
      cookies: 1,
    });
    expect(storage.count('logins.find', 'logins.insert', 'logins.delete')).toBe(3);
    expect(inner.logins.size).toBe(rows);
  });

  it('a logout: 2 trips, deletes only, no user', async () => {
    const browser = await loggedIn();
    expect(await cost(() => browser.post('/logout'))).toEqual({
      status: 201,
      reads: 1,
      writes: 1,
      loads: 0,
      cookies: 1,
    });
    expect(storage.count('logins.delete')).toBe(1);
  });

  it('a login restored from the remember cookie: 2 trips, 1 user, 1 record replaced, both cookies', async () => {
    const browser = app.browser();
    await browser.post('/login/ada?remember=1');
    browser.close();
    expect(await cost(() => browser.get('/protected'))).toEqual({
      status: 200,
      reads: 1,
      writes: 1,
      loads: 1,
      cookies: 2,
    });
    expect(storage.count('logins.find', 'logins.replace')).toBe(2);
  });

  it('the first request that brings the new token: 2 trips, 1 user, 1 record replaced, no cookie; then 1 trip again', async () => {
    const browser = app.browser();
    await browser.post('/login/ada?remember=1');
    await browser.close().get('/protected');
    expect(await cost(() => browser.get('/protected'))).toEqual({
      status: 200,
      reads: 1,
      writes: 1,
      loads: 1,
      cookies: 0,
    });
    expect(storage.count('logins.find', 'logins.replace')).toBe(2);
    expect(await cost(() => browser.get('/protected'))).toEqual({
      status: 200,
      reads: 1,
      writes: 0,
      loads: 1,
      cookies: 0,
    });
  });

  it('a request of a burst, and one in the grace: 1 trip, 1 user, nothing written, no cookie', async () => {
    const browser = app.browser();
    await browser.post('/login/ada?remember=1');
    browser.close();
    const [burst, grace] = [browser.clone(), browser.clone()];
    const free = { status: 200, reads: 1, writes: 0, loads: 1, cookies: 0 };
    await browser.get('/protected');
    expect(await cost(() => burst.get('/protected'))).toEqual(free);
    await browser.get('/protected');
    expect(await cost(() => grace.get('/protected'))).toEqual(free);
  });

  it.each([
    ['a malformed', 'remember=v1.garbage'],
    ['a forged', `remember=v1.${'a'.repeat(38)}.${'b'.repeat(43)}.${'c'.repeat(43)}`],
  ])('a guarded route with %s remember cookie: nothing', async (_, cookie) => {
    expect(await cost(() => app.browser().get('/protected', { cookie }))).toEqual({
      status: 401,
      reads: 0,
      writes: 0,
      loads: 0,
      cookies: 0,
    });
  });

  it('a login to be remembered: no more than one that is not, and one more cookie', async () => {
    const browser = app.browser();
    expect(await cost(() => browser.post('/login/ada?remember=1'))).toEqual({
      status: 201,
      reads: 0,
      writes: 1,
      loads: 0,
      cookies: 2,
    });
  });

  it('a request after the throttle interval: 1 more write, which moves the idle end', async () => {
    const clock = { now: Date.now() };
    const own = memoryStorage({ clock: () => clock.now });
    const counted = new CountingStorage(own);
    const other = await startTestApp({ storage: counted });
    const browser = other.browser();
    await browser.post('/login/ada');
    counted.reset();
    clock.now += 59_000;
    await browser.get('/protected');
    expect(counted.writes).toBe(0);
    clock.now += 2_000;
    await browser.get('/protected');
    expect([counted.writes, counted.count('logins.touch')]).toEqual([1, 1]);
    await browser.get('/protected');
    expect(counted.writes).toBe(1);
    await other.close();
    own.close();
  });
});
