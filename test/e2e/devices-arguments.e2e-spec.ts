/** Ids and security stamps that the service refuses. */
import { LogBook } from '../support/log-book.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import type { TestUser } from '../support/users.js';
import { DevicesController } from '../support/devices-app.js';

describe('the devices of a user', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.close());

  it.each([undefined, null, '', {}, [], Number.NaN])('are asked for by an id and nothing else: %p', async (id) => {
    for (const ask of [() => app.login.logins(id as never), () => app.login.logoutEverywhere(id as never)])
      await expect(ask()).rejects.toThrow(/ERR_LOGIN_USER_ID: A user id was expected/);
    await expect(app.login.revoke(id as never, 'x')).rejects.toThrow(/ERR_LOGIN_USER_ID/);
  });

  it.each([
    ['a number', 7],
    ['a bigint', 7n],
    ['an object that prints itself', { toString: () => '7' }],
  ])('are found by %s as by its text', async (_what, id) => {
    await expect(app.login.logins(id)).resolves.toEqual([]);
  });

  it('end at once, and the developer is told so once, where loginUser() gets a user without the security stamp', async () => {
    const book = new LogBook();
    const own = await startTestApp({ controllers: [DevicesController], setup: (nest) => nest.useLogger(book) });
    const user = own.users.table.get('ada') as TestUser;
    const browser = own.browser();
    const outcomes: boolean[] = [];
    const logIn = async (path: string): Promise<void> => {
      await browser.post(path);
      outcomes.push((await browser.get('/protected')).status === 200);
    };
    await logIn('/devices/login-by-id/ada');
    user.securityStamp = 'old';
    await logIn('/login/ada');
    own.clock.now += 60_000;
    user.securityStamp = 'new';
    await browser.get('/protected');
    const before = book.text();
    for (let tries = 0; tries < 2; tries += 1) await logIn('/devices/login-by-id/ada');
    await own.close();
    expect(outcomes).toEqual([true, true, false, false]);
    expect(before).not.toContain('securityStamp');
    expect(book.lines.filter((line) => line.includes('securityStamp'))).toEqual([
      expect.stringMatching(/ended.*"securityStamp" was absent in loginUser\(\).*is a text of 3 characters/),
    ]);
  });

  it('are refused for a security stamp that is no text', async () => {
    (app.users.table.get('ada') as TestUser).securityStamp = {} as string;
    expect((await app.browser().post('/login/ada')).status).toBe(500);
    (app.users.table.get('ada') as TestUser).securityStamp = undefined;
  });
});
