/**
 * A login record as the text that databases keep: it comes back whole, stays small, and nothing else is taken for one.
 */
import fc from 'fast-check';
import type { LoginRecord } from '../../lib/logins/login-record.js';
import { decodeRecord, encodeRecord } from '../../lib/stores/record-codec.js';

const times = fc.integer({ min: 0, max: 4_000_000_000_000 });
const hash = fc.string({ unit: fc.constantFrom(...'AZaz09-_'.split('')), minLength: 43, maxLength: 43 });
const text = fc.string({ unit: 'binary', maxLength: 200 });
/** It also has parts that the text replaces by short names, and texts that look like such a name. */
const userAgent = fc.oneof(
  text,
  fc
    .array(fc.constantFrom('~', '~1', 'Mozilla/5.0 (', '.0.0.0', ' Mobile', ' Safari/', 'x'), { maxLength: 12 })
    .map((parts) => parts.join('')),
);
const plain: fc.Arbitrary<LoginRecord> = fc.record({
  id: hash,
  userId: text,
  stampHash: fc.option(hash),
  session: fc.record({ idHash: hash, startedAt: times, endsAt: times, tokenHash: fc.option(hash) }),
  remember: fc.option(
    fc.record({
      base: hash,
      candidates: fc.array(fc.record({ hash, sentAt: times }), { maxLength: 4 }),
      previous: fc.array(fc.record({ hash, graceEndsAt: fc.option(times) }), { maxLength: 8 }),
      endsAt: times,
    }),
  ),
  createdAt: times,
  authenticatedAt: times,
  freshAt: fc.option(times),
  lastSeenAt: times,
  endsAt: times,
  identifier: text,
  userAgent,
  ip: text,
  submissionHash: fc.option(hash),
  version: fc.nat(),
});
/** As a rule the session's token is the newest one that was sent. */
const records = fc.tuple(plain, fc.boolean()).map(([record, isSent]): LoginRecord => {
  const tokenHash = record.remember?.candidates.at(-1)?.hash ?? record.remember?.base;
  return isSent && tokenHash !== undefined ? { ...record, session: { ...record.session, tokenHash } } : record;
});
const headOf = ({ version, session, lastSeenAt, endsAt }: LoginRecord) => ({
  version,
  startedAt: session.startedAt,
  lastSeenAt,
  endsAt,
});

describe('a login record as text', () => {
  it('comes back as it went out', () => {
    fc.assert(
      fc.property(records, (record) =>
        expect(decodeRecord(record.id, headOf(record), encodeRecord(record))).toEqual(record),
      ),
    );
  });

  it('is none where a character of it is missing, or where it is of another form', () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.jsonValue(), (record, place, other) => {
        const whole = encodeRecord(record);
        for (const damaged of [whole.slice(0, place % whole.length), `${whole}]`, JSON.stringify(other), ''])
          expect(decodeRecord(record.id, headOf(record), damaged)).toBeNull();
        const items = JSON.parse(whole) as unknown[];
        const swapped = items.with(place % items.length, { not: 'ours' });
        expect(decodeRecord(record.id, headOf(record), JSON.stringify(swapped))).toBeNull();
        // A last use that is no number would never be long ago.
        for (const name of Object.keys(headOf(record)))
          expect(decodeRecord(record.id, { ...headOf(record), [name]: Number.NaN }, whole)).toBeNull();
      }),
    );
  });

  it('A9 stays within 600 bytes for a remembered login with the longest user agent, while its token is being replaced', () => {
    const now = 1_900_000_000_000;
    const sha = 'x'.repeat(43);
    const record: LoginRecord = {
      id: 'x'.repeat(38),
      userId: '01890a5d-ac96-774b-bcce-b302099a8057',
      stampHash: 'x'.repeat(22),
      session: { idHash: sha, startedAt: now, endsAt: now + 2_592_000_000, tokenHash: sha },
      remember: { base: sha, candidates: [{ hash: sha, sentAt: now }], previous: [], endsAt: now + 2_592_000_000 },
      createdAt: now,
      authenticatedAt: now,
      freshAt: null,
      lastSeenAt: now,
      endsAt: now,
      identifier: 'x'.repeat(22),
      userAgent: 'x'.repeat(200),
      ip: '2001:0db8:85a3:0000:0000:8a2e:0370:7334',
      submissionHash: 'x'.repeat(22),
      version: 12,
    };
    expect(Buffer.byteLength(encodeRecord(record))).toBeLessThanOrEqual(600);
  });
});
