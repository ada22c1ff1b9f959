/** The session cookie as it is sent, and its secrets. */
import type { NestExpressApplication } from '@nestjs/platform-express';
import { memoryStorage } from 'nestjs-login';
import type { LoginModuleOptions } from 'nestjs-login';
import { Browser, NAVIGATION } from '../support/browser-client.js';
import { CountingStorage } from '../support/counting-storage.js';
import { SECRET } from '../support/test-app.js';
import type { TestApp, TestAppSettings } from '../support/test-app.js';
import { OTHER_SECRET, DAY, start, signed, idIn, parsed, started } from '../support/session-cookies.js';
import type { SetCookie } from '../support/session-cookies.js';

/** A browser on https, behind a proxy on this machine. */
const TLS = { ...NAVIGATION, 'x-forwarded-proto': 'https' };

/** Starts an application in production, behind a proxy on this machine that ends TLS. */
const startInProduction = (login: Partial<LoginModuleOptions> = {}, settings: TestAppSettings = {}): Promise<TestApp> =>
  start({ ...settings, login: { production: true, ...login }, setup: trustLoopback });

const trustLoopback = (app: NestExpressApplication): unknown => app.set('trust proxy', 'loopback');

/** Returns the milliseconds for which a browser keeps a cookie, or null if it drops the cookie when it is closed. */
function lifetimeOf({ attributes }: SetCookie): number | null {
  if (attributes['max-age'] !== undefined) return Number(attributes['max-age']) * 1000;
  return attributes.expires === undefined ? null : Date.parse(String(attributes.expires)) - Date.now();
}

