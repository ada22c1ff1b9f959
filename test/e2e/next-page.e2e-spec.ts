/** The page to go on to after a login. */
import { Controller, Get } from '@nestjs/common';
import { LoginRequired } from 'nestjs-login';
import { corpus, escapes } from '../redirects/corpus.js';
import type { Browser, RequestSettings } from '../support/browser-client.js';
import type { TestAppSettings } from '../support/test-app.js';
import {
  VIEWS,
  HOME,
  LOGIN_MESSAGE,
  OUR_COOKIE,
  start,
  messagesOf,
  Site,
  Elsewhere,
  raw,
} from '../support/refusing-app.js';

const nextOf = async (browser: Browser): Promise<unknown> =>
  ((await browser.get('/next')).json as { next: unknown }).next;

/** Logs in by the form with this in the query or the body, and answers where the browser is sent. */
async function goesOnTo(browser: Browser, path: string, settings: RequestSettings): Promise<string> {
  const answer = await browser.post(path, settings);
  expect([answer.status, answer.text.length < 4_000]).toEqual([303, true]);
  return answer.headers.location ?? '';
}

const FORGED_HOSTS: Record<string, string>[] = [
  'evil.example',
  'evil.example:443',
  'app.example@evil.example',
  '[::1]:1',
].flatMap((host) => [
  { host },
  { 'x-forwarded-host': host },
  { forwarded: `host="${host}";proto=https` },
  { host, 'x-forwarded-host': host, 'x-forwarded-proto': 'https', 'x-forwarded-port': '444' },
  { 'x-original-host': host, 'x-host': host, 'x-forwarded-server': host, 'x-original-url': `//${host}/` },
]);

