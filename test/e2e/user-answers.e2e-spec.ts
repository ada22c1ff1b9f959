/** Answers of the application about a user. An answer that is not understood lets nobody in. */
import { Controller, Get, Injectable, Req } from '@nestjs/common';
import type { Request } from 'express';
import { LoginManagerService, OTHER_TENANT, RequestLoader } from 'nestjs-login';
import { startLoggedApp } from '../support/logged-app.js';
import type { LoggedApp } from '../support/logged-app.js';

/** A browser in which Ada is logged in and remembered. */
async function loggedIn(app: LoggedApp) {
  const browser = app.browser();
  await browser.post('/login/ada?remember=1');
  return browser;
}

const ada = (fields: object): never => ({ id: 'ada', name: 'ADA', isActive: true, ...fields }) as never;

@Injectable()
class Keys {
  static user: unknown;

  @RequestLoader()
  byKey(request: Request): unknown {
    return request.headers['x-key'] ? Keys.user : null;
  }
}

const WITH_KEY = { headers: { 'x-key': 'k' } };

describe('a user is active', () => {
  it.each([true, 1, 1n, '1', undefined, () => 1])('if isActive is %p', async (isActive) => {
    const app = await startLoggedApp();
    app.users.table.set('ada', ada({ isActive }));
    const browser = await loggedIn(app);
    expect((await browser.get('/protected')).status).toBe(200);
  });
});

describe('a user is inactive, by session, by remember cookie, by the request loader and at the login,', () => {
  it.each([false, 0, 0n, '0', () => 0])('if isActive is %p', async (isActive) => {
    const app = await startLoggedApp({ providers: [Keys] });
    const browser = await loggedIn(app);
    app.users.table.set('ada', ada({ isActive }));
    Keys.user = app.users.table.get('ada');

    expect((await browser.get('/protected')).status).toBe(401);
    expect((await browser.clone().close().get('/protected')).status).toBe(401);
    expect((await app.browser().get('/protected', WITH_KEY)).status).toBe(401);
    expect((await app.browser().post('/login/ada')).json).toEqual({ ok: false });
  });
});

describe('a user with an unknown value of isActive', () => {
  it.each(['N', '', 'false', null, 2, {}, async () => false])('(%p) is let in nowhere', async (isActive) => {
    const app = await startLoggedApp({ providers: [Keys] });
    const browser = await loggedIn(app);
    app.users.table.set('ada', ada({ isActive }));
    Keys.user = app.users.table.get('ada');

    expect((await browser.get('/protected')).status).toBe(500);
    expect((await browser.clone().close().get('/protected')).status).toBe(500);
    expect((await app.browser().get('/protected', WITH_KEY)).status).toBe(500);
    expect((await app.browser().post('/login/ada')).status).toBe(500);
    expect(app.log.text()).toContain('ERR_LOGIN_USER_ACTIVE');
  });

  it('is not logged in on a public page, and can log out or log in as another user', async () => {
    const app = await startLoggedApp();
    const browser = await loggedIn(app);
    app.users.table.set('ada', ada({ isActive: 'yes' }));
    expect((await browser.get('/whoami')).json).toMatchObject({ id: null, authenticated: false });
    expect((await browser.clone().post('/login/bob')).json).toEqual({ ok: true });

    app.users.table.set('ada', ada({}));
    const other = await loggedIn(app);
    app.users.table.set('ada', ada({ isActive: 'yes' }));
    expect((await other.post('/logout')).json).toEqual({ ok: true });
    app.users.table.set('ada', ada({}));
    expect((await other.get('/protected')).status).toBe(401);
  });
});

describe('the answer of a user loader that is not the user of the login', () => {
  it.each<[string, unknown]>([
    ['an empty list', []],
    ['a list with the user', [{ id: 'ada' }]],
    ['the result of a query', { rows: [{ id: 'ada' }], rowCount: 1 }],
    ['a Map', new Map([['id', 'ada']])],
    ['an object without an id', {}],
    ['another user', { id: 'bob', name: 'BOB' }],
    ['the user in another spelling', { id: 'Ada', name: 'ADA' }],
  ])('(%s) lets nobody in, logs the fault, and ends no login', async (_what, answer) => {
    const app = await startLoggedApp();
    const browser = await loggedIn(app);
    app.users.table.set('ada', answer as never);

    expect((await browser.get('/protected')).status).toBe(500);
    expect((await browser.clone().close().get('/protected')).status).toBe(500);
    expect((await browser.get('/whoami')).json).toMatchObject({ id: null, authenticated: false });
    expect(app.log.text()).toContain('ERR_LOGIN_USER_ID');

    app.users.table.set('ada', ada({}));
    expect((await browser.get('/protected')).json).toEqual({ id: 'ada' });
  });

  it('is not a user with the id 0, who is let in', async () => {
    const app = await startLoggedApp();
    app.users.table.set('0', ada({ id: 0 }));
    const browser = app.browser();
    await browser.post('/login/0');
    expect((await browser.get('/protected')).json).toEqual({ id: 0 });
  });
});

describe('ids with lone surrogates', () => {
  it('are refused at the login, because a store could not tell them apart', async () => {
    const app = await startLoggedApp();
    app.users.table.set('ada', ada({ id: 'a\ud800' }));
    expect((await app.browser().post('/login/ada')).status).toBe(500);
    expect(app.log.text()).toContain('ERR_LOGIN_USER_ID');
  });
});

describe('with tenants by host,', () => {
  @Controller('tenant')
  class TenantController {
    constructor(readonly login: LoginManagerService) {}

    @Get('who')
    async who(@Req() req: Request & { session: { cart?: string } }): Promise<object> {
      const user = await this.login.currentUser(req);
      return { user: user !== null, cart: req.session.cart ?? null };
    }
  }

  const A = { headers: { host: 'a.test' } };
  const B = { headers: { host: 'b.test' } };

  async function openTenants() {
    const app = await startLoggedApp({ controllers: [TenantController] });
    const find = app.users.findById.bind(app.users);
    app.users.findById = (async (id: string, request: Request) =>
      request.headers.host === 'b.test' ? OTHER_TENANT : find(id)) as never;
    return app;
  }

  it.each(['with the session', 'with the remember cookie alone'])(
    'a login of tenant A %s is refused at tenant B, and goes on at tenant A',
    async (how) => {
      const app = await openTenants();
      const browser = await loggedIn(app);
      await browser.get('/set?cart=pear', A);
      if (how !== 'with the session') browser.close();

      expect((await browser.get('/protected', B)).status).toBe(401);
      const answer = await browser.get('/tenant/who', B);
      expect(answer.json).toEqual({ user: false, cart: null });
      expect(answer.cookies).toEqual([]);
      expect((await browser.get('/protected', A)).json).toEqual({ id: 'ada' });
    },
  );

  it('a login of tenant A is not confirmed at tenant B', async () => {
    const app = await openTenants();
    const browser = await loggedIn(app);
    expect((await browser.post('/confirm', B)).json).toEqual({ ok: false });
    expect((await browser.post('/confirm', A)).json).toEqual({ ok: true });
  });
});
