/** What the cases of the contract are made of: a promise, a record as LoginModule makes them, calls that race. */
import type { LoginRecord, LoginStore } from '../../index.js';

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

let made = 0;

/** A record as LoginModule makes them, with an id that no other case uses. */
export async function newRecord(
  store: LoginStore,
  changes: Partial<LoginRecord> = {},
  userKey = 'contract-user-00',
): Promise<LoginRecord> {
  const now = await store.now();
  made += 1;
  const unique = `${process.pid}x${made}x${Math.random().toString(36).slice(2)}`.padEnd(22, '0').slice(0, 22);
  return {
    id: `${userKey}${unique}`,
    userId: 'Zoë|1; "x"\u0000\u{1f600}',
    session: { idHash: 'h'.repeat(43), startedAt: now, endsAt: now + 2 * HOUR },
    remember: {
      base: 'b'.repeat(43),
      candidates: [],
      previous: [{ hash: 'p'.repeat(43), graceEndsAt: now }],
      issuedAt: now,
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
