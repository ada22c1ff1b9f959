/** Each method of the service refuses a request without a response, such as an upgrade request, with a fault code. */
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { LoginFault } from 'nestjs-login';
import type { LoginManagerService } from 'nestjs-login';
import { Browser } from '../support/browser-client.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

type Method = (login: LoginManagerService, req: never) => unknown;

const METHODS: Record<string, Method> = {
  loginUser: (login, req) => login.loginUser(req, { id: 'ada' }),
  logoutUser: (login, req) => login.logoutUser(req),
  confirmLogin: (login, req) => login.confirmLogin(req),
  currentUser: (login, req) => login.currentUser(req),
  isAuthenticated: (login, req) => login.isAuthenticated(req),
  isFresh: (login, req) => login.isFresh(req),
  'isFresh with a time': (login, req) => login.isFresh(req, '10m'),
  isRemembered: (login, req) => login.isRemembered(req),
  logins: (login, req) => login.logins('ada', req),
  logoutOthers: (login, req) => login.logoutOthers(req),
  session: (login, req) => login.session(req),
  loginUrl: (login, req) => login.loginUrl(req),
  nextUrl: (login, req) => login.nextUrl(req),
  flashes: (login, req) => login.flashes(req),
};

const NO_REQUESTS: [string, unknown][] = [
  ['an empty object', {}],
  ['null', null],
  ['undefined', undefined],
  ['a text', 'req'],
  ['a list', []],
  ['a context of Nest', { switchToHttp: () => ({ getRequest: () => ({}) }) }],
  ['headers alone', { headers: {} }],
];

let app: TestApp;
let upgraded: IncomingMessage[];

beforeAll(async () => {
  app = await startTestApp({ login: { loginView: '/login' } });
  app.app.getHttpServer().on('upgrade', (req: IncomingMessage, socket: Socket) => {
    upgraded.push(req);
    socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n');
  });
});
afterAll(() => app.close());
beforeEach(() => {
  upgraded = [];
});

/** Opens a socket as this browser, and returns the request as the server got it. */
async function upgrade(browser: Browser): Promise<IncomingMessage> {
  const { hostname, port } = new URL(app.origin);
  const headers = { ...browser.headers, cookie: browser.cookieHeader(), connection: 'Upgrade', upgrade: 'test' };
  await new Promise<void>((resolve, reject) => {
    const sent = request({ hostname, port, path: '/socket?next=%2Fvalues', headers });
    sent.once('error', reject);
    sent.once('upgrade', (_response, socket) => socket.once('close', resolve).end());
    sent.end();
  });
  return upgraded[0] as IncomingMessage;
}

/** Returns the code of the fault that a call throws, or undefined. Any other error fails the test. */
async function codeOf(method: string, req: unknown): Promise<string | undefined> {
  try {
    await (METHODS[method] as Method)(app.login, req as never);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(LoginFault);
    return (error as LoginFault).code;
  }
}

describe.each(Object.keys(METHODS))('%s', (method) => {
  it.each([
    ['without a cookie', ''],
    ['with a login', 'login'],
    ['with a remember cookie alone', 'remember'],
  ])('fails with ERR_LOGIN_NO_REQUEST for an upgrade request, and changes nothing: %s', async (_case, kind) => {
    const browser = app.browser();
    if (kind) await browser.post('/login/ada?remember=1');
    if (kind === 'remember') browser.close();
    const copy = browser.clone();
    expect(await codeOf(method, await upgrade(browser))).toBe('ERR_LOGIN_NO_REQUEST');
    expect((await copy.get('/whoami')).json).toMatchObject({ id: kind ? 'ada' : null });
    await app.login.logoutEverywhere('ada');
  });

  it.each(NO_REQUESTS)('fails with ERR_LOGIN_NO_REQUEST for a value that is no request: %s', async (what, value) => {
    const isOptional = method === 'logins' && !value;
    expect([what, await codeOf(method, value)]).toEqual([what, isOptional ? undefined : 'ERR_LOGIN_NO_REQUEST']);
  });
});

it('revoke() and logoutEverywhere() need no request', async () => {
  const browser = app.browser();
  await browser.post('/login/ada');
  const [device] = await app.login.logins('ada');
  expect(await app.login.revoke('ada', device?.loginId as string)).toBe(true);
  expect(await app.login.logoutEverywhere('ada')).toBe(0);
});
