/** A session that is read on demand loses no value, whatever the request changes about the login. */
import { Controller, Get, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { LoginManagerService, LoginRequired, memoryStorage } from 'nestjs-login';
import type { LoginModuleOptions } from 'nestjs-login';
import type { Browser, RequestSettings } from '../support/browser-client.js';
import { NAVIGATION } from '../support/browser-client.js';
import { CountingStorage } from '../support/counting-storage.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

type SessionRequest = Request & { session: Request['session'] & Record<string, unknown> };

/** Handlers that ask for the user. Some of them touch the session as well, and return the values that they see. */
@Controller('demand')
class Demand {
  constructor(
    private readonly login: LoginManagerService,
    private readonly users: TestUsers,
  ) {}

  @Get('guarded')
  @LoginRequired()
  guarded(): object {
    return { seen: 'nothing' };
  }

  @Get('touched')
  @LoginRequired()
  touched(@Req() req: SessionRequest): Promise<object> {
    return this.#touch(req);
  }

  @Get('at-once')
  async atOnce(@Req() req: SessionRequest): Promise<object> {
    await Promise.all([this.login.session(req), this.login.currentUser(req), this.login.session(req)]);
    return this.#touch(req);
  }

  @Get('before')
  async before(@Req() req: SessionRequest): Promise<object> {
    const { seen } = await this.#touch(req);
    await this.login.currentUser(req);
    return { seen };
  }

  @Post('confirmed')
  @LoginRequired()
  async confirmed(@Req() req: SessionRequest): Promise<object> {
    await this.login.confirmLogin(req);
    return this.#touch(req);
  }

  @Post('logged-in-again')
  @LoginRequired()
  async loggedInAgain(@Req() req: SessionRequest): Promise<object> {
    await this.login.loginUser(req, this.users.table.get('ada') as object);
    return this.#touch(req);
  }

  async #touch(req: SessionRequest): Promise<{ seen: unknown }> {
    const session = await this.login.session(req);
    const { cookie: _cookie, ...seen } = session as unknown as Record<string, unknown>;
    (session as unknown as Record<string, unknown>).mark = 'written here';
    return { seen };
  }
}

const TOUCHING: [string, string][] = [
  ['GET', '/demand/touched'],
  ['GET', '/demand/at-once'],
  ['GET', '/demand/before'],
  ['POST', '/demand/confirmed'],
  ['POST', '/demand/logged-in-again'],
];

const clock = { now: Date.now() };
const inner = memoryStorage({ clock: () => clock.now });
const storage = new CountingStorage(inner);
/** The headers of another browser. Basic protection makes the login stale because of them. */
const ELSEWHERE = { 'user-agent': 'Mozilla/5.0 (another browser)' };

/** One kind of guarded request: a browser with stored session values, and the headers of the request. */
interface Arrival {
  readonly arrive: (app: TestApp) => Promise<Browser>;
  readonly headers?: Readonly<Record<string, string>>;
  /** The store method that the guard calls beside the read. */
  readonly changes?: 'logins.replace' | 'logins.touch';
}

async function loggedIn(app: TestApp, query = ''): Promise<Browser> {
  const browser = app.browser();
  await browser.post(`/login/ada${query}`);
  await browser.get('/set?earlier=1', { headers: { 'x-load': 'always' } });
  return browser;
}

const ARRIVALS: [string, Arrival][] = [
  ['changes nothing', { arrive: (app) => loggedIn(app) }],
  [
    'makes the login stale by session protection',
    { arrive: (app) => loggedIn(app), headers: ELSEWHERE, changes: 'logins.replace' },
  ],
  ['carries the first remember token of a login', { arrive: (app) => loggedIn(app, '?remember=1') }],
  [
    'confirms the remember token of a restored login',
    {
      arrive: async (app) => {
        const browser = await loggedIn(app, '?remember=1');
        await browser.close().get('/protected');
        await browser.get('/set?earlier=1', { headers: { 'x-load': 'always' } });
        return browser;
      },
      changes: 'logins.replace',
    },
  ],
  [
    'moves the idle end',
    {
      arrive: async (app) => {
        const browser = await loggedIn(app);
        clock.now += 3_600_000;
        return browser;
      },
      changes: 'logins.touch',
    },
  ],
];

const load: NonNullable<LoginModuleOptions['session']>['load'] = (request) =>
  request.headers['x-load'] === 'always' ? 'always' : 'on-demand';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ storage, login: { session: { load } }, controllers: [Demand] });
});
afterAll(async () => {
  await app.close();
  inner.close();
});

describe.each(ARRIVALS)('a request that %s', (_, { arrive, headers = {}, changes }) => {
  let browser: Browser;
  const settings: RequestSettings = { headers };
  beforeEach(async () => {
    browser = await arrive(app);
    storage.reset();
  });

  const stored = async (): Promise<unknown> =>
    (await browser.get('/values', { headers: { ...NAVIGATION, 'x-load': 'always' } })).json;

  it('and touches no session leaves the values as they were', async () => {
    expect((await browser.get('/demand/guarded', settings)).json).toEqual({ seen: 'nothing' });
    if (changes) expect(storage.count(changes)).toBe(1);
    expect(storage.count('logins.saveValues')).toBe(0);
    expect(await stored()).toEqual({ earlier: '1' });
  });

  it.each(TOUCHING)('and touches the session sees and keeps the values: %s %s', async (method, path) => {
    const answer = await browser.request(method, path, settings);
    expect(answer.json).toEqual({ seen: { earlier: '1' } });
    expect(await stored()).toEqual({ earlier: '1', mark: 'written here' });
  });

  it('and whose session is read before the guard sees and keeps the values as well', async () => {
    const always = { headers: { ...headers, 'x-load': 'always' } };
    expect((await browser.get('/demand/touched', always)).json).toEqual({ seen: { earlier: '1' } });
    expect(await stored()).toEqual({ earlier: '1', mark: 'written here' });
  });

  it('and the next request find each other’s values', async () => {
    await browser.get('/demand/guarded', settings);
    await browser.get('/set?later=1', settings);
    await browser.get('/demand/touched', settings);
    expect(await stored()).toEqual({ earlier: '1', later: '1', mark: 'written here' });
  });
});
