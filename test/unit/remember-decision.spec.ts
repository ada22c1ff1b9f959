/** The decision on remember tokens: its table line by line, and its promises for every order of two holders. */
import fc from 'fast-check';
import { hashOf } from '../../lib/logins/login-id.js';
import type { LoginRecord, RememberPart, SentToken } from '../../lib/logins/login-record.js';
import {
  decideSession,
  decideToken,
  isLetIn,
  sendToken,
  revokeTokens,
} from '../../lib/remember-me/remember-decision.js';

const SECOND = 1000;
const GRACE = 60 * SECOND;
const DAY = 86_400_000;
const NOW = 1_900_000_000_000;
const NOT_BEFORE = NOW - 100 * DAY;
const LIMITS = { login: { idle: DAY }, remember: { idle: 14 * DAY, grace: GRACE }, notBefore: NOT_BEFORE };

const record = (remember: Partial<RememberPart> | null, changes: Partial<LoginRecord> = {}): LoginRecord => ({
  id: 'login',
  userId: 'ada',
  stampHash: null,
  session: { idHash: '', startedAt: NOW, endsAt: NOW + 30 * DAY, tokenHash: null },
  remember: remember && {
    base: hashOf('base'),
    candidates: [],
    previous: [],
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
  submissionHash: null,
  version: 1,
  ...changes,
});
const sent = (name: string, sentAt = NOW): SentToken => ({ hash: hashOf(name), sentAt });

describe('the decision on a remember token', () => {
  const under = { candidates: [sent('first', NOW - GRACE), sent('second')] };
  const former = (...names: string[]) => names.map((name) => ({ hash: hashOf(name), graceEndsAt: NOW + GRACE }));
  const many = former('a', 'b', 'c', 'd');
  const later = (apart: number) => record({ candidates: [sent('first', NOW - apart), sent('second')] });

  it.each<[string, LoginRecord | null, string, number, string, boolean | undefined]>([
    ['no login', null, 'base', NOW, 'not-found', undefined],
    ['a login that is not remembered', record(null), 'base', NOW, 'not-found', undefined],
    ['a login of before notBefore', record({}, { createdAt: NOT_BEFORE - 1 }), 'base', NOW, 'not-found', undefined],
    ['the token that counts', record({}), 'base', NOW, 'counts', true],
    ['the token that counts, while the next is on its way', record(under), 'base', NOW + GRACE - 1, 'counts', false],
    ['the token that counts, once the next must be lost', record(under), 'base', NOW + GRACE, 'counts', true],
    ['the newest token', record(under), 'second', NOW, 'received', true],
    ['an older one, while a newer is on its way', record(under), 'first', NOW + GRACE - 1, 'received', false],
    ['an older one, once the newer must be lost', record(under), 'first', NOW + GRACE, 'received', true],
    ['an older one, two graces before a newer', later(2 * GRACE), 'first', NOW + GRACE, 'received', true],
    ['an older one, more than two graces before a newer', later(2 * GRACE + 1), 'first', NOW + GRACE, 'theft', undefined],
    ['the newer of these', later(2 * GRACE + 1), 'second', NOW + GRACE, 'received', true],
    ['a former one in its grace', record({ previous: former('old') }), 'old', NOW + GRACE - 1, 'grace', false],
    ['a former one after its grace', record({ previous: former('old') }), 'old', NOW + GRACE, 'theft', undefined],
    ['one that nothing is known of', record(under), 'unknown', NOW, 'theft', undefined],
    ['any token after the absolute end', record(under), 'unknown', NOW + 30 * DAY, 'expired', undefined],
    ['the token that counts, a moment before the idle end', record({}), 'base', NOW + 14 * DAY - 1, 'counts', true],
    ['the token that counts, at the idle end', record({}), 'base', NOW + 14 * DAY, 'expired', undefined],
    ['the token that counts, after too many rotations', record({ previous: many }), 'base', NOW, 'counts', false],
    ['the newest token, after too many rotations', record({ ...under, previous: many }), 'second', NOW, 'received', false],
    ['the token that counts, shortly after a confirmation', record({}, { authenticatedAt: NOW + 1 }), 'base', NOW + GRACE, 'counts', false],
    ['the token that counts, a grace after it', record({}, { authenticatedAt: NOW + 1 }), 'base', NOW + GRACE + 1, 'counts', true],
    ['the newest token, once these are over', record({ ...under, previous: many }), 'second', NOW + GRACE, 'received', true],
  ])('of %s', (_what, login, verifier, now, verdict, isDue) => {
    const decision = decideToken(login, verifier, { now, limits: LIMITS });
    expect([decision.verdict, 'isDue' in decision ? decision.isDue : undefined]).toEqual([verdict, isDue]);
  }); // prettier-ignore

  it('puts a received token in the place of the former one, keeps what was issued later, and drops what is out of its grace', () => {
    const candidates = [sent('lost', NOW - 3 * GRACE), sent('one', NOW - GRACE), sent('two'), sent('three')];
    const previous = [...former('young'), { hash: hashOf('old'), graceEndsAt: NOW }];
    const decision = decideToken(record({ candidates, previous }), 'two', { now: NOW, limits: LIMITS });
    expect(decision).toMatchObject({
      remember: {
        base: hashOf('two'),
        candidates: [sent('three')],
        previous: former('young', 'base', 'one'),
      },
    });
  });

  it('learns from a session alone that the token which came with it has arrived', () => {
    const session = { idHash: '', startedAt: NOW, endsAt: NOW + DAY, tokenHash: hashOf('second') };
    const bySession = decideSession(record(under, { session }), NOW, LIMITS);
    const byToken = decideToken(record(under), 'second', { now: NOW, limits: LIMITS });
    expect(bySession).toEqual('remember' in byToken && byToken.remember);
    for (const tokenHash of [null, hashOf('base'), hashOf('unknown')])
      expect(decideSession(record(under, { session: { ...session, tokenHash } }), NOW, LIMITS)).toBeNull();
    expect(decideSession(record(null, { session }), NOW, LIMITS)).toBeNull();
  });

  it('takes back every token of before: they let nobody in and accuse nobody, also when the new one was replaced in its turn', () => {
    const now = NOW + DAY;
    const known = { candidates: [sent('sent', now)], previous: [{ hash: hashOf('former'), graceEndsAt: now + GRACE }] };
    const first = revokeTokens(record(known).remember as RememberPart, 'new', now);
    const replaced = decideToken(record(sendToken(first, 'newer', now)), 'newer', { now, limits: LIMITS });
    const second = 'remember' in replaced ? replaced.remember : null;
    expect(decideToken(record(first), 'new', { now, limits: LIMITS })).toMatchObject({
      verdict: 'counts',
      isDue: true,
    });
    for (const remember of [first, second])
      for (const verifier of ['base', 'sent', 'former'])
        expect(decideToken(record(remember), verifier, { now: now + 2 * GRACE, limits: LIMITS })).toEqual({
          verdict: 'not-found',
        });
    expect(decideToken(record(second), 'new', { now: now + 2 * GRACE, limits: LIMITS })).toEqual({ verdict: 'theft' });
    let often = first;
    for (const name of ['1', '2', '3', '4', '5']) often = revokeTokens(often, name, now);
    expect(decideToken(record(often), 'base', { now, limits: LIMITS })).toEqual({ verdict: 'not-found' });
    for (let times = 0; times < 20; times += 1) often = revokeTokens(often, `more ${times}`, now);
    expect(often.previous).toHaveLength(12);
  });

  it('keeps at most four tokens on their way', () => {
    let remember = record({}).remember as RememberPart;
    for (const name of ['1', '2', '3', '4', '5', '6']) remember = sendToken(remember, name, NOW);
    expect(remember.candidates).toEqual(['3', '4', '5', '6'].map((name) => sent(name)));
  });

  it('lets in by no token that its holder was not given, whatever the record says', () => {
    const known = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const around = fc.integer({ min: NOW - 3 * GRACE, max: NOW + GRACE });
    const parts = fc.record({
      base: known.map(hashOf),
      candidates: fc.array(fc.record({ hash: known.map(hashOf), sentAt: around }), { maxLength: 4 }),
      previous: fc.array(fc.record({ hash: known.map(hashOf), graceEndsAt: around }), { maxLength: 6 }),
      endsAt: fc.integer({ min: NOW - DAY, max: NOW + DAY }),
    });
    let letIn = 0;
    fc.assert(
      fc.property(parts, fc.oneof(known, fc.string()), (remember, verifier) => {
        const given = [remember.base, ...[...remember.candidates, ...remember.previous].map(({ hash }) => hash)];
        const { verdict } = decideToken(record(remember), verifier, { now: NOW, limits: LIMITS });
        if (isLetIn(verdict)) expect(given).toContain(hashOf(verifier));
        if (isLetIn(verdict)) letIn += 1;
        if (remember.endsAt <= NOW) expect(verdict).toBe('expired');
        // A hash is no verifier, so nobody can log in with the content of the store.
        for (const hash of given)
          expect(isLetIn(decideToken(record(remember), hash, { now: NOW, limits: LIMITS }).verdict)).toBe(false);
      }),
      { numRuns: 2_000 },
    );
    expect(letIn).toBeGreaterThan(100);
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
        const sentAt = new Map<string, number>([['base', NOW]]);
        /** the token that the bearer of each has asked with */
        const askedWith = new Map<string, string>();
        /** when each token was first shown */
        const shownAt = new Map<string, number>();
        const numberOf = (name: string): number => [...sentAt.keys()].indexOf(name);
        for (const { who, pause, isLost } of order) {
          now += pause * SECOND;
          const shown = holds[who] as string;
          const decision = decideToken(login, shown, { now, limits: LIMITS });
          const isOver = [...shownAt].some(([name, at]) => numberOf(name) > numberOf(shown) && now >= at + GRACE);
          const overtakes = ([name, at]: [string, number]): boolean =>
            numberOf(name) > numberOf(shown) &&
            numberOf(askedWith.get(name) as string) < numberOf(shown) &&
            at > (sentAt.get(shown) as number) + 2 * GRACE;
          const isOvertaken = !shownAt.has(shown) && [...sentAt].some(overtakes);
          if (isOver || isOvertaken) expect(decision.verdict).toBe('theft');
          // Found out, at the latest then; earlier where one went on alone for long.
          if (!('remember' in decision)) return expect(decision.verdict).toBe('theft');
          let { remember } = decision;
          if (remember.base === hashOf(shown) && !shownAt.has(shown)) shownAt.set(shown, now);
          if (decision.isDue) {
            const next = `token ${made}`;
            made += 1;
            remember = sendToken(remember, next, now);
            sentAt.set(next, now);
            askedWith.set(next, shown);
            if (!isLost) holds[who] = next;
          }
          login = record(remember, { lastSeenAt: now });
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it('finds out two who take turns, however patiently', () => {
    for (const pause of [3, 10, 60, 24 * 60]) {
      let [now, login] = [NOW, record({})];
      const holds = ['base', 'base'];
      const verdicts = Array.from({ length: 4 }, (_, turn) => {
        now += pause * 60 * SECOND;
        const decision = decideToken(login, holds[turn % 2] as string, { now, limits: LIMITS });
        if ('remember' in decision) {
          holds[turn % 2] = `token ${turn}`;
          login = record(sendToken(decision.remember, `token ${turn}`, now), { lastSeenAt: now });
        }
        return decision.verdict;
      });
      expect([pause, verdicts.indexOf('theft')]).toEqual([pause, 2]);
    }
  });

  it('accuses no single holder, however many answers are lost', () => {
    fc.assert(
      fc.property(turns, (order) => {
        let now = NOW;
        let login = record({});
        let holds = 'base';
        for (const [at, { pause, isLost }] of order.entries()) {
          now += pause * SECOND;
          const decision = decideToken(login, holds, { now, limits: LIMITS });
          expect(isLetIn(decision.verdict)).toBe(true);
          if (!('remember' in decision)) return;
          let { remember } = decision;
          if (decision.isDue) {
            remember = sendToken(remember, `token ${at}`, now);
            if (!isLost) holds = `token ${at}`;
          }
          login = record(remember, { lastSeenAt: now });
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
