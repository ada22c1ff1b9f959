/** A handler that keeps a session object over a change of the login writes to a detached object. It is not stored. */
import { Controller, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { LoginManagerService, memoryStorage } from 'nestjs-login';
import type { Browser } from '../support/browser-client.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

type SessionRequest = Request & { session: Request['session'] & Record<string, unknown> };

@Controller('kept')
class KeptController {
  constructor(
    private readonly login: LoginManagerService,
    private readonly users: TestUsers,
  ) {}

  @Post(':change')
  async change(@Req() req: SessionRequest): Promise<object> {
    const kept = req.session;
    kept.written = 'before';
    await this.#change(req);
    kept.written = 'afterwards';
    kept.late = 'afterwards';

    const failure = await new Promise((resolve) => kept.save(resolve));
    return { failed: Boolean(failure), isKept: kept === req.session, seen: req.session.written ?? null };
  }

  async #change(req: SessionRequest): Promise<unknown> {
    const { change } = req.params;
    if (change === 'login') return this.login.loginUser(req, this.users.table.get('bob') as object);
    if (change === 'logout') return this.login.logoutUser(req);
    if (change === 'confirm') return this.login.confirmLogin(req);
    // A call of currentUser() restores a remembered login.
    if (change === 'restore') return this.login.currentUser(req);
    return new Promise((resolve) => req.session.regenerate(resolve));
  }
}

const inner = memoryStorage();
let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ storage: inner, controllers: [KeptController] });
});
afterAll(async () => {
  await app.close();
  inner.close();
});

const arrive: Record<string, (browser: Browser) => Promise<unknown>> = {
  'a stranger': async () => undefined,
  'an anonymous visitor': (browser) => browser.get('/set?earlier=1'),
  'a user': (browser) => browser.post('/login/ada'),
  'a remembered user': async (browser) => {
    await browser.post('/login/ada?remember=1');
    browser.close();
  },
  'a remembered user with an anonymous session': async (browser) => {
    await browser.post('/login/ada?remember=1');
    await browser.close().get('/set?earlier=1');
  },
};

describe('a session object that a handler keeps', () => {
  it.each([
    ['a login', 'login', 'a stranger'],
    ['a login', 'login', 'an anonymous visitor'],
    ['a login of another user', 'login', 'a user'],
    ['a logout', 'logout', 'an anonymous visitor'],
    ['a logout', 'logout', 'a user'],
    ['a restored login', 'restore', 'a remembered user'],
    ['a restored login', 'restore', 'a remembered user with an anonymous session'],
    ['regenerate()', 'regenerate', 'a stranger'],
    ['regenerate()', 'regenerate', 'an anonymous visitor'],
    ['regenerate()', 'regenerate', 'a user'],
  ])('over %s (%s) of %s stores nothing', async (_, change, visitor) => {
    const browser = app.browser();
    await arrive[visitor]?.(browser);
    const { json } = await browser.post(`/kept/${change}`);
    expect(json).toEqual({ failed: false, isKept: false, seen: null });
    expect((await browser.get('/values')).json).toEqual({});
    expect(inner.sessions.size).toBe(0);
  });

  it('over a confirmation stores nothing more, and the new object has the former values', async () => {
    const browser = app.browser();
    await arrive['a user']?.(browser);
    const { json } = await browser.post('/kept/confirm');
    expect(json).toEqual({ failed: false, isKept: false, seen: 'before' });
    expect((await browser.get('/values')).json).toEqual({ written: 'before' });
  });
});
