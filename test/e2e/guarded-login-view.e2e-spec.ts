/** A login view that refuses visitors itself. Redirects would go in circles. */
import { startLoggedApp } from '../support/logged-app.js';

describe('a login view that nobody has marked @Public()', () => {
  it.each([
    ['/public', {}],
    ['/public?lang=en', {}],
    ['/app/public', { pathPrefix: '/app' }],
  ])('answers 401, and the log says which handler to mark: %s', async (loginView, options) => {
    const app = await startLoggedApp({ login: { guard: 'global', loginView, ...options } });
    const browser = app.browser();

    const refused = await browser.get('/values');
    expect([refused.status, refused.headers.location]).toEqual([302, expect.stringMatching(/^[\w/]+public\?/)]);

    const view = await browser.get('/public?next=/values');
    expect(view.status).toBe(401);
    expect(app.log.text()).toContain(`The page "${loginView.split('?')[0]}" is a login view`);
    expect(app.log.text()).toContain('@Public()');
  });

  it('is not confused with the same page of another site', async () => {
    const login = {
      guard: 'global',
      loginView: 'https://login.example/public',
      origin: 'https://app.example',
    } as const;
    const app = await startLoggedApp({ login });
    const answer = await app.browser().get('/public');
    expect(answer.status).toBe(302);
  });
});
