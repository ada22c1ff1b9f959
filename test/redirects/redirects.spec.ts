/** Rows F1, F2 and F4 of SECURITY.md on the whole corpus: no page to go on to leads off the site. */
import { safeNext } from '../../lib/challenge/login-url.js';
import { corpus, escapes, leaves } from './corpus.js';

const HOME = 'https://app.example';
const ORIGINS = [HOME, 'http://app.example'];
const refusedPaths = ['/login', '/reauthenticate'];
const texts = corpus.map((entry) => entry.value).filter((value) => typeof value === 'string');

function ofClass(name: string): unknown[] {
  return corpus.filter((entry) => entry.class === name).map((entry) => entry.value);
}

function nextOf(value: unknown, origin = HOME): string | undefined {
  return safeNext(value, { origin, refusedPaths });
}

/** The values that a validator accepts, and its results, if one of them escapes. */
function escaped(validator: (value: string, origin: string) => string | undefined, origin: string): string[] {
  return texts.filter((value) => {
    const location = validator(value, origin);
    return location !== undefined && escapes(location, origin);
  });
}

/** The first rule that many write: resolve it, compare the origin, send path and query. */
function sameOriginThenPath(value: string, origin: string): string | undefined {
  if (!URL.canParse(value, `${origin}/login`)) return undefined;
  const url = new URL(value, `${origin}/login`);
  return url.origin === origin ? url.pathname + url.search : undefined;
}

/** The second: it begins with a slash and not with two. */
function startsWithOneSlash(value: string): string | undefined {
  return value.startsWith('/') && !value.startsWith('//') ? value : undefined;
}

describe('the redirect corpus', () => {
  it('holds at least 101 different values, and says of each whether it leaves the site', () => {
    expect(new Set(corpus.map((entry) => JSON.stringify(entry.value))).size).toBe(corpus.length);
    expect(corpus.length).toBeGreaterThanOrEqual(101);
    const wrong = corpus.filter(
      ({ value, expected }) => (typeof value === 'string' && leaves(value, HOME)) !== (expected === 'leaves'),
    );
    expect(wrong).toEqual([]);
  });

  it.each(ORIGINS)('can fail: same origin, then path and query, lets at least 7 values out of %s', (origin) => {
    const out = escaped(sameOriginThenPath, origin);
    expect(out.length).toBeGreaterThanOrEqual(7);
    expect(out).toEqual(expect.arrayContaining(ofClass('re-serialise trap')));
    expect(out.filter((value) => leaves(sameOriginThenPath(value, origin) ?? '', origin))).toEqual(out);
  });

  it.each(ORIGINS)('can fail: "starts with one slash" lets at least 6 values out of %s', (origin) => {
    const out = escaped(startsWithOneSlash, origin);
    expect(out.length).toBeGreaterThanOrEqual(6);
    expect(out.filter((value) => leaves(value, origin)).length).toBeGreaterThanOrEqual(6);
  });
});

describe('the page to go on to', () => {
  it.each(ORIGINS)('F1 never leads off %s, whatever was handed in', (origin) => {
    expect(escaped((value) => nextOf(value, origin), origin)).toEqual([]);
  });

  it('F1 is none where the value leaves the site, and where it is refused for another reason', () => {
    const followed = corpus.filter(({ value, expected }) => expected !== 'stays' && nextOf(value) !== undefined);
    expect(followed).toEqual([]);
  });

  it.each(ORIGINS)('F1 is every ordinary page of %s, letter for letter', (origin) => {
    const pages = ofClass('ordinary page');
    expect(pages.length).toBeGreaterThanOrEqual(20);
    expect(pages.map((page) => nextOf(page, origin))).toEqual(pages);
  });

  it('F1 is the page a browser would have opened, for every value that stays', () => {
    const opens = (value: unknown) => new URL(String(value), `${HOME}/login`).href.replace(/[?#]$/, '');
    const kept = corpus.filter((entry) => entry.expected === 'stays').map((entry) => entry.value);
    expect(kept.map((value) => opens(nextOf(value)))).toEqual(kept.map(opens));
  });

  it.each(ofClass('re-serialise trap'))(
    'F2 is not %j, whose path begins with two slashes once it is resolved',
    (value) => {
      expect(new URL(String(value), `${HOME}/login`).pathname).toMatch(/^\/\//);
      expect(nextOf(value)).toBeUndefined();
    },
  );

  it.each(ORIGINS)('F2 is emitted in a form that begins with one slash and resolves to %s again', (origin) => {
    const emitted = corpus.map((entry) => nextOf(entry.value, origin)).filter((value) => value !== undefined);
    expect(emitted.length).toBe(corpus.filter((entry) => entry.expected === 'stays').length);
    for (const location of emitted) {
      expect(location).toMatch(/^\/(?!\/)[\x21-\x7e]*$/);
      expect(new URL(location, `${origin}/login`).origin).toBe(origin);
      expect(nextOf(location, origin)).toBe(location);
    }
  });

  it.each(['not a string', 'lone surrogate', 'too long', 'login or logout'])(
    'F4 is none for the class "%s"',
    (name) => {
      const values = ofClass(name);
      expect(values.length).toBeGreaterThanOrEqual(3);
      expect(values.filter((value) => nextOf(value) !== undefined)).toEqual([]);
    },
  );
});
