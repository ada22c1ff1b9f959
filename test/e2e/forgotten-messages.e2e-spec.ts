/** Messages that are outdated by a login, and pages to go on to that are dropped. */
import type { Browser } from '../support/browser-client.js';
import { startLoggedApp } from '../support/logged-app.js';
import type { LoggedApp } from '../support/logged-app.js';
import type { TestAppSettings } from '../support/test-app.js';

const VIEWS = { loginView: '/login', refreshView: '/again' };

const open = (settings: TestAppSettings = {}): Promise<LoggedApp> =>
  startLoggedApp({ ...settings, login: { ...VIEWS, ...settings.login } });

const messages = async (browser: Browser): Promise<string[]> =>
  ((await browser.get('/flashes')).json as { kind: string }[]).map(({ kind }) => kind);

describe.each(['url', 'cookie'] as const)(
  "a message that asked for a login or a confirmation (nextIn '%s')",
  (nextIn) => {
    it('is gone after the login, and the page to go on to is not', async () => {
      const app = await open({ login: { nextIn } });
      const browser = app.browser();
      const { location } = (await browser.get('/protected')).headers;
      await browser.post('/login/ada');
      expect(await messages(browser)).toEqual([]);
      const next = nextIn === 'url' ? `/next?${String(location).split('?')[1]}` : '/next';
      expect((await browser.get(next)).json).toEqual({ next: '/protected' });
    });

    it('is gone after the confirmation', async () => {
      const app = await open({ login: { nextIn } });
      const browser = app.browser();
      await browser.post('/login/ada?fresh=0');
      expect((await browser.get('/fresh')).headers.location).toMatch(/^\/again/);
      await browser.post('/confirm');
      expect(await messages(browser)).toEqual([]);
    });

    it('is gone where a remember cookie restores the login, except for one that asks for a fresh login', async () => {
      const app = await open({ login: { nextIn } });
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      const remember = browser.jar.get('remember') as string;
      browser.close();
      browser.jar.delete('remember');
      await browser.get('/protected');
      browser.jar.set('remember', remember);
      expect((await browser.get('/fresh')).headers.location).toMatch(/^\/again/);
      expect(await messages(browser)).toEqual(['needs-refresh']);
    });
  },
);

describe('a page to go on to that is too long', () => {
  it.each(['url', 'cookie'] as const)("is dropped with one line in the log (nextIn '%s')", async (nextIn) => {
    const app = await open({ login: { nextIn } });
    for (let time = 0; time < 2; time += 1) {
      const browser = app.browser();
      const { location } = (await browser.get(`/protected?request=${'a'.repeat(2_500)}`)).headers;
      const next = nextIn === 'url' ? `/next?${String(location).split('?')[1]}` : '/next';
      expect((await browser.get(next)).json).toEqual({ next: null });
    }
    expect(app.log.lines).toHaveLength(1);
    expect(app.log.text()).toContain('2048 characters');
  });
});
