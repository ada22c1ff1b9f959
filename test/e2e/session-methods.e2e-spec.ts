/** The methods of express-session's session: `save`, `reload`, `destroy`, `regenerate`, `touch`, `resetMaxAge`. */
import { Controller, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { LoginManagerService, memoryStorage } from 'nestjs-login';
import type { Browser } from '../support/browser-client.js';
import { CountingStorage, fails } from '../support/counting-storage.js';
import { Gates } from '../support/slow-writer.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

type Values = Record<string, unknown>;
type SessionRequest = Request & { session: Request['session'] & Values };

const inner = memoryStorage();
const storage = new CountingStorage(inner);
const gates = new Gates();

/** Returns the message of the error that a method calls back with, or null. */
const outcome = (call: (done: (error?: unknown) => void) => unknown): Promise<string | null> =>
  new Promise((resolve) => call((error) => resolve(error instanceof Error ? error.message : null)));

const valuesOf = (req: SessionRequest): Values | null => {
  const { cookie: _cookie, ...values } = req.session ?? {};
  return req.session ? values : null;
};

const rows = (): number => inner.sessions.size + inner.logins.size;
const writes = (): number => storage.count('sessions.set', 'logins.saveValues');

@Controller('methods')
class Methods {
  constructor(
    private readonly login: LoginManagerService,
    private readonly users: TestUsers,
  ) {}

  @Post('save')
  async save(@Req() req: SessionRequest): Promise<object> {
    req.session.own = 'saved';
    const before = writes();
    const failure = await outcome((done) => req.session.save(done));
    return { failure, writes: writes() - before };
  }

  @Post('save-and-go')
  saveAndGo(@Req() req: SessionRequest): object {
    req.session.own = 'saved';
    return { same: req.session.save() === req.session };
  }

  @Post('save-cyclic')
  async saveCyclic(@Req() req: SessionRequest): Promise<object> {
    req.session.cyclic = req.session;
    const failure = await outcome((done) => req.session.save(done));
    delete req.session.cyclic;
    req.session.own = 'saved';
    return { failure };
  }

  @Post('save-twice')
  async saveTwice(@Req() req: SessionRequest): Promise<object> {
    req.session.own = 'saved';
    storage.disturb(fails, 'sessions.set', 'logins.saveValues');
    const failure = await outcome((done) => req.session.save(done));
    storage.recover();
    return { failure };
  }

  @Post('reload')
  async reload(@Req() req: SessionRequest): Promise<object> {
    const former = req.session;
    former.unsaved = 'dropped';
    await gates.pass('reload');
    const failure = await outcome((done) => req.session.reload(done));
    return { failure, values: valuesOf(req), sameId: former.id === req.session.id, same: former === req.session };
  }

  @Post('destroy')
  async destroy(@Req() req: SessionRequest): Promise<object> {
    req.session.own = 'dropped';
    const failure = await outcome((done) => req.session.destroy(done));
    return { failure, session: valuesOf(req), user: await this.login.currentUser(req) };
  }

  @Post('destroy-and-in')
  async destroyAndIn(@Req() req: SessionRequest): Promise<object> {
    await outcome((done) => req.session.destroy(done));
    await this.login.loginUser(req, this.users.table.get('bob') as object);
    req.session.own = 'of bob';
    return { session: valuesOf(req) };
  }

  @Post('regenerate')
  async regenerate(@Req() req: SessionRequest): Promise<object> {
    const former = req.session;
    const failure = await outcome((done) => req.session.regenerate(done));
    former.own = 'of before';
    return {
      failure,
      isNew: former.id !== req.session.id,
      values: valuesOf(req),
      same: req.sessionID === req.session.id,
    };
  }

  @Post('touch')
  touch(@Req() req: SessionRequest): object {
    const { session: own } = req;
    own.cookie.maxAge = 1000;
    return { same: own.touch() === own && own.resetMaxAge() === own, maxAge: own.cookie.maxAge };
  }
}

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ storage, controllers: [Methods] });
});
afterEach(() => storage.recover());
afterAll(async () => {
  await app.close();
  inner.close();
});

const stored = async (browser: Browser): Promise<Values> => (await browser.get('/values')).json;

const VISITORS: [string, (browser: Browser) => Promise<unknown>][] = [
  ['an anonymous visitor', (browser) => browser.get('/set?earlier=1')],
  ['a user', (browser) => browser.post('/login/ada').then(() => browser.get('/set?earlier=1'))],
];

