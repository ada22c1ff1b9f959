/** Logins that loginUser() refuses, and the reasons. */
import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { LoginManagerService } from 'nestjs-login';
import { startLoggedApp } from '../support/logged-app.js';

describe('a refused login', () => {
  @Controller('reason')
  class ReasonController {
    constructor(readonly login: LoginManagerService) {}

    @Get()
    async logIn(@Req() req: Request, @Res() res: Response, @Query('active') active: string): Promise<void> {
      const ok = await this.login.loginUser(req, { id: 'ada', isActive: active } as never);
      res.json({ ok, reason: this.login.loginRefusal(req) });
    }
  }
  const FULL = { login: { maxLogins: 1, whenFull: 'refuse' as const } };
  const OTHER = { 'user-agent': 'another browser' };

  it('has a reason that loginRefusal() tells', async () => {
    const app = await startLoggedApp({ controllers: [ReasonController], login: FULL });
    expect((await app.browser().get('/reason?active=0')).json).toEqual({ ok: false, reason: 'inactive' });
    expect((await app.browser().get('/reason?active=1')).json).toEqual({ ok: true, reason: null });
    expect((await app.browser(OTHER).get('/reason?active=1')).json).toEqual({ ok: false, reason: 'too-many-logins' });
  });

  it("does not happen with whenFull: 'refuse' to a user who comes back after closing the browser", async () => {
    const app = await startLoggedApp({ login: FULL });
    const closed = app.browser();
    await closed.post('/login/ada');
    const again = app.browser();
    expect((await again.post('/login/ada')).json).toEqual({ ok: true });
    expect((await closed.get('/public')).status).toBe(200);
    expect((await closed.clone().get('/whoami')).json).toMatchObject({ authenticated: false });
    expect(app.events.filter(({ name }) => name === 'loginRevoked')).toHaveLength(1);
  });

  it("does not happen with whenFull: 'refuse' to a new visitor after a double click, even to be remembered", async () => {
    const app = await startLoggedApp({ login: FULL });
    await app.browser().post('/login/ada?remember=1');
    const shown = app.browser();
    expect((await shown.post('/login/ada?remember=1')).json).toEqual({ ok: true });
    expect((await shown.get('/protected')).status).toBe(200);
    expect(app.storage.logins.size).toBe(1);
  });

  it.each([
    ['remembered', '?remember=1', undefined],
    ['in another browser', '', OTHER],
  ])("happens with whenFull: 'refuse' if the one allowed login of the user is %s", async (_what, query, headers) => {
    const app = await startLoggedApp({ login: FULL });
    await app.browser(headers).post(`/login/ada${query}`);
    app.clock.now += 60_000;
    expect((await app.browser().post('/login/ada')).json).toEqual({ ok: false });
    expect(app.storage.logins.size).toBe(1);
  });
});

describe('a string as an option of loginUser()', () => {
  @Controller('form')
  class FormController {
    constructor(readonly login: LoginManagerService) {}

    @Get(':name')
    async logIn(@Req() req: Request): Promise<object> {
      const name = req.params.name as string;
      return { ok: await this.login.loginUser(req, { id: 'ada' }, { [name]: 'false' }) };
    }
  }

  it.each(['fresh', 'force', 'crossSite', 'remember'])(
    'is refused because "false" would mean yes: %s',
    async (name) => {
      const app = await startLoggedApp({ controllers: [FormController] });
      expect((await app.browser().get(`/form/${name}`)).status).toBe(500);
      expect(app.log.text()).toContain(`loginUser({ ${name} })`);
      expect(app.storage.logins.size).toBe(0);
    },
  );
});

describe('a login by a HEAD request', () => {
  @Controller('link')
  class LinkController {
    constructor(readonly login: LoginManagerService) {}

    @Get()
    async logIn(@Req() req: Request): Promise<object> {
      return { ok: await this.login.loginUser(req, { id: 'ada' }) };
    }
  }

  it('logs nobody in, because mail programs check links that way', async () => {
    const app = await startLoggedApp({ controllers: [LinkController] });
    const answer = await app.browser().request('HEAD', '/link');
    expect([answer.status, answer.cookies, app.storage.logins.size]).toEqual([200, [], 0]);
    expect((await app.browser().get('/link')).json).toEqual({ ok: true });
  });
});
