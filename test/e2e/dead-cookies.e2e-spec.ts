/** A browser that brings the cookies of many logins that have ended. */
import { jest } from '@jest/globals';
import { startLoggedApp } from '../support/logged-app.js';

describe('the browser that brings many logins that have ended', () => {
  it.each(['session', 'remember'])('costs a handful of store calls (%s cookies)', async (name) => {
    const app = await startLoggedApp();
    const lines: string[] = [];
    for (let login = 0; login < 40; login += 1) {
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      lines.push(`${name}=${browser.jar.get(name)}`);
      await browser.post('/logout');
    }
    const deletions = jest.spyOn(app.storage.logins, 'delete');
    const cookie = lines.join('; ');
    expect((await app.browser().post('/logout', { cookie })).status).toBe(201);
    expect(deletions.mock.calls.length).toBeLessThanOrEqual(8);
  });
});
