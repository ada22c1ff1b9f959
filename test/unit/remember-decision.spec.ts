/** The decision on remember tokens: its table line by line, and what holds in whatever order two holders come. */
import fc from 'fast-check';
import { hashOf } from '../../lib/logins/login-id.js';
import type { LoginRecord, RememberPart } from '../../lib/logins/login-record.js';
import { decideToken, issueToken } from '../../lib/remember-me/remember-decision.js';

const SECOND = 1000;
const GRACE = 60 * SECOND;
const DAY = 86_400_000;
const LIMITS = { idle: DAY, rememberIdle: 14 * DAY, notBefore: 0, grace: GRACE };
const NOW = 1_900_000_000_000;

const record = (remember: Partial<RememberPart> | null, changes: Partial<LoginRecord> = {}): LoginRecord => ({
  id: 'login',
  userId: 'ada',
  stampHash: null,
  session: { idHash: '', startedAt: NOW, endsAt: NOW + 30 * DAY },
  remember: remember && {
    base: hashOf('base'),
    candidates: [],
    previous: [],
    issuedAt: NOW,
    endsAt: NOW + 30 * DAY,
    ...remember,
  },
  createdAt: NOW,
  authenticatedAt: NOW,
  freshAt: null,
  lastSeenAt: NOW,
  endsAt: NOW + 30 * DAY,
  identifier: '',
  userAgent: '',
  ip: '',
  version: 1,
  ...changes,
});
const isIn = ({ verdict }: { readonly verdict: string }): boolean => ['counts', 'received', 'grace'].includes(verdict);

