/** Reading cookies takes time by their length, whatever they are made of. */
import type { LoginRequest } from '../../lib/http/login-request.js';
import { readCookies } from '../../lib/http/cookies.js';

const read = (cookie: string): string[] => readCookies({ headers: { cookie } } as LoginRequest, 'session');

describe('readCookies', () => {
  it('takes blanks and tabs around names and values away, and nothing else', () => {
    expect(read(' \tsession \t=\t a b \t; \u00a0session=x; session=c')).toEqual(['a b', 'c']);
  });

  // With a regular expression of quadratic time this test takes hours, and ends at jest's limit.
  it('B7: finds its way through a million blanks', () => {
    const blanks = ' '.repeat(1_000_000);
    expect(read(`a${blanks}b=c; session=a${blanks}b; session${blanks}=d`)).toEqual([`a${blanks}b`, 'd']);
  });
});
