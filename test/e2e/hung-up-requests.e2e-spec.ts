/** A client that hangs up takes its address along. No visitor loses a login for it, and no fresh route opens. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { jest } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { memoryStorage } from 'nestjs-login';
import type { LoginModuleOptions, MemoryStorage } from 'nestjs-login';
import { Browser, NAVIGATION } from '../support/browser-client.js';
import { CountingStorage } from '../support/counting-storage.js';
import type { StorageMethod } from '../support/counting-storage.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

jest.setTimeout(30_000);

const HOME = '203.0.113.9';
const VISITORS = 20;

/** Returns once the condition is true. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

let memory: MemoryStorage;
let storage: CountingStorage;
let app: TestApp;
/** the open connections of the server */
let sockets: Set<Socket>;
/** true: the server cannot tell the address of a connection */
let hidesAddress: boolean;

async function start(login: Partial<LoginModuleOptions>, { proxy = false } = {}): Promise<void> {
  [sockets, hidesAddress] = [new Set(), false];
  memory = memoryStorage();
  storage = new CountingStorage(memory);
  const setup = (nest: NestExpressApplication): void => {
    if (proxy) nest.set('trust proxy', 'loopback');
    nest.getHttpServer().on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      const { remoteAddress } = Object.getOwnPropertyDescriptors(Object.getPrototypeOf(socket) as Socket);
      const address = (): unknown => (hidesAddress ? undefined : remoteAddress?.get?.call(socket));
      Object.defineProperty(socket, 'remoteAddress', { get: address });
    });
  };
  app = await startTestApp({ storage, login: { storeTimeout: '20s', ...login }, setup, unheard: ['accessed'] });
}
afterEach(async () => {
  await app.close();
  memory.close();
});

/** Returns the headers of a browser, with the address that a proxy adds. */
const headers = (more: Record<string, string> = {}): Record<string, string> => ({
  ...NAVIGATION,
  'x-forwarded-for': HOME,
  ...more,
});

