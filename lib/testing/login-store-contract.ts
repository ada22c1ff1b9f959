/** What every LoginStore promises, as cases that any test runner can run. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import type { LoginRecord, LoginStore } from '../index.js';

/** One promise: its name is the sentence, `check` rejects where it is broken. */
export interface StoreContractCase {
  readonly name: string;
  /** @param store an empty or used store; cases use ids of their own */
  readonly check: (store: LoginStore) => Promise<void>;
}

/** How many calls race in the parallel cases. */
const RACERS = 100;
const HOUR = 3_600_000;

let made = 0;

/** A record as LoginModule makes them, with an id that no other case uses. */
async function newRecord(store: LoginStore, changes: Partial<LoginRecord> = {}): Promise<LoginRecord> {
  const now = await store.now();
  made += 1;
  const unique = `${process.pid}x${made}x${Math.random().toString(36).slice(2)}`.padEnd(22, '0').slice(0, 22);
  return {
    id: `contract-user-00${unique}`,
    userId: 'Zoë|1; "x"\u0000\u{1f600}',
    session: { idHash: 'h'.repeat(43), issuedAt: now, idleEndsAt: now + HOUR, endsAt: now + 2 * HOUR },
    createdAt: now,
    authenticatedAt: now,
    freshAt: null,
    lastSeenAt: now,
    identifier: 'browser',
    userAgent: 'Mozilla/5.0 "\u00e9"',
    ip: '2001:db8::1',
    version: 1,
    ...changes,
  };
}

const inParallel = <Answer>(work: (racer: number) => Promise<Answer>): Promise<Answer[]> =>
  Promise.all(Array.from({ length: RACERS }, (_, racer) => work(racer)));

const count = <Item>(items: readonly Item[], wanted: Item): number => items.filter((item) => item === wanted).length;

/**
 * The promises of `LoginStore`, to be run against a store that was just made:
 * `for (const { name, check } of loginStoreContract) it(name, async () => check(await makeStore()))`.
 */
