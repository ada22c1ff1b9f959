/** The parts of a contract case: a promise, records like those of LoginModule, and racing calls. */
import { randomBytes } from 'node:crypto';
import type { FoundLogin, LoginCap, LoginRecord, LoginStore } from '../../index.js';

/** One promise. Its name is the sentence, and `check` rejects where a store breaks it. */
export interface StoreContractCase {
  readonly name: string;
  /** Tries the promise. @param store an empty or used store, because each case uses ids of its own */
  readonly check: (store: LoginStore) => Promise<void>;
}

/** The number of racing calls. */
export const RACERS = 100;
/** An hour in milliseconds. */
export const HOUR = 3_600_000;

/** The cap of the cases that are not about caps. None of them reaches it. */
export const ROOMY: LoginCap = { most: 10_000, whenFull: 'refuse', excludedIds: [] };

/** Makes the key of a new user. */
export const newUserKey = (): string => randomBytes(12).toString('base64url');

/** Makes a record like those of LoginModule, of this user or of a new one. */
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
    submissionHash: 's'.repeat(43),
    version: 1,
    ...changes,
  };
}

/** Makes all racing calls at once. */
export const inParallel = <Answer>(work: (racer: number) => Promise<Answer>): Promise<Answer[]> =>
  Promise.all(Array.from({ length: RACERS }, (_, racer) => work(racer)));

/** Counts the items that equal the wanted one. */
export const count = <Item>(items: readonly Item[], wanted: Item): number =>
  items.filter((item) => item === wanted).length;

/** Returns a found login without the time of the answer. */
export const withoutTime = ({ record, values }: FoundLogin): Omit<FoundLogin, 'now'> => ({ record, values });