/** Sends a request, and hangs up while the store has the given call. The call goes on once the server has noticed. */
async function hangUp(browser: Browser, line: string, during: StorageMethod): Promise<void> {
  let goOn = (): void => undefined;
  const gate = new Promise<void>((resolve) => (goOn = resolve));
  storage.disturb({ before: () => gate }, during);
  const [before, asked] = [sockets.size, storage.count(during)];

  const socket = connect(Number(new URL(app.origin).port), '127.0.0.1');
  const sent = Object.entries({ ...browser.headers, host: '127.0.0.1', cookie: browser.cookieHeader() });
  socket.write([`${line} HTTP/1.1`, ...sent.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n'));
  await until(() => storage.count(during) > asked);
  socket.resetAndDestroy();
  await until(() => sockets.size <= before);

  storage.recover();
  goOn();
  await until(() => storage.underWay === 0);
  // The request does the rest of its work in these turns.
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function loggedIn(query = 'remember=1'): Promise<Browser> {
  const browser = new Browser(app.origin, headers());
  await browser.post(`/login/ada?${query}`);
  return browser;
}

const protectedEvents = (): unknown[] => app.events.filter(({ name }) => name === 'sessionProtected');

type Case = ['basic' | 'strong', 'always' | 'on-demand', boolean];
const CASES: Case[] = (['basic', 'strong'] as const).flatMap((mode) =>
  (['always', 'on-demand'] as const).flatMap((load) => [false, true].map((proxy): Case => [mode, load, proxy])),
);

describe.each(CASES)('under %s, session.load %s, behind a proxy: %s', (sessionProtection, load, proxy) => {
  beforeEach(() => start({ sessionProtection, session: { load } }, { proxy }));

  it('no visitor who hangs up loses the login or its freshness', async () => {
    const browsers = await Promise.all(Array.from({ length: VISITORS }, () => loggedIn()));
    for (const browser of browsers)
      for (const line of ['GET /protected', 'GET /values']) await hangUp(browser, line, 'logins.find');

    for (const browser of browsers) {
      expect((await browser.get('/fresh')).status).toBe(200);
      expect((await browser.get('/whoami')).json).toMatchObject({ id: 'ada', fresh: true, remembered: true });
    }
    expect([memory.logins.size, protectedEvents()]).toEqual([VISITORS, []]);
  });
});

describe.each([false, true])('a client whose address nobody knows, behind a proxy: %s', (proxy) => {
  async function unknown(login: Partial<LoginModuleOptions>, more?: Record<string, string>): Promise<Browser> {
    await start(login, { proxy });
    const browser = await loggedIn('');
    await browser.get('/set?colour=red');
    hidesAddress = true;
    return browser.clone(headers(more));
  }

  async function expectUnharmed(browser: Browser): Promise<void> {
    hidesAddress = false;
    const home = browser.clone(headers());
    expect((await home.get('/fresh')).status).toBe(200);
    expect((await home.get('/values')).json).toEqual({ colour: 'red' });
    expect([memory.logins.size, protectedEvents()]).toEqual([1, []]);
  }

  it('is let in under basic, and never where a fresh login is asked for', async () => {
    const browser = await unknown({ sessionProtection: 'basic' });
    expect((await browser.get('/protected')).status).toBe(200);
    expect((await browser.get('/fresh')).status).toBe(401);
    expect((await browser.get('/fresh-10m')).status).toBe(401);
    expect((await browser.get('/whoami')).json).toMatchObject({ id: 'ada', authenticated: true, fresh: false });
    expect((await browser.get('/whoami')).cookies).toEqual([]);
    expect((await browser.get('/values')).json).toEqual({ colour: 'red' });
    await expectUnharmed(browser);
  });

  it('is nobody under strong, sees no value, and changes nothing', async () => {
    const browser = await unknown({ sessionProtection: 'strong' });
    for (const page of ['/protected', '/fresh']) {
      const answer = await browser.get(page);
      expect([answer.status, answer.cookies]).toEqual([401, []]);
    }
    expect((await browser.get('/whoami')).json).toMatchObject({ id: null, authenticated: false });
    expect((await browser.get('/values')).json).toEqual({});
    const written = await browser.get('/set?colour=lost');
    expect([written.status, written.cookies]).toEqual([200, []]);
    await expectUnharmed(browser);
  });

  it('is whoever it is where protection is off', async () => {
    const browser = await unknown({ sessionProtection: false });
    expect((await browser.get('/fresh')).status).toBe(200);
    await expectUnharmed(browser);
  });

  it('can log out', async () => {
    const browser = await unknown({ sessionProtection: 'strong' });
    expect((await browser.post('/logout')).status).toBe(201);
    expect(memory.logins.size).toBe(0);
  });

  it('is another browser all the same, where its user agent is another one', async () => {
    const thief = await unknown({ sessionProtection: 'basic' }, { 'user-agent': 'thief' });
    expect((await thief.get('/fresh')).status).toBe(401);
    hidesAddress = false;
    expect((await thief.clone(headers()).get('/fresh')).status).toBe(401);
    expect(protectedEvents()).toMatchObject([{ event: { ip: '' } }]);
  });

  it('keeps its login at home, where that was made before anybody knew the address', async () => {
    await start({ sessionProtection: 'strong' }, { proxy });
    hidesAddress = true;
    const browser = await loggedIn('');
    hidesAddress = false;
    expect((await browser.clone().get('/fresh')).status).toBe(200);
    expect(protectedEvents()).toEqual([]);
  });
});

describe.each([
  [false, '127.0.0.1'],
  [true, HOME],
])('the events of a client that hangs up, behind a proxy: %s', (proxy, ip) => {
  beforeEach(() => start({ sessionProtection: 'strong', session: { load: 'on-demand' } }, { proxy }));

  it('carry its address: a thief who is found out', async () => {
    const victim = await loggedIn();
    const thief = victim.clone(headers({ 'user-agent': 'thief' }));
    await hangUp(thief, 'GET /protected', 'logins.find');
    expect(protectedEvents()).toMatchObject([{ event: { ip, userAgent: 'thief', mode: 'strong' } }]);
    expect(memory.logins.size).toBe(0);
  });

  it('carry its address: a login, and the record of it as well', async () => {
    await hangUp(new Browser(app.origin, headers()), 'POST /login/ada', 'logins.insert');
    expect(app.events).toMatchObject([{ name: 'loggedIn', event: { ip } }]);
    expect(await app.login.logins('ada')).toMatchObject([{ ip }]);
  });

  it('carry its address: a logout', async () => {
    await hangUp(await loggedIn(), 'POST /logout', 'logins.delete');
    expect(app.events.filter(({ name }) => name === 'loggedOut')).toMatchObject([{ event: { ip } }]);
  });
});
