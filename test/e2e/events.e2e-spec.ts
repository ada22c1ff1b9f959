/** Events: their facts, their order, and their listeners. */
import { Controller, Injectable } from '@nestjs/common';
import { OnLogin } from 'nestjs-login';
import type { LoginEvents } from 'nestjs-login';
import type { Answer } from '../support/browser-client.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { OTHER_AGENT, DAY, start, told, names, ByKey } from '../support/event-apps.js';

const CLIENT = { ip: '127.0.0.1', userAgent: 'Mozilla/5.0 (test browser)' };

/** The name of ada's only login, as every event about it tells it. */
const loginIdOf = (app: TestApp): string => (told(app, 'loggedIn')[0] as LoginEvents['loggedIn']).loginId;

const heard: string[] = [];

class BaseListener {
  @OnLogin('loggedIn')
  inherited(event: LoginEvents['loggedIn']): void {
    heard.push(`inherited ${event.userId} by ${this.constructor.name}`);
  }

  @OnLogin('loggedOut')
  overridden(): void {
    heard.push('not overridden');
  }
}

@Injectable()
class Listener extends BaseListener {
  @OnLogin('loggedIn')
  @OnLogin('loggedOut')
  both(event: LoginEvents['loggedIn'] | LoginEvents['loggedOut']): void {
    heard.push(`both ${event.userId}`);
  }

  @OnLogin('loggedOut')
  async second(event: LoginEvents['loggedOut']): Promise<void> {
    heard.push(`second ${event.userId}`);
  }

  override overridden(): void {
    heard.push('overridden');
  }
}

@Controller()
class ListeningController {
  @OnLogin('loggedIn')
  greet(): void {
    heard.push('controller');
  }
}

describe('the event', () => {
  it('loggedIn tells user, login, client, and whether it is fresh and remembered', async () => {
    const app = await start();
    await app.browser().post('/login/ada');
    await app.browser().post('/login/bob?fresh=0&remember=1');
    const loginId = expect.stringMatching(/^[\w-]{38}$/);
    expect(told(app, 'loggedIn')).toEqual([
      { ...CLIENT, userId: 'ada', loginId, fresh: true, remembered: false, theftSeenAt: null },
      { ...CLIENT, userId: 'bob', loginId, fresh: false, remembered: true, theftSeenAt: null },
    ]);
  });

  it('loggedOut tells whose login ended, and loads nobody', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.post('/login/ada');
    await browser.post('/logout');
    await browser.post('/logout');
    expect(told(app, 'loggedOut')).toEqual([{ ...CLIENT, userId: 'ada', loginId: loginIdOf(app) }]);
    expect(app.users.loads).toEqual([]);
  });

  it('loginConfirmed tells which login became fresh', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.post('/login/ada?fresh=0');
    await browser.post('/confirm');
    await app.browser().post('/confirm');
    expect(told(app, 'loginConfirmed')).toEqual([{ ...CLIENT, userId: 'ada', loginId: loginIdOf(app) }]);
  });

  it('unauthorized tells method and path, without the query', async () => {
    const app = await start();
    await app.browser().post('/protected?token=hidden');
    await app.browser().get('/protected', { headers: { 'sec-fetch-mode': 'cors' } });
    expect(told(app, 'unauthorized')).toEqual([
      { ...CLIENT, method: 'POST', path: '/protected' },
      { ...CLIENT, method: 'GET', path: '/protected' },
    ]);
  });

  it('needsRefresh tells method and path, without the query', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.post('/login/ada?fresh=0');
    await browser.get('/fresh?token=hidden');
    expect(told(app, 'needsRefresh')).toEqual([{ ...CLIENT, method: 'GET', path: '/fresh' }]);
    expect(told(app, 'unauthorized')).toEqual([]);
  });

  it('loadedFromRequest tells whom the request loader named', async () => {
    const app = await start({ providers: [ByKey] });
    expect((await app.browser().get('/protected', { headers: { 'x-key': 'ada-key' } })).status).toBe(200);
    await app.browser().get('/protected', { headers: { 'x-key': 'wrong' } });
    expect(told(app, 'loadedFromRequest')).toEqual([{ ...CLIENT, userId: 'ada' }]);
  });

  it('accessed tells once a request that somebody asks who is there', async () => {
    const app = await start();
    await app.browser().get('/public');
    expect(told(app, 'accessed')).toEqual([]);
    await app.browser().get('/whoami');
    expect(told(app, 'accessed')).toEqual([CLIENT]);
  });

  it.each<['basic' | 'strong']>([['basic'], ['strong']])('sessionProtected tells the mode: %s', async (mode) => {
    const app = await start({ login: { sessionProtection: mode } });
    const browser = app.browser();
    await browser.post('/login/ada');
    await browser.get('/protected', { headers: OTHER_AGENT });
    expect(told(app, 'sessionProtected')).toEqual([
      { ip: CLIENT.ip, userAgent: OTHER_AGENT['user-agent'], userId: 'ada', loginId: loginIdOf(app), mode },
    ]);
  });

  it.each<['idle' | 'absolute', string, string]>([
    ['idle', '1d', '30d'],
    ['absolute', '90d', '1d'],
  ])('loginExpired tells once which limit ended the login: %s', async (limit, idle, absolute) => {
    const app = await start({ login: { login: { idle: idle as '1d', absolute: absolute as '1d' } } });
    const browser = app.browser();
    await browser.post('/login/ada');
    const cookie = browser.cookieHeader();
    app.clock.now += DAY + 1;
    await browser.get('/protected', { cookie });
    await browser.get('/protected', { cookie });
    expect(told(app, 'loginExpired')).toEqual([{ ...CLIENT, userId: 'ada', loginId: loginIdOf(app), limit }]);
  });

  it('loginRefused tells the reason', async () => {
    const app = await start();
    await app.browser().post('/login/eve');
    await app.browser().post('/login/ada', { headers: { 'sec-fetch-site': 'cross-site' } });
    expect(told(app, 'loginRefused')).toEqual([
      { ...CLIENT, userId: 'eve', reason: 'inactive' },
      { ...CLIENT, userId: 'ada', reason: 'cross-site' },
    ]);
    expect(names(app)).toEqual(['loginRefused', 'loginRefused']);
  });

  it('comes in the order in which things happen in a visit', async () => {
    const app = await start();
    const browser = app.browser();
    const during = async (step: () => Promise<Answer>): Promise<string[]> => {
      app.events.length = 0;
      await step();
      return names(app);
    };
    expect(await during(() => browser.get('/public'))).toEqual([]);
    expect(await during(() => browser.get('/protected'))).toEqual(['accessed', 'unauthorized']);
    expect(await during(() => browser.post('/login/ada?fresh=0'))).toEqual(['loggedIn']);
    expect(await during(() => browser.get('/protected'))).toEqual(['accessed']);
    expect(await during(() => browser.get('/fresh'))).toEqual(['accessed', 'needsRefresh']);
    expect(await during(() => browser.post('/confirm'))).toEqual(['accessed', 'loginConfirmed']);
    expect(await during(() => browser.get('/fresh'))).toEqual(['accessed']);
    expect(await during(() => browser.get('/fresh', { headers: OTHER_AGENT }))).toEqual([
      'accessed',
      'sessionProtected',
      'needsRefresh',
    ]);
    expect(await during(() => browser.post('/logout'))).toEqual(['loggedOut']);
    expect(await during(() => browser.get('/whoami'))).toEqual(['accessed']);
  });

  it('is told after the state has changed: a listener already finds the login ended', async () => {
    const app = await start();
    const alive: (number | undefined)[] = [];
    app.login.events.on('loggedOut', async ({ loginId }) => {
      alive.push((await app.storage.logins.find(loginId, { values: false })).record ? 1 : 0);
    });
    app.login.events.on('loggedIn', async ({ loginId }) => {
      alive.push((await app.storage.logins.find(loginId, { values: false })).record ? 1 : 0);
    });
    const browser = app.browser();
    await browser.post('/login/ada');
    await browser.post('/logout');
    expect(alive).toEqual([1, 0]);
  });
});

