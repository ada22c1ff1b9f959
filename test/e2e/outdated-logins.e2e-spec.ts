/** The event of a login that ends because the user's password has changed. */
import { DevicesController } from '../support/devices-app.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import type { TestUser } from '../support/users.js';

const HOUR = 3_600_000;

describe('a user who confirms a login after a change of the password', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await startTestApp({ controllers: [DevicesController] });
  });
  afterEach(() => app.close());

  const reasons = (): unknown[] =>
    app.events.filter(({ name }) => name === 'loginRevoked').map(({ event }) => (event as { reason?: string }).reason);

  it.each([
    ['one event for each other device that was still logged in', 1, ['stamp']],
    ['no event for a device whose login had expired before', 25, []],
  ])('causes %s', async (_what, hours, expected) => {
    (app.users.table.get('ada') as TestUser).securityStamp = 'old';
    await app.browser().post('/login/ada');
    app.clock.now += hours * HOUR;
    const browser = app.browser();
    await browser.post('/login/ada');

    expect((await browser.post('/devices/password/new')).status).toBe(201);

    expect(reasons()).toEqual(expected);
    expect(await app.login.logins('ada')).toHaveLength(1);
  });
});
