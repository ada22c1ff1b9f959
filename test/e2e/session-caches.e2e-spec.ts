/** Responses of a session are kept out of caches, and logins from other sites are refused. */
import { NAVIGATION } from '../support/browser-client.js';
import type { Answer } from '../support/browser-client.js';
import { fails } from '../support/counting-storage.js';
import { start, whoIs, valuesOf } from '../support/identity-app.js';

describe('the session', () => {
  describe('keeps out of caches', () => {
    const isPrivate = ({ headers }: Answer): boolean =>
      headers['cache-control'] === 'no-store' && /(^|, )Cookie(,|$)/.test(headers.vary ?? '');

    it('I1 each response that used a user or a session, logged in or out, or refused', async () => {
      const { app, browser, clock } = await start({ login: { loginView: '/login-page', refreshView: '/again' } });
      const json = { accept: 'application/json', 'sec-fetch-mode': 'cors' };
      const seen: [string, boolean][] = [];
      const ask = async (what: string, asked: Promise<Answer>): Promise<void> => {
        seen.push([what, isPrivate(await asked)]);
      };
      await ask('refused with a redirect', browser.get('/protected'));
      await ask('refused with a 401', browser.get('/protected', { headers: json }));
      await ask('messages read', browser.get('/flashes'));
      await ask('asked for the user, nobody', app.browser().get('/whoami'));
      await ask('anonymous session written', browser.get('/set?colour=red'));
      await ask('anonymous session read', browser.get('/values'));
      await ask('logged in', browser.post('/login/ada'));
      await ask('guarded page', browser.get('/protected'));
      await ask('asked for the user', browser.get('/whoami'));
      await ask('session of a login read', browser.get('/values'));
      await ask('session of a login written', browser.get('/set?colour=red'));
      await ask('confirmed', browser.post('/confirm'));
      await browser.post('/login/ada?fresh=0');
      await ask('not fresh, redirected', browser.get('/fresh'));
      await ask('not fresh, 401', browser.get('/fresh', { headers: json }));
      await ask('inactive user refused', app.browser().post('/login/eve'));
      await ask(
        'cross-site login refused',
        app.browser().post('/login/ada', { headers: { 'sec-fetch-site': 'cross-site' } }),
      );
      const other = browser.clone({ ...NAVIGATION, 'user-agent': 'another' });
      await ask('another browser', other.get('/protected'));
      await ask('logged out', browser.post('/logout'));
      await ask('logged out again', browser.post('/logout'));
      await browser.post('/login/ada');
      clock.now += 40 * 86_400_000;
      await ask('expired', browser.get('/protected'));
      expect(seen.filter(([, isKept]) => !isKept).map(([what]) => what)).toEqual([]);
    });

    it('I1 a response while the store is down', async () => {
      const { browser, storage } = await start();
      await browser.post('/login/ada');
      storage.disturb(fails, 'logins.find');
      const answer = await browser.get('/protected');
      expect([answer.status, isPrivate(answer)]).toEqual([503, true]);
    });

    it('I1 a response in which strong protection hides or ends a login', async () => {
      const { browser } = await start({ login: { sessionProtection: 'strong' } });
      await browser.post('/login/ada');
      const thief = browser.clone({ ...NAVIGATION, 'user-agent': 'thief' });
      expect(isPrivate(await thief.get('/values'))).toBe(true);
      expect(isPrivate(await thief.get('/protected'))).toBe(true);
    });

    it('I1 no public page, even if the visitor has a session that the page does not touch', async () => {
      const { app, browser } = await start({ setup: (nest) => nest.enableCors({ origin: ['https://a.example'] }) });
      const stranger = app.browser();
      await stranger.get('/set?colour=red');
      await browser.post('/login/ada');
      for (const visitor of [app.browser(), stranger, browser]) {
        const open = await visitor.get('/public');
        expect([open.headers['cache-control'], open.headers.vary]).toEqual([undefined, 'Origin']);
      }
    });

    it('I1 a response without replacing the Vary header of the application', async () => {
      const { browser } = await start({ setup: (nest) => nest.enableCors({ origin: ['https://a.example'] }) });
      await browser.post('/login/ada');
      const guarded = await browser.get('/protected');
      expect(guarded.headers.vary?.split(', ').toSorted()).toEqual(['Cookie', 'Origin']);
    });
  });

  describe('of a login that another site sends', () => {
    const ORIGIN = 'https://app.example';
    const POST = { ...NAVIGATION, 'sec-fetch-site': null, origin: null } as Record<string, string | null>;

    const REFUSED: [string, Record<string, string>][] = [
      ['Sec-Fetch-Site: cross-site', { 'sec-fetch-site': 'cross-site' }],
      ['cross-site with its Origin', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
      ['cross-site with Origin null', { 'sec-fetch-site': 'cross-site', origin: 'null' }],
      ['Sec-Fetch-Site: same-site', { 'sec-fetch-site': 'same-site' }],
      ['same-site from a sub-domain', { 'sec-fetch-site': 'same-site', origin: 'https://blog.app.example' }],
      ['Origin of elsewhere', { origin: 'https://evil.example' }],
      ['Origin null', { origin: 'null' }],
      ['Origin of our name in plain http', { origin: 'http://app.example' }],
      ['Origin of our name on another port', { origin: 'https://app.example:8443' }],
      ['Origin that begins like ours', { origin: 'https://app.example.evil.example' }],
      ['Origin of elsewhere, with a Host to match', { origin: 'https://evil.example', host: 'evil.example' }],
      ['a Sec-Fetch-Site that does not exist', { 'sec-fetch-site': 'unheard-of' }],
    ];
    const ALLOWED: [string, Record<string, string>][] = [
      ['Sec-Fetch-Site: same-origin', { 'sec-fetch-site': 'same-origin' }],
      ['same-origin with our Origin', { 'sec-fetch-site': 'same-origin', origin: ORIGIN }],
      ['Sec-Fetch-Site: none', { 'sec-fetch-site': 'none' }],
      ['neither header', {}],
      ['our Origin', { origin: ORIGIN }],
      ['same-site with our Origin', { 'sec-fetch-site': 'same-site', origin: ORIGIN }],
    ];

    it.each(REFUSED)('I2 is refused with a 403 and a code, without a cookie or a row: %s', async (_case, headers) => {
      const { app, browser, storage } = await start({ login: { origin: ORIGIN } });
      const answer = await browser.post('/login/ada', { headers: { ...POST, ...headers } });
      expect([answer.status, answer.cookies]).toEqual([403, []]);
      expect(answer.json).toMatchObject({ statusCode: 403, code: 'ERR_LOGIN_CROSS_SITE' });
      expect(storage.writes).toBe(0);
      expect(app.events).toMatchObject([{ name: 'loginRefused', event: { userId: 'ada', reason: 'cross-site' } }]);
    });

    it.each(REFUSED)('I2 is accepted if the call of loginUser() allows it: %s', async (_case, headers) => {
      const { browser } = await start({ login: { origin: ORIGIN } });
      expect((await browser.post('/login/ada?crossSite=1', { headers: { ...POST, ...headers } })).status).toBe(201);
      expect(await whoIs(browser)).toBe('ada');
    });

    it.each(ALLOWED)('I2 is not confused with one of our own site: %s', async (_case, headers) => {
      const { browser } = await start({ login: { origin: ORIGIN } });
      expect((await browser.post('/login/ada', { headers: { ...POST, ...headers } })).status).toBe(201);
      expect(await whoIs(browser)).toBe('ada');
    });

    it('I2 is recognized by the Host header if no origin is configured', async () => {
      const { app, browser } = await start();
      const post = (headers: Record<string, string>): Promise<Answer> =>
        browser.post('/login/ada', { headers: { ...POST, ...headers } });
      expect((await post({ origin: app.origin })).status).toBe(201);
      expect((await post({ origin: 'https://evil.example' })).status).toBe(403);
      expect((await post({ origin: 'https://evil.example', 'x-forwarded-host': 'evil.example' })).status).toBe(403);
    });

    it('I2 leaves an existing login as it was', async () => {
      const { browser } = await start({ login: { origin: ORIGIN } });
      await browser.post('/login/ada');
      await browser.get('/set?colour=red');
      const answer = await browser.post('/login/bob', { headers: { 'sec-fetch-site': 'cross-site' } });
      expect([answer.status, answer.cookies]).toEqual([403, []]);
      expect([await whoIs(browser), await valuesOf(browser)]).toEqual(['ada', { colour: 'red' }]);
    });

    it('I2 is accepted by GET, because a link in a mail is a GET', async () => {
      const { browser } = await start({ login: { origin: ORIGIN } });
      const answer = await browser.get('/link-login', { headers: { 'sec-fetch-site': 'cross-site' } });
      expect([answer.status, answer.json]).toEqual([200, { ok: true }]);
      expect(await whoIs(browser)).toBe('ada');
    });
  });
});