describe('@OnLogin()', () => {
  it('makes listeners of methods: several events on one, several methods on one event, inherited ones, of controllers', async () => {
    heard.length = 0;
    const app = await start({
      providers: [Listener, { provide: 'alias', useExisting: Listener }],
      controllers: [ListeningController],
    });
    const browser = app.browser();
    await browser.post('/login/ada');
    expect([...heard].sort()).toEqual(['both ada', 'controller', 'inherited ada by Listener']);
    heard.length = 0;
    await browser.post('/logout');
    expect([...heard].sort()).toEqual(['both ada', 'overridden', 'second ada']);
  });

  it('two applications in a process hear their own logins alone', async () => {
    const other = await startTestApp();
    const app = await start();
    await app.browser().post('/login/ada');
    expect([told(app, 'loggedIn').length, told(other, 'loggedIn').length]).toEqual([1, 0]);
    await other.close();
  });
});

describe('events.on()', () => {
  it('calls listeners in the order they came, until each is taken away', async () => {
    const app = await start();
    const calls: string[] = [];
    const off = app.login.events.on('loggedIn', () => calls.push('first'));
    const same = (): unknown => calls.push('same');
    const offSame = app.login.events.on('loggedIn', same);
    app.login.events.on('loggedIn', same);
    await app.browser().post('/login/ada');
    expect(calls).toEqual(['first', 'same', 'same']);
    off();
    off();
    offSame();
    calls.length = 0;
    await app.browser().post('/login/ada');
    expect(calls).toEqual(['same']);
  });

  it('may be taken away by a listener while it is called', async () => {
    const app = await start();
    const calls: string[] = [];
    const off = app.login.events.on('loggedIn', () => {
      calls.push('once');
      off();
    });
    app.login.events.on('loggedIn', () => calls.push('always'));
    await app.browser().post('/login/ada');
    await app.browser().post('/login/ada');
    expect(calls).toEqual(['once', 'always', 'always']);
  });
});