export const loginStoreContract: readonly StoreContractCase[] = [
  {
    name: 'finds what was inserted, to the letter, with its values',
    check: async (store) => {
      const record = await newRecord(store);
      await store.insert(record, '{"cart":["\u00e9"]}');
      const found = await store.find(record.id, { values: true });
      deepEqual(found.record, record);
      equal(found.values, '{"cart":["\u00e9"]}');
      ok(found.now >= record.createdAt && found.now - record.createdAt < HOUR);
    },
  },
  {
    name: 'finds nothing under an id that was never inserted, and writes nothing by looking',
    check: async (store) => {
      const { id } = await newRecord(store);
      equal((await store.find(id, { values: true })).record, null);
      equal(await store.delete(id), false);
    },
  },
  {
    name: 'answers values only where they are wanted, and null where none were written',
    check: async (store) => {
      const [one, other] = [await newRecord(store), await newRecord(store)];
      await store.insert(one, '{}');
      await store.insert(other, null);
      equal((await store.find(one.id, { values: false })).values, null);
      equal((await store.find(other.id, { values: true })).values, null);
    },
  },
  {
    name: 'refuses to insert over a record that is there',
    check: async (store) => {
      const record = await newRecord(store);
      await store.insert(record, null);
      await rejects(store.insert({ ...record, userId: 'somebody else' }, null));
      equal((await store.find(record.id, { values: false })).record?.userId, record.userId);
    },
  },
  {
    name: 'of racing inserts of one id lets exactly one through',
    check: async (store) => {
      const record = await newRecord(store);
      const outcomes = await inParallel((racer) =>
        store.insert({ ...record, userId: `racer ${racer}` }, null).then(
          () => true,
          () => false,
        ),
      );
      equal(count(outcomes, true), 1);
    },
  },
  {
    name: 'of racing replaces of one version lets exactly one through',
    check: async (store) => {
      const record = await newRecord(store);
      await store.insert(record, '{"kept":1}');
      const outcomes = await inParallel((racer) => store.replace({ ...record, freshAt: racer + 1, version: 2 }, 1));
      equal(count(outcomes, true), 1);
      const found = await store.find(record.id, { values: true });
      equal(found.record?.freshAt, outcomes.indexOf(true) + 1);
      equal(found.record?.version, 2);
      equal(found.values, '{"kept":1}');
    },
  },
  {
    name: 'replaces nothing where the version is another',
    check: async (store) => {
      const record = await newRecord(store);
      await store.insert(record, null);
      equal(await store.replace({ ...record, freshAt: 5, version: 3 }, 2), false);
      deepEqual((await store.find(record.id, { values: false })).record, record);
    },
  },
  {
    name: 'never brings a deleted record back, by replace, saveValues or touch',
    check: async (store) => {
      const record = await newRecord(store);
      await store.insert(record, '{"secret":1}');
      equal(await store.delete(record.id), true);
      equal(await store.replace({ ...record, version: 2 }, 1), false);
      equal(await store.saveValues(record.id, '{"late":1}'), false);
      await store.touch(record.id, { lastSeenAt: record.lastSeenAt + 1, idleEndsAt: record.session.idleEndsAt + 1 });
      deepEqual(await store.find(record.id, { values: true }).then(({ record: gone, values }) => [gone, values]), [
        null,
        null,
      ]);
    },
  },
  {
    name: 'leaves nothing behind where late writers race with the end',
    check: async (store) => {
      const record = await newRecord(store);
      await store.insert(record, '{}');
      const times = { lastSeenAt: record.lastSeenAt + 1, idleEndsAt: record.session.idleEndsAt + 1 };
      const ended = await inParallel(async (racer) => {
        if (racer === RACERS / 2) return store.delete(record.id);
        if (racer % 3 === 0) await store.saveValues(record.id, `{"racer":${racer}}`);
        else if (racer % 3 === 1) await store.touch(record.id, times);
        else await store.replace({ ...record, version: 2 }, 1);
        return false;
      });
      equal(count(ended, true), 1);
      deepEqual(await store.find(record.id, { values: true }).then(({ record: gone, values }) => [gone, values]), [
        null,
        null,
      ]);
    },
  },
  {
    name: 'tells exactly one of racing deletes that it ended the login',
    check: async (store) => {
      const record = await newRecord(store);
      await store.insert(record, null);
      equal(count(await inParallel(() => store.delete(record.id)), true), 1);
    },
  },
  {
    name: 'keeps the last saved values of a login that is there',
    check: async (store) => {
      const record = await newRecord(store);
      await store.insert(record, null);
      equal(await store.saveValues(record.id, '{"a":1}'), true);
      equal(await store.saveValues(record.id, '{"b":2}'), true);
      equal((await store.find(record.id, { values: true })).values, '{"b":2}');
      deepEqual((await store.find(record.id, { values: false })).record, record);
    },
  },
  {
    name: 'touches without changing the version, and moves no time backwards',
    check: async (store) => {
      const record = await newRecord(store);
      await store.insert(record, null);
      const later = { lastSeenAt: record.lastSeenAt + 60_000, idleEndsAt: record.session.idleEndsAt + 60_000 };
      await store.touch(record.id, later);
      await store.touch(record.id, { lastSeenAt: record.lastSeenAt + 1, idleEndsAt: record.session.idleEndsAt + 1 });
      const touched = (await store.find(record.id, { values: false })).record;
      deepEqual(touched, {
        ...record,
        lastSeenAt: later.lastSeenAt,
        session: { ...record.session, idleEndsAt: later.idleEndsAt },
      });
    },
  },
  {
    name: 'replaces a record without moving its times back behind a touch',
    check: async (store) => {
      const record = await newRecord(store);
      await store.insert(record, null);
      const later = { lastSeenAt: record.lastSeenAt + 60_000, idleEndsAt: record.session.idleEndsAt + 60_000 };
      await store.touch(record.id, later);
      equal(await store.replace({ ...record, freshAt: 7, version: 2 }, 1), true);
      const replaced = (await store.find(record.id, { values: false })).record;
      deepEqual(
        [replaced?.freshAt, replaced?.lastSeenAt, replaced?.session.idleEndsAt],
        [7, later.lastSeenAt, later.idleEndsAt],
      );
    },
  },
  {
    name: 'sweeps what has ended, by its idle or its absolute end, and nothing else',
    check: async (store) => {
      const now = await store.now();
      const part = { idHash: 'h'.repeat(43), issuedAt: now - HOUR };
      const idle = await newRecord(store, { session: { ...part, idleEndsAt: now - 1, endsAt: now + HOUR } });
      const absolute = await newRecord(store, { session: { ...part, idleEndsAt: now + HOUR, endsAt: now - 1 } });
      const alive = await newRecord(store);
      for (const record of [idle, absolute, alive]) await store.insert(record, '{}');
      await store.deleteExpired();
      equal((await store.find(idle.id, { values: true })).record, null);
      equal((await store.find(absolute.id, { values: true })).record, null);
      deepEqual((await store.find(alive.id, { values: false })).record, alive);
      equal(await store.saveValues(idle.id, '{}'), false);
    },
  },
];