describe('the page to go on to', () => {
  it('travels in the address by default: loginUrl() and nextUrl() agree', async () => {
    const app = await start({}, { controllers: [Site] });
    const browser = app.browser();
    const asked = '/protected?q=a%20b&next=/x#&c';
    const { location = '' } = (await browser.get('/protected?q=a%20b&next=/x')).headers;
    expect((await browser.get(location.replace('/login', '/next'))).json).toEqual({ next: asked.split('#')[0] });
    expect((await browser.get('/urls?a=1')).json).toEqual([
      '/login?next=/urls%3Fa%3D1',
      '/reauthenticate?next=/urls%3Fa%3D1',
    ]);
  });

  it('travels in the cookie with nextIn: cookie; it is read once and the last one wins', async () => {
    const app = await start({ nextIn: 'cookie' });
    const browser = app.browser();
    expect((await browser.get('/protected?n=1')).headers.location).toBe('/login');
    expect((await browser.get('/protected?n=2')).headers.location).toBe('/login');
    expect(await nextOf(browser)).toBe('/protected?n=2');
    expect(await nextOf(browser)).toBeNull();
    expect(await messagesOf(browser)).toEqual([LOGIN_MESSAGE, LOGIN_MESSAGE]);
  });

  it('is the kept one before any that the address names', async () => {
    const app = await start({ nextIn: 'cookie' });
    const browser = app.browser();
    await browser.get('/protected');
    expect((await browser.get('/next?next=/other')).json).toEqual({ next: '/protected' });
    expect((await browser.get('/next?next=/other')).json).toEqual({ next: '/other' });
  });

  it('is not kept where it would make the cookie too long: the message is', async () => {
    const app = await start({ nextIn: 'cookie' });
    const browser = app.browser();
    const answer = await browser.get(`/protected?q=${'x'.repeat(4_000)}`);
    expect(answer.headers.location).toBe('/login');
    expect(await nextOf(browser)).toBeNull();
    expect(await messagesOf(browser)).toEqual([LOGIN_MESSAGE]);
  });

  it('is forgotten at logout, with the messages, also in that very request', async () => {
    const app = await start({ nextIn: 'cookie' }, { controllers: [Site] });
    const browser = app.browser();
    await browser.get('/protected');
    await browser.post('/logout');
    expect(browser.jar.size).toBe(0);
    await browser.get('/protected');
    expect((await browser.get('/out-then-messages')).json).toEqual({ flashes: [], next: null });
    expect(browser.jar.size).toBe(0);
  });

  it('outlives the login of a visitor who was nobody, and of the same user', async () => {
    const app = await start({ nextIn: 'cookie' });
    const browser = app.browser();
    await browser.get('/protected');
    await browser.post('/login/ada?fresh=0');
    await browser.get('/fresh');
    await browser.post('/login/ada');
    expect(await nextOf(browser)).toBe('/fresh');
  });

  it("is not the next user's where they log in over another one's living login", async () => {
    const app = await start({ nextIn: 'cookie' });
    const browser = app.browser();
    await browser.post('/login/ada?fresh=0');
    await browser.get('/fresh');
    await browser.post('/login/bob');
    expect([await messagesOf(browser), await nextOf(browser)]).toEqual([[], null]);
  });

  it.each<[string, (value: string) => string]>([
    ['altered', (value) => (value.startsWith('A') ? 'B' : 'A') + value.slice(1)],
    ['unsigned', (value) => value.slice(0, value.lastIndexOf('.'))],
    ['empty', () => ''],
    ['huge', (value) => value + 'A'.repeat(6_000)],
    ['of another cookie', (value) => `s:${value}`],
    ['broken text', () => '%E0%A4%A'],
  ])('is none of a notice cookie that is %s', async (_, tamper) => {
    const app = await start({ nextIn: 'cookie' });
    const browser = app.browser();
    await browser.get('/protected');
    const kept = browser.jar.get(OUR_COOKIE) ?? '';
    expect(kept).not.toBe('');
    const settings = { cookie: `${OUR_COOKIE}=${tamper(kept)}` };
    const [flashes, next] = [await browser.get('/flashes', settings), await browser.get('/next', settings)];
    expect([flashes.status, flashes.json, next.json]).toEqual([200, [], { next: null }]);
    expect((await browser.get('/next', { cookie: `${OUR_COOKIE}=${kept}` })).json).toEqual({ next: '/protected' });
  });

  it('is none of a notice cookie that is more than ten minutes old', async () => {
    const app = await start({ nextIn: 'cookie' });
    const browser = app.browser();
    await browser.get('/protected');
    const cookie = browser.cookieHeader();
    const now = Date.now();
    const clock = Date.now;
    try {
      Date.now = () => now + 590_000;
      expect((await browser.get('/flashes', { cookie })).json).toHaveLength(1);
      Date.now = () => now + 611_000;
      expect((await browser.get('/flashes', { cookie })).json).toEqual([]);
      expect((await browser.get('/next', { cookie })).json).toEqual({ next: null });
    } finally {
      Date.now = clock;
    }
  });

  it('forceHostForRedirects names the host of the views', async () => {
    const app = await start({ forceHostForRedirects: 'app.example:8443' });
    const browser = app.browser();
    expect((await browser.get('/protected')).headers.location).toBe('//app.example:8443/login?next=/protected');
    await browser.post('/login/ada?fresh=0');
    expect((await browser.get('/fresh')).headers.location).toBe('//app.example:8443/reauthenticate?next=/fresh');
  });

  it('is absolute, on our origin, for a login view elsewhere', async () => {
    const app = await start({ loginView: 'https://id.example/login?app=1', origin: HOME });
    const { location = '' } = (await app.browser().get('/protected?a=1')).headers;
    const url = new URL(location);
    expect([url.origin, url.searchParams.get('app'), url.searchParams.get('next')]).toEqual([
      'https://id.example',
      '1',
      `${HOME}/protected?a=1`,
    ]);
  });
});

describe.each([[HOME], ['http://app.example']])('F1 a login form on %s', (origin) => {
  const options = { ...VIEWS, origin };
  const texts = corpus.filter(({ value }) => typeof value === 'string') as { value: string; expected: string }[];

  it('never leads off the site by a next in the query', async () => {
    const app = await start(options, { controllers: [Site] });
    const out: unknown[] = [];
    let followed = 0;
    for (const { value, expected } of texts) {
      const query = encodeURIComponent(value.replace(/\p{Cs}/gu, '\ufffd'));
      const location = await goesOnTo(app.browser(), `/login?next=${query}`, { body: 'email=ada' });
      if (escapes(location, origin) || (expected === 'leaves' && location !== '/dashboard')) out.push(value);
      if (expected === 'stays' && value !== '/dashboard' && location !== '/dashboard') followed += 1;
    }
    expect(out).toEqual([]);
    expect(followed).toBeGreaterThan(30);
  }, 60_000);

  it('never leads off the site by a next in the body, of any type', async () => {
    const app = await start(options, { controllers: [Site] });
    const out: unknown[] = [];
    for (const { value, expected } of corpus) {
      const location = await goesOnTo(app.browser(), '/login', { body: { email: 'ada', next: value } });
      if (escapes(location, origin) || (expected !== 'stays' && location !== '/dashboard')) out.push(value);
    }
    expect(out).toEqual([]);
  }, 60_000);

  it('never leads off the site by a page that was asked for and kept', async () => {
    @Controller()
    class Everything {
      @Get('{*path}')
      @LoginRequired()
      any(): string {
        return 'secret';
      }
    }
    const app = await start({ ...options, nextIn: 'cookie' }, { controllers: [Site, Everything] });
    const out: unknown[] = [];
    let kept = 0;
    for (const { value } of texts) {
      if (!/^\/[\x21-\x7e]*$/.test(value)) continue;
      const browser = app.browser();
      await browser.get(value);
      const location = await goesOnTo(browser, '/login', { body: 'email=ada' });
      if (escapes(location, origin)) out.push(value);
      if (location !== '/dashboard') kept += 1;
    }
    expect(out).toEqual([]);
    expect(kept).toBeGreaterThan(30);
  }, 60_000);
});

