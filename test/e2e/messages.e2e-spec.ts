/** Messages for the login view. */
import { FETCH, LOGIN_MESSAGE, REFRESH_MESSAGE, OUR_COOKIE, start, messagesOf, Site } from '../support/refusing-app.js';

describe('messages', () => {
  it('tell why, in the words and categories of the options', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.get('/protected');
    expect((await browser.get('/flashes')).json).toEqual([
      { kind: 'login', category: 'message', message: LOGIN_MESSAGE },
    ]);
    await browser.post('/login/ada?fresh=0');
    await browser.get('/fresh');
    expect((await browser.get('/flashes')).json).toEqual([
      { kind: 'needs-refresh', category: 'message', message: REFRESH_MESSAGE },
    ]);
    await app.close();
    const own = await start({
      loginMessage: 'Who are you?',
      loginMessageCategory: 'warning',
      needsRefreshMessage: 'Still you?',
      needsRefreshMessageCategory: 'info',
    });
    const visitor = own.browser();
    await visitor.get('/protected');
    expect((await visitor.get('/flashes')).json).toEqual([
      { kind: 'login', category: 'warning', message: 'Who are you?' },
    ]);
    await visitor.post('/login/ada?fresh=0');
    await visitor.get('/fresh');
    expect((await visitor.get('/flashes')).json).toEqual([
      { kind: 'needs-refresh', category: 'info', message: 'Still you?' },
    ]);
  });

  it('are none where the option is null, and no cookie is set for them', async () => {
    const app = await start({ loginMessage: null, needsRefreshMessage: null });
    const browser = app.browser();
    expect((await browser.get('/protected')).cookies).toEqual([]);
    await browser.post('/login/ada?fresh=0');
    const answer = await browser.get('/fresh');
    expect([answer.status, answer.cookies]).toEqual([302, []]);
    expect(await messagesOf(browser)).toEqual([]);
  });

  it('are translated when they are read, for the request that reads them', async () => {
    const localize = (message: string, request: { headers: Record<string, unknown> }): string =>
      `[${String(request.headers['accept-language'])}] ${message}`;
    const app = await start({ localize });
    const browser = app.browser();
    await browser.get('/protected', { headers: { 'accept-language': 'fr' } });
    const read = await browser.get('/flashes', { headers: { 'accept-language': 'de' } });
    expect(read.json).toEqual([{ kind: 'login', category: 'message', message: `[de] ${LOGIN_MESSAGE}` }]);
  });

  it('are read once, also within a request', async () => {
    const app = await start({}, { controllers: [Site] });
    const browser = app.browser();
    await browser.get('/protected');
    expect(browser.jar.has(OUR_COOKIE)).toBe(true);
    const [first, second] = (await browser.get('/twice')).json as unknown[][];
    expect([first?.length, second]).toEqual([1, []]);
    expect(browser.jar.has(OUR_COOKIE)).toBe(false);
    expect(await messagesOf(browser)).toEqual([]);
  });

  it('come in order, the last 20 of them, in a short cookie', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.post('/login/ada?fresh=0');
    const session = browser.jar.get('session') as string;
    browser.jar.delete('session');
    for (let n = 0; n < 5; n += 1) await browser.get('/protected');
    browser.jar.set('session', session);
    for (let n = 0; n < 18; n += 1) await browser.get('/fresh');
    expect(browser.jar.get(OUR_COOKIE)?.length).toBeLessThan(300);
    expect(await messagesOf(browser)).toEqual([
      ...Array<string>(2).fill(LOGIN_MESSAGE),
      ...Array<string>(18).fill(REFRESH_MESSAGE),
    ]);
  });

  it('are not made by who asks without a page to show: a fetch', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.get('/protected', { headers: FETCH });
    expect(await messagesOf(browser)).toEqual([]);
  });
});