describe('the session cookie', () => {
  describe('in a response', () => {
    it('B1 is in production a __Host- cookie: Secure, HttpOnly, SameSite=Lax, Path=/, without Domain', async () => {
      const app = await started(startInProduction({ loginView: '/login-page', nextIn: 'cookie' }));
      const browser = app.browser(TLS);
      const lines: string[] = [];
      const note = async (answer: Promise<{ cookies: readonly string[] }>): Promise<void> => {
        lines.push(...(await answer).cookies);
      };
      await note(browser.get('/protected'));
      await note(browser.get('/set?colour=red'));
      await note(browser.post('/login/ada'));
      await note(browser.post('/confirm'));
      await note(browser.get('/set?colour=blue'));
      await note(browser.get('/flashes'));
      await note(browser.post('/login/bob'));
      await note(browser.post('/logout'));
      const cookies = lines.map(parsed);
      const names = ['__Host-session', '__Host-session-anonymous', '__Host-login-notice'];
      expect(new Set(cookies.map(({ name }) => name))).toEqual(new Set(names));
      for (const name of names) expect(cookies.filter((cookie) => cookie.name === name).length).toBeGreaterThan(1);
      for (const { attributes } of cookies)
        expect(attributes).toEqual({
          ...('expires' in attributes && { expires: attributes.expires }),
          ...('max-age' in attributes && { 'max-age': attributes['max-age'] }),
          secure: true,
          httponly: true,
          samesite: 'Lax',
          path: '/',
        });
      expect(browser.jar.size).toBe(0);
    });

    it('B1 lasts until the browser is closed, and is sent only at the login', async () => {
      const app = await started(startInProduction());
      const browser = app.browser(TLS);
      const cookies = (await browser.post('/login/ada')).cookies.map(parsed);
      expect(cookies.map(({ name }) => name)).toEqual(['__Host-session']);
      expect(lifetimeOf(cookies[0] as SetCookie)).toBeNull();
      app.clock.now += 3_600_000;
      for (const path of ['/protected', '/whoami', '/set?colour=red', '/values', '/public'])
        expect((await browser.get(path)).cookies).toEqual([]);
    });

    it('lasts until the absolute end if it is persistent, and is sent again only at a confirmation', async () => {
      const app = await started(
        start({ login: { login: { absolute: '20d' }, session: { cookie: { persistent: true } } } }),
      );
      const browser = app.browser();
      const [atLogin] = (await browser.post('/login/ada')).cookies.map(parsed);
      expect(Math.abs((lifetimeOf(atLogin as SetCookie) as number) - 20 * DAY)).toBeLessThan(60_000);
      for (let day = 0; day < 3; day += 1) {
        app.clock.now += DAY / 2;
        for (const path of ['/protected', '/set?colour=red', `/set?day=${day}`, '/values', '/whoami'])
          expect((await browser.get(path)).cookies).toEqual([]);
      }
      const [atConfirmation] = (await browser.post('/confirm')).cookies.map(parsed);
      expect(Math.abs((lifetimeOf(atConfirmation as SetCookie) as number) - 20 * DAY)).toBeLessThan(60_000);
      const [atLogout] = (await browser.post('/logout')).cookies.map(parsed);
      expect(lifetimeOf(atLogout as SetCookie)).toBe(0);
    });

    it('is not persistent for a visitor without a login', async () => {
      const app = await started(start({ login: { session: { cookie: { persistent: true } } } }));
      const [cookie] = (await app.browser().get('/set?colour=red')).cookies.map(parsed);
      expect(lifetimeOf(cookie as SetCookie)).toBeNull();
    });

    it('is not sent over plain HTTP if it is Secure: loginUser() rejects, without a cookie or a row', async () => {
      const memory = memoryStorage();
      memory.close();
      const storage = new CountingStorage(memory);
      const app = await started(startInProduction({}, { storage }));
      const plain = app.browser();
      const told = await plain.post('/try-login');
      expect(told.json).toEqual({ code: 'ERR_LOGIN_INSECURE_CONNECTION' });
      expect(told.cookies).toEqual([]);
      const answer = await plain.post('/login/ada');
      expect(answer.status).toBe(500);
      expect(answer.cookies).toEqual([]);
      expect(storage.writes).toBe(0);
      expect((await app.browser(TLS).post('/try-login')).json).toEqual({ code: null });
    });

    it('is not sent if it is Secure and X-Forwarded-Proto comes from a proxy that is not trusted', async () => {
      const app = await started(start({ login: { production: true } }));
      const answer = await app.browser(TLS).post('/try-login');
      expect(answer.json).toEqual({ code: 'ERR_LOGIN_INSECURE_CONNECTION' });
      expect(answer.cookies).toEqual([]);
    });

    it('has its configured path even if the login happens outside of it, and works inside', async () => {
      const app = await started(start({ login: { session: { cookie: { path: '/app' } } } }));
      const browser = app.browser();
      const [atLogin] = (await browser.post('/login/ada')).cookies.map(parsed);
      expect(atLogin?.attributes.path).toBe('/app');
      expect((await browser.get('/app/whoami')).json).toEqual({ id: 'ada' });
      const [ofStranger] = (await app.browser().get('/set?colour=red')).cookies.map(parsed);
      expect(ofStranger?.attributes.path).toBe('/app');
      // The client ignores paths and sends the cookie to /logout. The line must clear the cookie of /app.
      const { cookies } = await browser.post('/logout');
      const [atLogout] = cookies.filter((line) => line.startsWith('session=')).map(parsed);
      expect(atLogout?.attributes.path).toBe('/app');
      expect(lifetimeOf(atLogout as SetCookie)).toBe(0);
    });

    it('has the configured domain at login and at logout, and then no __Host- prefix', async () => {
      const app = await started(startInProduction({ session: { cookie: { domain: 'app.example' } } }));
      const browser = app.browser(TLS);
      const [atLogin] = (await browser.post('/login/ada')).cookies.map(parsed);
      expect(atLogin?.name).toBe('__Secure-session');
      expect(atLogin?.attributes).toMatchObject({ domain: 'app.example', secure: true, httponly: true, path: '/' });
      expect((await browser.get('/whoami')).json).toMatchObject({ id: 'ada' });
      const [atLogout] = (await browser.post('/logout')).cookies.map(parsed);
      expect(atLogout?.attributes).toMatchObject({ domain: 'app.example', path: '/' });
      expect(lifetimeOf(atLogout as SetCookie)).toBe(0);
    });

    it('B7 has at most 256 bytes with the longest name, and the notice cookie at most 3,000', async () => {
      const name = `__Host-${'n'.repeat(57)}`;
      const app = await started(startInProduction({ session: { name }, loginView: '/login-page', nextIn: 'cookie' }));
      const longId = 'ä'.repeat(200);
      app.users.table.set(longId, { id: longId, name: 'Long', isActive: true });
      for (let round = 0; round < 20; round += 1) {
        const { cookies } = await app.browser(TLS).post(`/login/${encodeURIComponent(longId)}`);
        const [pair = ''] = (cookies[0] ?? '').split(';');
        expect(pair.startsWith(`${name}=s`)).toBe(true);
        expect(Buffer.byteLength(pair)).toBeLessThanOrEqual(256);
      }
      const browser = app.browser(TLS);
      const next = `/protected?${'q'.repeat(2037)}`;
      expect(next).toHaveLength(2048);
      for (let refusal = 0; refusal < 25; refusal += 1) {
        const { cookies } = await browser.get(next);
        expect(Buffer.byteLength((cookies[0] ?? '').split(';')[0] ?? '')).toBeLessThanOrEqual(3000);
      }
      expect((await browser.get('/next')).json).toEqual({ next });
      expect((await browser.get('/flashes')).json).toHaveLength(20);
      await browser.get(`/protected?${'q'.repeat(8000)}`);
      expect((browser.jar.get('__Host-login-notice') ?? '').length).toBeLessThanOrEqual(3000);
    });
  });

  describe('and its secrets', () => {
    it('B4 is valid under each listed secret, is signed with the first, and invalid without its own', async () => {
      const memory = memoryStorage();
      const withSecrets = (...secret: string[]): Promise<TestApp> =>
        started(start({ storage: memory, login: { secret } }));
      const before = await withSecrets(SECRET);
      const old = before.browser();
      await old.post('/login/ada');
      await old.get('/set?colour=red');
      const visitor = before.browser();
      await visitor.get('/set?colour=green');
      await before.close();

      const during = await withSecrets(OTHER_SECRET, SECRET);
      const oldDuring = moved(old, during);
      expect((await oldDuring.get('/protected')).json).toEqual({ id: 'ada' });
      expect((await oldDuring.get('/values')).json).toEqual({ colour: 'red' });
      expect((await moved(visitor, during).get('/values')).json).toEqual({ colour: 'green' });
      const young = during.browser();
      await young.post('/login/bob');
      const cookie = young.jar.get('session') as string;
      expect(cookie).toBe(signed(idIn(cookie), OTHER_SECRET));
      await during.close();

      const after = await withSecrets(OTHER_SECRET);
      expect((await moved(young, after).get('/protected')).json).toEqual({ id: 'bob' });
      expect((await moved(old, after).get('/protected')).status).toBe(401);
      expect((await moved(old, after).get('/values')).json).toEqual({});
      expect((await moved(visitor, after).get('/values')).json).toEqual({});
      memory.close();
    });

    /** Returns a browser with the same cookies for an application that came back on another port. */
    function moved(browser: Browser, app: TestApp): Browser {
      const copy = app.browser();
      for (const [name, value] of browser.jar) copy.jar.set(name, value);
      return copy;
    }
  });
});