describe('F3 the origin of a redirect', () => {
  it.each([[false], [true]])('is never taken from a header (trust proxy: %s)', async (trusted) => {
    const setup: TestAppSettings['setup'] = (app) => app.set('trust proxy', trusted);
    const app = await start({ origin: HOME }, { controllers: [Site, Elsewhere], setup });
    const locations = async (headers: Record<string, string>): Promise<unknown[]> => {
      const browser = app.browser();
      const found = [];
      for (const path of ['/protected?a=1', '/elsewhere', '/by-hand'])
        found.push((await browser.get(path, { headers })).headers.location);
      const form = { headers, body: 'email=ada' };
      found.push((await browser.post('/login?next=/protected', form)).headers.location);
      found.push((await browser.post('/login', form)).headers.location);
      return found;
    };
    const usual = await locations({});
    expect(usual.every((location) => typeof location === 'string')).toBe(true);
    expect(FORGED_HOSTS).toHaveLength(20);
    for (const headers of FORGED_HOSTS) expect(await locations(headers)).toEqual(usual);
  });

  it('is not taken from the absolute form of a request either', async () => {
    const app = await start({ origin: HOME });
    const answer = await raw(app, 'GET http://evil.example/protected HTTP/1.1');
    expect(answer).toMatch(/^HTTP\/1.1 302 /);
    expect(answer).toContain('\r\nLocation: /login\r\n');
    expect(answer).not.toContain('evil');
  });
});

describe('F4 a page to go on to', () => {
  it.each<[string, string]>([
    ['the login view', '/login'],
    ['the login view in capitals, with a slash', '/LOGIN/'],
    ['the refresh view', '/reauthenticate?x=1'],
    ['a logout', '/account/logout'],
    ['2,049 characters', `/${'a'.repeat(2_048)}`],
  ])('that is %s is replaced by the fallback', async (_, value) => {
    const app = await start({}, { controllers: [Site] });
    const query = `/login?next=${encodeURIComponent(value)}`;
    expect(await goesOnTo(app.browser(), query, { body: 'email=ada' })).toBe('/dashboard');
    expect(await goesOnTo(app.browser(), '/login', { body: { next: value } })).toBe('/dashboard');
    expect(await goesOnTo(app.browser(), '/login', { body: `next=${encodeURIComponent(value)}` })).toBe('/dashboard');
  });

  it('of 2,048 characters is gone on to', async () => {
    const app = await start({}, { controllers: [Site] });
    const longest = `/${'a'.repeat(2_047)}`;
    expect(await goesOnTo(app.browser(), `/login?next=${longest}`, { body: 'email=ada' })).toBe(longest);
  });

  it.each<[string, string, unknown]>([
    ['a lone surrogate', '/login', { next: '/\ud800' }],
    ['a list in JSON', '/login', { next: ['/other'] }],
    ['a list in a form', '/login', 'next=/other&next=/other'],
    ['a list in brackets', '/login', 'next[]=/other'],
    ['a list in the query', '/login?next=/other&next=/other', {}],
    ['an object in the query', '/login?next[a]=/other', {}],
    ['a number', '/login', { next: 7 }],
    ['the prototype', '/login', '__proto__[next]=/other'],
  ])('that is %s is replaced by the fallback', async (_, path, body) => {
    const app = await start({}, { controllers: [Site] });
    expect(await goesOnTo(app.browser(), path, { body })).toBe('/dashboard');
  });
});