describe('the decision on a remember token', () => {
  const [first, second] = [hashOf('first'), hashOf('second')];
  const under = { candidates: [first, second], issuedAt: NOW };
  const former = (...names: string[]) => names.map((name) => ({ hash: hashOf(name), graceEndsAt: NOW + GRACE }));

  it.each<[string, LoginRecord | null, string, number, string, boolean | undefined]>([
    ['no login', null, 'base', NOW, 'gone', undefined],
    ['a login that is not remembered', record(null), 'base', NOW, 'gone', undefined],
    ['the token that counts', record({}), 'base', NOW, 'counts', true],
    ['the token that counts, while the next is on its way', record(under), 'base', NOW + GRACE - 1, 'counts', false],
    ['the token that counts, once the next must be lost', record(under), 'base', NOW + GRACE, 'counts', true],
    ['the newest token', record(under), 'second', NOW, 'received', true],
    ['an older one, while a newer is on its way', record(under), 'first', NOW + GRACE - 1, 'received', false],
    ['an older one, once the newer must be lost', record(under), 'first', NOW + GRACE, 'received', true],
    ['a former one in its grace', record({ previous: former('old') }), 'old', NOW + GRACE - 1, 'grace', false],
    ['a former one after its grace', record({ previous: former('old') }), 'old', NOW + GRACE, 'theft', undefined],
    ['one that nothing is known of', record(under), 'unknown', NOW, 'theft', undefined],
    ['any token after the absolute end', record(under), 'unknown', NOW + 30 * DAY, 'ended', undefined],
    ['the token that counts, a moment before the idle end', record({}), 'base', NOW + 14 * DAY - 1, 'counts', true],
    ['the token that counts, at the idle end', record({}), 'base', NOW + 14 * DAY, 'ended', undefined],
    ['the token that counts, after too many rotations', record({ previous: former('a', 'b', 'c', 'd') }), 'base', NOW, 'counts', false],
    ['the newest token, after too many rotations', record({ ...under, previous: former('a', 'b', 'c', 'd') }), 'second', NOW, 'counts', false],
    ['the newest token, once these are over', record({ ...under, previous: former('a', 'b', 'c', 'd') }), 'second', NOW + GRACE, 'received', true],
  ])('of %s', (_what, login, verifier, now, verdict, isDue) => {
    const decision = decideToken(login, verifier, now, LIMITS);
    expect([decision.verdict, 'isDue' in decision ? decision.isDue : undefined]).toEqual([verdict, isDue]);
  }); // prettier-ignore

  it('puts a received token in the place of the former one, keeps what was issued later, and drops what is out of its grace', () => {
    const candidates = ['one', 'two', 'three'].map(hashOf);
    const previous = [...former('young'), { hash: hashOf('old'), graceEndsAt: NOW }];
    const decision = decideToken(record({ candidates, previous }), 'two', NOW, LIMITS);
    expect(decision).toMatchObject({
      remember: {
        base: hashOf('two'),
        candidates: [hashOf('three')],
        previous: former('young', 'base', 'one'),
      },
    });
  });

  it('keeps at most four tokens on their way', () => {
    let remember = record({}).remember as RememberPart;
    for (const name of ['1', '2', '3', '4', '5', '6']) remember = issueToken(remember, name, NOW);
    expect(remember.candidates).toEqual(['3', '4', '5', '6'].map(hashOf));
  });

  it('lets in by no token that its holder was not given, whatever the record says', () => {
    const hashes = fc.array(fc.constantFrom('a', 'b', 'c', 'd').map(hashOf), { maxLength: 4 });
    const parts = fc.record({
      base: fc.constantFrom('a', 'b').map(hashOf),
      candidates: hashes,
      previous: fc.array(
        fc.record({
          hash: fc.constantFrom('c', 'd').map(hashOf),
          graceEndsAt: fc.integer({ min: NOW - GRACE, max: NOW + GRACE }),
        }),
      ),
      issuedAt: fc.integer({ min: NOW - 2 * GRACE, max: NOW }),
      endsAt: fc.integer({ min: NOW - DAY, max: NOW + DAY }),
    });
    fc.assert(
      fc.property(parts, fc.string(), (remember, verifier) => {
        const given = [remember.base, ...remember.candidates, ...remember.previous.map(({ hash }) => hash)];
        const decision = decideToken(record(remember), verifier, NOW, LIMITS);
        if (isIn(decision)) expect(given).toContain(hashOf(verifier));
        if (remember.endsAt <= NOW) expect(isIn(decision)).toBe(false);
        // A hash is no verifier: who reads the store gets in by nothing of it.
        for (const hash of given) expect(isIn(decideToken(record(remember), hash, NOW, LIMITS))).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  /** Two holders of one token take turns, with time in between; each keeps the last token it was given. */
  const turns = fc.array(
    fc.record({ who: fc.constantFrom(0, 1), pause: fc.constantFrom(0, 30, 59, 61, 600), isLost: fc.boolean() }),
    {
      minLength: 1,
      maxLength: 30,
    },
  );
  it('in no order of two holders leaves a theft unseen: once one has shown a newer token, the other is found out at the next use', () => {
    fc.assert(
      fc.property(turns, (order) => {
        let now = NOW;
        let login = record({});
        let made = 0;
        const holds = ['base', 'base'];
        const overSince = new Map<string, number>();
        for (const { who, pause, isLost } of order) {
          now += pause * SECOND;
          const shown = holds[who] as string;
          const decision = decideToken(login, shown, now, LIMITS);
          const since = overSince.get(shown);
          if (since !== undefined && now >= since + GRACE) expect(decision.verdict).toBe('theft');
          // Found out, at the latest then; earlier where one went on alone for long.
          if (!('remember' in decision)) return expect(decision.verdict).toBe('theft');
          let { remember } = decision;
          const counted = [remember.base, ...remember.candidates];
          for (const name of ['base', ...Array.from({ length: made }, (_, at) => `token ${at}`)])
            if (!counted.includes(hashOf(name)) && !overSince.has(name)) overSince.set(name, now);
          if (decision.isDue) {
            const next = `token ${made}`;
            made += 1;
            remember = issueToken(remember, next, now);
            if (!isLost) holds[who] = next;
          }
          login = record(remember, { lastSeenAt: now });
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it('accuses no single holder, however many answers are lost', () => {
    fc.assert(
      fc.property(turns, (order) => {
        let now = NOW;
        let login = record({});
        let holds = 'base';
        for (const [at, { pause, isLost }] of order.entries()) {
          now += pause * SECOND;
          const decision = decideToken(login, holds, now, LIMITS);
          expect(isIn(decision)).toBe(true);
          if (!('remember' in decision)) return;
          let { remember } = decision;
          if (decision.isDue) {
            remember = issueToken(remember, `token ${at}`, now);
            if (!isLost) holds = `token ${at}`;
          }
          login = record(remember, { lastSeenAt: now });
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
