/** The two pure functions that make and judge the addresses of a challenge. */
import fc from 'fast-check';
import { loginUrl, safeNext } from '../../lib/challenge/login-url.js';
import { escapes } from '../redirects/corpus.js';

const ORIGIN = 'https://app.example';
const rules = { origin: ORIGIN, refusedPaths: ['/login?lang=en#form', 'https://app.example/reauthenticate'] };
const site = { origin: ORIGIN, forceHost: null };
const forced = { origin: ORIGIN, forceHost: 'good.example' };

/** Text in which the pieces that redirects are attacked with come up often. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom('/', '//', '\\', '.', '..', '%2e', '%2f', '%5c', '\t', '\n', '\0', ' ', '@', ':', '?', '#', ';'),
      fc.constantFrom('evil.example', 'app.example', 'https:', 'http:', 'javascript:', 'login', 'logout', '\ud800'),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(''));
const texts = fc.oneof(
  hostile,
  hostile.map((text) => `/${text}`),
  fc.string({ unit: 'binary' }),
  fc.webUrl(),
);

describe('safeNext', () => {
  it.each([
    ['/dashboard', '/dashboard'],
    ['/orders?page=2&q=%2B#row-7', '/orders?page=2&q=%2B#row-7'],
    ['/?next=//evil.example', '/?next=//evil.example'],
    ['/café', '/caf%C3%A9'],
    ['/a/../b', '/b'],
    ['/login-help', '/login-help'],
    ['/area/login', '/area/login'],
    ['/logout/reasons', '/logout/reasons'],
    [`/${'a'.repeat(2047)}`, `/${'a'.repeat(2047)}`],
  ])('goes on to %.40j', (value, expected) => {
    expect(safeNext(value, rules)).toBe(expected);
  });

  it.each([
    ['the login view', '/login'],
    ['the login view with another query', '/login?lang=de'],
    ['the login view as a router without strict paths takes it', '/Login/'],
    ['the login view, percent-encoded', '/%6c%6Fgin'],
    ['the login view, a roundabout way', '/a/../login'],
    ['the refresh view that was configured as a URL', '/reauthenticate?step=1'],
    ['a logout', '/account/LogOut/'],
    ['text that is too long', `/${'a'.repeat(2048)}`],
    ['text that is too long once it is encoded', `/${'ä'.repeat(400)}`],
    ['another host', '//evil.example'],
    ['another host behind a backslash', '/\\evil.example'],
    ['another host behind dots', '/.//evil.example'],
    ['our own site with its host', `${ORIGIN}/dashboard`],
    ['a path without its slash', 'dashboard'],
    ['a control character', '/a\u0001'],
    ['a lone surrogate', '/\udc00'],
    ['nothing', ''],
  ])('does not go on to %s', (_, value) => {
    expect(safeNext(value, rules)).toBeUndefined();
  });

  it('does not refuse a page for bearing the path of a login view on another site', () => {
    const elsewhere = {
      origin: ORIGIN,
      refusedPaths: ['https://auth.example/start', '//auth.example/start', 'https://'],
    };
    expect(safeNext('/start', elsewhere)).toBe('/start');
    expect(safeNext('/start', { ...elsewhere, refusedPaths: ['/start'] })).toBeUndefined();
  });

  it('does not depend on the stand-in for an origin that was not configured', () => {
    expect(safeNext('/dashboard?a=1', { origin: 'http://localhost', refusedPaths: [] })).toBe('/dashboard?a=1');
    expect(safeNext('//localhost/dashboard', { origin: 'http://localhost', refusedPaths: [] })).toBeUndefined();
  });

  it('goes on to nothing where the origin is none', () => {
    expect(safeNext('/dashboard', { origin: 'app.example', refusedPaths: ['/login'] })).toBeUndefined();
  });

  it('takes nothing but text, and asks no object what it would be as text', () => {
    const asked = () => {
      throw new Error('an object was asked');
    };
    const objects = [{ toString: asked, valueOf: asked, length: 1, startsWith: asked }, [asked], ['/dashboard']];
    const others = [
      undefined,
      null,
      0,
      1n,
      true,
      Symbol('/dashboard'),
      asked,
      new String('/dashboard'),
      new URL(ORIGIN),
    ];
    for (const value of [...objects, ...others]) expect(safeNext(value, rules)).toBeUndefined();
  });

  it('never throws, never escapes, and returns what it returned unchanged, for any text', () => {
    let followed = 0;
    fc.assert(
      fc.property(texts, fc.constantFrom(ORIGIN, 'http://app.example'), (value, origin) => {
        const next = safeNext(value, { ...rules, origin });
        if (next === undefined) return;
        followed += 1;
        expect(escapes(next, origin)).toBe(false);
        expect(next).toMatch(/^\/(?!\/)[\x21-\x7e]{0,2047}$/);
        expect(safeNext(next, { ...rules, origin })).toBe(next);
      }),
      { numRuns: 5000 },
    );
    expect(followed).toBeGreaterThan(100);
  });

  it('never throws for anything', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }), (value) => {
        if (typeof value !== 'string') expect(safeNext(value, rules)).toBeUndefined();
        else safeNext(value, rules);
      }),
    );
  });
});

describe('loginUrl', () => {
  it.each([
    ['a path', '/login', '/protected', '/login?next=/protected'],
    ['a path with a query', '/login?lang=de&affil=cgnu', '/p', '/login?lang=de&affil=cgnu&next=/p'],
    ['a path with an unusual query', '/login?b=%20&a&&b=+', '/p', '/login?b=%20&a&b=+&next=/p'],
    ['a path with a fragment', '/login?lang=en#form', '/p', '/login?lang=en&next=/p#form'],
    ['a fragment that has a question mark', '/login#a?b', '/p', '/login?next=/p#a?b'],
    ['a next of its own', '/login?next=%2Fpublic&a=1', '/p', '/login?a=1&next=/p'],
    ['a next of its own, percent-encoded and twice', '/login?n%65xt=1&next', '/p', '/login?next=/p'],
    ['a parameter that only begins with next', '/login?nextpage=1', '/p', '/login?nextpage=1&next=/p'],
    ['a URL of our own site', `${ORIGIN}/login`, '/p?x=1', `${ORIGIN}/login?next=/p%3Fx%3D1`],
    [
      'our own host in another spelling',
      'HTTPS://APP.example:443/login',
      '/p',
      'HTTPS://APP.example:443/login?next=/p',
    ],
    ['our own host without a scheme', '//app.example/login', '/p', '//app.example/login?next=/p'],
  ])('gives the page as path and query to %s', (_, view, next, expected) => {
    expect(loginUrl(view, next, site)).toBe(expected);
  });

  it.each([
    ['another host', 'https://auth.example/login', 'https://auth.example/login?next=https%3A//app.example/p%3Fx%3D1'],
    ['its query', 'https://auth.example/?app=7', 'https://auth.example/?app=7&next=https%3A//app.example/p%3Fx%3D1'],
    ['no path', 'https://auth.example', 'https://auth.example?next=https%3A//app.example/p%3Fx%3D1'],
    ['another scheme', 'http://app.example/login', 'http://app.example/login?next=https%3A//app.example/p%3Fx%3D1'],
    ['another port', `${ORIGIN}:8443/login`, `${ORIGIN}:8443/login?next=https%3A//app.example/p%3Fx%3D1`],
    ['a scheme that borrows our origin', `blob:${ORIGIN}/1`, `blob:${ORIGIN}/1?next=https%3A//app.example/p%3Fx%3D1`],
    ['no scheme', '//auth.example/login', '//auth.example/login?next=https%3A//app.example/p%3Fx%3D1'],
  ])('gives the page on our configured origin to a view elsewhere: %s', (_, view, expected) => {
    expect(loginUrl(view, '/p?x=1', site)).toBe(expected);
    expect(loginUrl(view, '/p?x=1', { ...site, origin: `${ORIGIN}/` })).toBe(expected);
  });

  it.each([
    ['a path', '/login?a=1#f', '//good.example/login?a=1&next=/p#f'],
    ['our own host', `${ORIGIN}/login`, 'https://good.example/login?next=/p'],
    ['another host', 'https://auth.example/login', 'https://good.example/login?next=https%3A//app.example/p'],
  ])('puts the forced host in the place of %s', (_, view, expected) => {
    expect(loginUrl(view, '/p', forced)).toBe(expected);
    expect(loginUrl(view, '/p', { ...forced, forceHost: '' })).toBe(loginUrl(view, '/p', site));
  });

  it.each(['/login', '/login?next=/public&a=1#f', 'https://auth.example/login'])(
    'returns %s as it is without a page',
    (view) => {
      expect(loginUrl(view, undefined, site)).toBe(view);
      expect(loginUrl(view, undefined, forced)).toBe(view);
    },
  );

  it.each(['', '*', 'protected', 'http://evil.example/', '@evil.example', '.evil.example'])(
    'tells no view of %j, which is no path: behind our origin it would name another host',
    (next) => {
      expect(loginUrl('https://auth.example/login', next, site)).toBe('https://auth.example/login');
      expect(loginUrl('/login', next, site)).toBe('/login');
    },
  );

  it('keeps percent signs: one decoding gives the page letter for letter', () => {
    const address = loginUrl('/login', '/protected?b=%2B&c=a+b', site);
    expect(address).toBe('/login?next=/protected%3Fb%3D%252B%26c%3Da%2Bb');
    expect(new URL(address, ORIGIN).searchParams.get('next')).toBe('/protected?b=%2B&c=a+b');
  });

  it('never throws, stays with its view, and is undone by one decoding, for any page', () => {
    const views = fc.constantFrom(
      '/login',
      '/login?lang=en&next=1#form',
      `${ORIGIN}/login`,
      'https://auth.example/login?a=1',
    );
    fc.assert(
      fc.property(views, texts, (view, text) => {
        const next = `/${text}`;
        const address = new URL(loginUrl(view, next, site), ORIGIN);
        const wellFormed = next.replace(/\p{Cs}/gu, '\ufffd');
        const bare = new URL(view, ORIGIN);
        expect(address.searchParams.getAll('next')).toEqual([
          bare.origin === ORIGIN ? wellFormed : ORIGIN + wellFormed,
        ]);
        expect([address.origin, address.pathname, address.hash]).toEqual([bare.origin, bare.pathname, bare.hash]);
      }),
      { numRuns: 2000 },
    );
  });
});
