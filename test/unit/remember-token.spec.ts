/** The remember token as text. No other text counts as a token. */
import fc from 'fast-check';
import { Signature } from '../../lib/http/signature.js';
import { newLoginId } from '../../lib/logins/login-id.js';
import { formatToken, MAX_TOKEN_LENGTH, newRememberToken, parseToken } from '../../lib/remember-me/remember-token.js';

const base64url = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'ABCxyz019-_'.split('')), minLength: length, maxLength: length });
const tokens = fc.record({ loginId: base64url(38), verifier: base64url(43) });
const signature = Signature.for(['q7Vx0mZr4KJt9Lw2Yb6Nf1Hc8Pd3Gs5Ta'], 'remember');

describe('a remember token', () => {
  it('comes back as it went out', () => {
    fc.assert(fc.property(tokens, (token) => expect(parseToken(formatToken(token))).toEqual(token)));
  });

  it('is read from no text but its own', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: 'binary' }), tokens.map(formatToken)),
        fc.string(),
        (text, more) => {
          for (const shown of [text, text + more, more + text, text.slice(1), text.toUpperCase()]) {
            const token = parseToken(shown);
            if (token) expect(formatToken(token)).toBe(shown);
          }
        },
      ),
    );
  });

  it.each(['', 'v1', 'v1..', 'v1.a.b', 'v2', '__proto__', 'v1.__proto__.constructor'])('is not %j', (text) => {
    expect(parseToken(text)).toBeUndefined();
  });

  it('with its MAC has a fixed length, and any other byte in it makes it worthless', () => {
    fc.assert(
      fc.property(tokens, fc.nat(), fc.string({ minLength: 1, maxLength: 1 }), (token, place, other) => {
        const signed = signature.sign(formatToken(token));
        expect(signed).toHaveLength(MAX_TOKEN_LENGTH);
        expect(signature.verify(signed)).toBe(formatToken(token));
        const at = place % signed.length;
        const spoiled = signed.slice(0, at) + other + signed.slice(at + 1);
        if (spoiled !== signed) expect(signature.verify(spoiled)).toBeUndefined();
      }),
    );
  });

  it('A4 has 256 random bits, and 100,000 of them have no double', () => {
    const loginId = newLoginId('ada', '');
    const verifiers = Array.from({ length: 100_000 }, () => newRememberToken(loginId).verifier);
    expect(new Set(verifiers).size).toBe(100_000);
    expect(Buffer.from(verifiers[0] ?? '', 'base64url')).toHaveLength(32);
  });
});
