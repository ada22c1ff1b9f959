/** A security stamp in two spellings, a stamp that two places read differently, and users from a replica that lags. */
import { Controller, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { LoginManagerService } from 'nestjs-login';
import { startLoggedApp } from '../support/logged-app.js';
import type { LoggedApp } from '../support/logged-app.js';
import { startTestApp } from '../support/test-app.js';
import type { TestAppSettings } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

/** Confirms the login with the row that the handler has just saved. */
@Controller()
class SavingController {
  static saved: unknown;
  /** A change of the user by another browser while the handler works. */
  static meanwhile: (() => void) | undefined;

  constructor(
    readonly login: LoginManagerService,
    readonly users: TestUsers,
  ) {}

  @Post('confirm-saved')
  async confirmSaved(@Req() req: Request): Promise<object> {
    await this.login.currentUser(req);
    SavingController.meanwhile?.();
    return { ok: await this.login.confirmLogin(req, SavingController.saved as object) };
  }
}

const open = (settings: TestAppSettings = {}): Promise<LoggedApp> =>
  startLoggedApp({ ...settings, controllers: [SavingController] });

const ada = (fields: object): never => ({ id: 'ada', name: 'ADA', isActive: true, ...fields }) as never;

/** Logs Ada in with one row, and loads her with another one afterwards. */
async function loginThenLoad(app: LoggedApp, atLogin: object, atLoad: object) {
  app.users.table.set('ada', ada(atLogin));
  const browser = app.browser();
  await browser.post('/login/ada');
  app.users.table.set('ada', ada(atLoad));
  return browser;
}

const MOMENT = new Date('2026-01-31T12:00:00.123Z');

describe('a security stamp', () => {
  it.each<[string, unknown, unknown]>([
    ['a Date and its ISO text, as a JSON cache returns it', MOMENT, MOMENT.toISOString()],
    ['an ISO text and its Date', MOMENT.toISOString(), MOMENT],
    ['a Date and its milliseconds', MOMENT, MOMENT.getTime()],
    ['a number and the same bigint', 5, 5n],
  ])('is the same in two spellings: %s', async (_what, one, other) => {
    const app = await open();
    const browser = await loginThenLoad(app, { securityStamp: one }, { securityStamp: other });
    expect((await browser.get('/protected')).status).toBe(200);
    expect(app.log.lines).toEqual([]);
  });

  it.each([new Date(Number.NaN), Number.NaN, true, {}])('cannot be %p', async (securityStamp) => {
    const app = await open();
    app.users.table.set('ada', ada({ securityStamp }));
    expect((await app.browser().post('/login/ada')).status).toBe(500);
    expect(app.log.text()).toContain('ERR_LOGIN_USER_STAMP');
  });
});

describe('a login that ends by its stamp right after it was made', () => {
  it.each<[string, object, object, string[]]>([
    [
      'a row with a time rounded to seconds',
      { securityStamp: MOMENT },
      { securityStamp: new Date('2026-01-31T12:00:00Z') },
      ['a Date with milliseconds', 'a Date of whole seconds'],
    ],
    ['a hidden column', { securityStamp: 'hash' }, { securityStamp: 'undefined' }, ['4 characters', '9 characters']],
    ['no stamp at the login', {}, { securityStamp: 'hash' }, ['absent', '4 characters']],
    ['no stamp from the loader', { securityStamp: 'hash' }, {}, ['4 characters', 'absent']],
  ])('is logged once, with both forms of the stamp: %s', async (_what, atLogin, atLoad, forms) => {
    const app = await open();
    for (let time = 0; time < 2; time += 1) {
      const browser = await loginThenLoad(app, atLogin, atLoad);
      expect((await browser.get('/protected')).status).toBe(401);
    }
    const warnings = app.log.lines.filter((line) => line.includes('"securityStamp"'));
    expect(warnings).toHaveLength(1);
    for (const form of [...forms, 'loginUser()', 'user loader']) expect(warnings[0]).toContain(form);
    expect(warnings[0]).not.toContain('"hash"');
  });

  it('is not logged if the stamp changes later, because a changed password does that', async () => {
    const app = await open();
    const browser = await loginThenLoad(app, { securityStamp: 'old' }, { securityStamp: 'old' });
    expect((await browser.get('/protected')).status).toBe(200);
    app.clock.now += 60_000;
    app.users.table.set('ada', ada({ securityStamp: 'new' }));
    expect((await browser.get('/protected')).status).toBe(401);
    expect(app.log.lines).toEqual([]);
  });
});

describe('with login.loaderLag,', () => {
  const LAGGING = { login: { login: { loaderLag: '5s' as const } } };

  it('a user that the replica does not know yet is refused and stays logged in', async () => {
    const app = await open(LAGGING);
    const browser = app.browser();
    await browser.post('/login/ada?remember=1');
    const row = app.users.table.get('ada') as never;
    app.users.table.delete('ada');

    const refused = await browser.get('/protected');
    expect(refused.status).toBe(401);
    expect(refused.cookies).toEqual([]);
    expect((await browser.clone().close().get('/protected')).status).toBe(401);
    app.users.table.set('ada', row);
    expect((await browser.get('/protected')).status).toBe(200);
  });

  it('the login of a user that is still unknown after the lag is deleted', async () => {
    const app = await open(LAGGING);
    const browser = app.browser();
    await browser.post('/login/ada');
    app.users.table.delete('ada');
    app.clock.now += 5_000;
    expect((await browser.get('/protected')).status).toBe(401);
    expect(app.storage.logins.size).toBe(0);
  });

  it('a user with another stamp than the login is refused until the stamps agree', async () => {
    const app = await open(LAGGING);
    const browser = await loginThenLoad(app, { securityStamp: 'new' }, { securityStamp: 'old' });
    expect((await browser.get('/protected')).status).toBe(401);
    app.users.table.set('ada', ada({ securityStamp: 'new' }));
    expect((await browser.get('/protected')).status).toBe(200);
  });

  it('a confirmation with the saved row keeps its stamp, although the replica has the former one', async () => {
    const app = await open(LAGGING);
    const browser = await loginThenLoad(app, { securityStamp: 'old' }, { securityStamp: 'old' });
    SavingController.saved = ada({ securityStamp: 'new' });
    expect((await browser.post('/confirm-saved')).json).toEqual({ ok: true });

    expect((await browser.get('/protected')).status).toBe(401);
    app.users.table.set('ada', ada({ securityStamp: 'new' }));
    expect((await browser.get('/protected')).status).toBe(200);
    app.clock.now += 60_000;
    expect((await browser.get('/protected')).status).toBe(200);
  });

  it.each<[string, object, object]>([
    ['another user', { id: 'bob', securityStamp: 'new' }, { securityStamp: 'old' }],
    ['an inactive user', { isActive: false, securityStamp: 'new' }, { securityStamp: 'old' }],
    ['a user whose stamp has changed elsewhere', { securityStamp: 'mine' }, { securityStamp: 'theirs' }],
  ])('a confirmation with the row of %s is refused', async (_who, saved, atLoad) => {
    const app = await open(LAGGING);
    const browser = await loginThenLoad(app, { securityStamp: 'old' }, { securityStamp: 'old' });
    SavingController.saved = ada(saved);
    SavingController.meanwhile = () => app.users.table.set('ada', ada(atLoad));
    expect((await browser.post('/confirm-saved')).json).toEqual({ ok: false });
    SavingController.meanwhile = undefined;
  });

  it.each([-1, '11m', 'soon', true])('the option cannot be %p', async (loaderLag) => {
    await expect(startTestApp({ login: { login: { loaderLag: loaderLag as never } } })).rejects.toThrow(/loaderLag/);
  });
});

it('without login.loaderLag, a confirmation with a row that the loader does not return is refused', async () => {
  const app = await open();
  const browser = await loginThenLoad(app, { securityStamp: 'old' }, { securityStamp: 'old' });
  SavingController.saved = ada({ securityStamp: 'new' });
  expect((await browser.post('/confirm-saved')).json).toEqual({ ok: false });
});
