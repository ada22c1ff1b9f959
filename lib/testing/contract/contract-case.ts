/** What the cases of the contract are made of: a promise, a record as LoginModule makes them, calls that race. */
import { randomBytes } from 'node:crypto';
import type { LoginCap, LoginRecord, LoginStore } from '../../index.js';

/** One promise: its name is the sentence, `check` rejects where it is broken. */
export interface StoreContractCase {
  readonly name: string;
  /** @param store an empty or used store; cases use ids of their own */
  readonly check: (store: LoginStore) => Promise<void>;
}

/** How many calls race. */
export const RACERS = 100;
/** Milliseconds. */
export const HOUR = 3_600_000;

/** A cap that no case reaches which is not about caps. */
export const ROOMY: LoginCap = { most: 10_000, whenFull: 'refuse', leaving: [] };

/** A user whom no other case has. */
export const newUserKey = (): string => randomBytes(12).toString('base64url');

/** A record as LoginModule makes them, of this user or of one whom no other case has. */
export async function newRecord(
  store: LoginStore,
  changes: Partial<LoginRecord> = {},
  userKey = newUserKey(),
): Promise<LoginRecord> {
  const now = await store.now();
  return {
    id: userKey + randomBytes(16).toString('base64url'),
    stampHash: 's'.repeat(22),
    userId: 'Zoë|1; "x"\u0000\u{1f600}',
    session: { idHash: 'h'.repeat(43), startedAt: now, endsAt: now + 2 * HOUR, tokenHash: 'c'.repeat(43) },
    remember: {
      base: 'b'.repeat(43),
      candidates: [{ hash: 'c'.repeat(43), sentAt: now }],
      previous: [
        { hash: 'p'.repeat(43), graceEndsAt: now },
        { hash: 'q'.repeat(43), graceEndsAt: null },
      ],
      endsAt: now + HOUR,
    },
    createdAt: now,
    authenticatedAt: now,
    freshAt: null,
    lastSeenAt: now,
    endsAt: now + HOUR,
    identifier: 'browser',
    userAgent: 'Mozilla/5.0 "\u00e9"',
    ip: '2001:db8::1',
    version: 1,
    ...changes,
  };
}

/** So many calls at once. */
export const inParallel = <Answer>(work: (racer: number) => Promise<Answer>): Promise<Answer[]> =>
  Promise.all(Array.from({ length: RACERS }, (_, racer) => work(racer)));

/** How many of the items are the wanted one. */
export const count = <Item>(items: readonly Item[], wanted: Item): number =>
  items.filter((item) => item === wanted).length;