describe.each(VISITORS)('in the session of %s,', (_, arrive) => {
  let browser: Browser;
  beforeEach(async () => {
    browser = app.browser();
    await arrive(browser);
    storage.reset();
  });

  it('save() stores before the response, and the end of the response stores nothing more', async () => {
    expect((await browser.post('/methods/save')).json).toEqual({ failure: null, writes: 1 });
    expect(writes()).toBe(1);
    expect(await stored(browser)).toEqual({ earlier: '1', own: 'saved' });
  });

  it('save() needs no callback', async () => {
    expect((await browser.post('/methods/save-and-go')).json).toEqual({ same: true });
    expect(await stored(browser)).toEqual({ earlier: '1', own: 'saved' });
  });

  it('save() calls back with the fault of a value that cannot be stored, and the rest can be saved later', async () => {
    const { json } = await browser.post('/methods/save-cyclic');
    expect(json).toEqual({ failure: expect.stringContaining('ERR_LOGIN_SESSION_VALUE') });
    expect(await stored(browser)).toEqual({ earlier: '1', own: 'saved' });
  });

  it('save() calls back with the failure of the store, and the end of the response tries again', async () => {
    const { status, json } = await browser.post('/methods/save-twice');
    expect([status, json]).toEqual([201, { failure: expect.stringContaining('cannot be checked') }]);
    expect(await stored(browser)).toEqual({ earlier: '1', own: 'saved' });
  });

  it('reload() reads the values that another request has stored, and does not overwrite them', async () => {
    const gate = gates.make('reload');
    const reloading = browser.post('/methods/reload');
    await gate.reached;
    await browser.clone().get('/set?meanwhile=1');
    gate.open();

    const values = { earlier: '1', meanwhile: '1' };
    expect((await reloading).json).toEqual({ failure: null, values, sameId: true, same: false });
    expect(await stored(browser)).toEqual(values);
  });

  it('reload() calls back with an error if the session is not found', async () => {
    const gate = gates.make('reload');
    const reloading = browser.post('/methods/reload');
    await gate.reached;
    await browser.clone().post('/methods/destroy');
    gate.open();
    expect((await reloading).json).toEqual(expect.objectContaining({ failure: 'failed to load session' }));
  });

  it('destroy() deletes session and login at once', async () => {
    const before = rows();
    const { json } = await browser.post('/methods/destroy');
    expect(json).toEqual({ failure: null, session: null, user: null });
    expect(rows()).toBe(before - 1);
    expect(await stored(browser)).toEqual({});
    expect((await browser.get('/protected')).status).toBe(401);
  });

  it('destroy() calls back with the failure of the store', async () => {
    storage.disturb(fails, 'sessions.destroy', 'logins.delete');
    const { json } = await browser.post('/methods/destroy');
    expect(json).toEqual(expect.objectContaining({ failure: expect.stringContaining('cannot be checked') }));
  });

  it('destroy() may be followed by a login, which has a session again', async () => {
    expect((await browser.post('/methods/destroy-and-in')).json).toEqual({ session: { own: 'of bob' } });
    expect(await stored(browser)).toEqual({ own: 'of bob' });
    expect((await browser.get('/protected')).json).toEqual({ id: 'bob' });
  });

  it('regenerate() starts an empty session, which the former session object cannot fill', async () => {
    const { json } = await browser.post('/methods/regenerate');
    expect(json).toEqual({ failure: null, isNew: true, values: {}, same: true });
    expect(await stored(browser)).toEqual({});
    expect(browser.jar.size).toBe(0);
  });

  it('regenerate() calls back with the failure of the store, and starts a new session all the same', async () => {
    storage.disturb(fails, 'sessions.destroy', 'logins.delete');
    const { json } = await browser.post('/methods/regenerate');
    expect(json).toEqual(expect.objectContaining({ failure: expect.stringContaining('cannot be'), isNew: true }));
  });

  it('touch(), resetMaxAge() and cookie.maxAge write nothing and send no cookie', async () => {
    const { json, cookies } = await browser.post('/methods/touch');
    expect([json, cookies, writes()]).toEqual([{ same: true, maxAge: expect.any(Number) }, [], 0]);
  });
});

describe('in the session of a stranger,', () => {
  it.each(['save', 'save-and-go', 'save-cyclic', 'save-twice'])(
    'the route %s stores the session and sets its cookie',
    async (how) => {
      const browser = app.browser();
      expect((await browser.post(`/methods/${how}`)).status).toBe(201);
      expect([await stored(browser), browser.jar.size]).toEqual([{ own: 'saved' }, 1]);
    },
  );

  it.each(['touch', 'regenerate', 'destroy'])('%s() leaves no row and no cookie', async (what) => {
    const browser = app.browser();
    const before = rows();
    expect((await browser.post(`/methods/${what}`)).status).toBe(201);
    expect([rows(), browser.jar.size]).toEqual([before, 0]);
  });
});
