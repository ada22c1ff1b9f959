/** Logging in and out, as a visitor sees it. */
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

describe('a login', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.close());

  it('refuses a stranger, lets in who logs in, and refuses again after logout', async () => {
    const browser = app.browser();
    expect((await browser.get('/protected')).status).toBe(401);
    expect((await browser.post('/login/ada')).json).toEqual({ ok: true });
    expect((await browser.get('/protected')).json).toEqual({ id: 'ada' });
    const thief = browser.clone();
    await browser.post('/logout');
    expect((await browser.get('/protected')).status).toBe(401);
    expect((await thief.get('/protected')).status).toBe(401);
    expect(browser.jar.size).toBe(0);
  });
});
