/** Reading cookies takes time by their length, whatever they are made of. */
import { parseCookieHeader } from '../../lib/http/cookies.js';

const read = (cookie: string): string[] =>
  parseCookieHeader(cookie).flatMap(({ name, value }) => (name === 'session' ? [value] : []));

describe('a Cookie header', () => {
  it('loses blanks and tabs around names and values, and nothing else', () => {
    expect(read(' \tsession \t=\t a b \t; \u00a0session=x; session=c')).toEqual(['a b', 'c']);
  });

  it('has no cookie where there is no equals sign', () => {
    expect(parseCookieHeader('session; other; =; session=a')).toEqual([
      { name: '', value: '' },
      { name: 'session', value: 'a' },
    ]);
  });

  // With a regular expression of quadratic time this test takes hours, and ends at jest's limit.
  it('B7: is read although it holds a million blanks', () => {
    const blanks = ' '.repeat(1_000_000);
    expect(read(`a${blanks}b=c; session=a${blanks}b; session${blanks}=d`)).toEqual([`a${blanks}b`, 'd']);
  });
});
