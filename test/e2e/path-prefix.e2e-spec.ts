/** An application below a path: behind a proxy that removes it, and with a global prefix. */
import { Controller, Get } from '@nestjs/common';
import { startLoggedApp } from '../support/logged-app.js';
import type { LoggedApp } from '../support/logged-app.js';
import { startTestApp } from '../support/test-app.js';
import type { TestAppSettings } from '../support/test-app.js';

const VIEWS = { loginView: '/login', refreshView: '/again' };

const open = (settings: TestAppSettings = {}): Promise<LoggedApp> =>
  startLoggedApp({ ...settings, login: { ...VIEWS, ...settings.login } });

describe('behind a proxy that removes a path prefix,', () => {
  const PREFIX = { pathPrefix: '/shop', loginView: '/shop/login', refreshView: '/shop/login?again=1' };

  it.each(['url', 'cookie'] as const)("the next page after the login has the prefix (nextIn '%s')", async (nextIn) => {
    const app = await open({ login: { ...PREFIX, nextIn } });
    const browser = app.browser();
    const { location } = (await browser.get('/protected?tab=2')).headers;
    expect(location).toMatch(/^\/shop\/login/);
    const next = nextIn === 'url' ? `/next?${String(location).split('?')[1]}` : '/next';
    expect((await browser.get(next)).json).toEqual({ next: '/shop/protected?tab=2' });
  });

  it.each(['shop', '/shop/', '/', '//shop', 7])('pathPrefix cannot be %p', async (pathPrefix) => {
    await expect(startTestApp({ login: { pathPrefix: pathPrefix as never } })).rejects.toThrow(/pathPrefix/);
  });
});

describe('with pages under a prefix,', () => {
  @Controller()
  class LoginPages {
    @Get('sign-in')
    signIn(): string {
      return 'form';
    }
  }
  const start = (loginView: string): Promise<unknown> =>
    open({ controllers: [LoginPages], login: { loginView }, setup: (app) => void app.setGlobalPrefix('shop') });

  it('a loginView without the global prefix is refused at the start, with the right path', async () => {
    await expect(start('/sign-in?from=1')).rejects.toThrow(/loginView: '\/shop\/sign-in'/);
  });

  it('a loginView without the pathPrefix of a proxy is refused at the start as well', async () => {
    const starting = open({ controllers: [LoginPages], login: { loginView: '/sign-in', pathPrefix: '/shop' } });
    await expect(starting).rejects.toThrow(/loginView: '\/shop\/sign-in'/);
  });

  it.each(['/shop/sign-in', '/page-of-a-front-end'])('the loginView %s is accepted', async (view) => {
    await start(view);
  });
});
