/** The promises of a LoginStore to a single caller. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import type { LoginRecord } from '../../index.js';
import type { StoreContractCase } from './contract-case.js';
import { HOUR, newRecord, newUserKey, ROOMY, withoutTime } from './contract-case.js';

/** A store can break these promises without a second caller. */
export const singleCallerCases: readonly StoreContractCase[] = [
  {
    name: 'finds what was inserted, to the letter, with its values',
    check: async (store) => {
      const record = await newRecord(store);
      await store.insert(record, '{"cart":["\u00e9"]}', ROOMY);
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
      await store.insert(one, '{}', ROOMY);
      await store.insert(other, null, ROOMY);
      equal((await store.find(one.id, { values: false })).values, null);
      equal((await store.find(other.id, { values: true })).values, null);
    },
  },
  {
    name: 'refuses to insert over a record that is there',
    check: async (store) => {
      const record = await newRecord(store);
      await store.insert(record, null, ROOMY);
      await rejects(store.insert({ ...record, userId: 'somebody else' }, null, ROOMY));
      equal((await store.find(record.id, { values: false })).record?.userId, record.userId);
    },
  },
  {
    name: 'replaces nothing where the version is another',
    check: async (store) => {
      const record = await newRecord(store);
      await store.insert(record, null, ROOMY);
      equal(await store.replace({ ...record, freshAt: 5, version: 3 }, 2), false);
      deepEqual((await store.find(record.id, { values: false })).record, record);
    },
  },
  {
    name: 'never brings a deleted record back, by replace, saveValues or touch',
    check: async (store) => {
      const record = await newRecord(store);
      await store.insert(record, '{"secret":1}', ROOMY);
      equal(await store.delete(record.id), true);
      equal(await store.replace({ ...record, version: 2 }, 1), false);
      equal(await store.saveValues(record.id, record.session.startedAt, '{"late":1}'), false);
      await store.touch(record.id, { lastSeenAt: record.lastSeenAt + 1, endsAt: record.endsAt + 1 });
      deepEqual(await store.find(record.id, { values: true }).then(withoutTime), { record: null, values: null });
    },
  },
  {
    name: 'keeps the last saved values of a login that is there',
    check: async (store) => {
      const record = await newRecord(store);
      await store.insert(record, null, ROOMY);
      equal(await store.saveValues(record.id, record.session.startedAt, '{"a":1}'), true);
      equal(await store.saveValues(record.id, record.session.startedAt, '{"b":2}'), true);
      equal((await store.find(record.id, { values: true })).values, '{"b":2}');
      deepEqual((await store.find(record.id, { values: false })).record, record);
    },
  },
  {
    name: 'keeps no values of a session that began at another time',
    check: async (store) => {
      const record = await newRecord(store);
      await store.insert(record, '{"a":1}', ROOMY);
      equal(await store.saveValues(record.id, record.session.startedAt - 1, '{"late":1}'), false);
      const restored = { ...record, session: { ...record.session, startedAt: record.session.startedAt + 1 } };
      equal(await store.replace({ ...restored, version: 2 }, 1, null), true);
      equal(await store.saveValues(record.id, record.session.startedAt, '{"late":1}'), false);
      equal((await store.find(record.id, { values: true })).values, null);
      equal(await store.saveValues(record.id, restored.session.startedAt, '{"b":2}'), true);
      equal((await store.find(record.id, { values: true })).values, '{"b":2}');
    },
  },
  {
    name: 'replaces the values with the record where they are named, and leaves them where the version is another',
    check: async (store) => {
      const record = await newRecord(store);
      await store.insert(record, '{"a":1}', ROOMY);
      equal(await store.replace({ ...record, version: 3 }, 2, '{"b":2}'), false);
      equal((await store.find(record.id, { values: true })).values, '{"a":1}');
      equal(await store.replace({ ...record, version: 2 }, 1, '{"b":2}'), true);
      equal((await store.find(record.id, { values: true })).values, '{"b":2}');
      equal(await store.replace({ ...record, version: 3 }, 2, null), true);
      equal((await store.find(record.id, { values: true })).values, null);
    },
  },
  {
    name: 'touches without changing the version, and moves no time backwards',
    check: async (store) => {
      const record = await newRecord(store);
      await store.insert(record, null, ROOMY);
      const later = { lastSeenAt: record.lastSeenAt + 60_000, endsAt: record.endsAt + 60_000 };
      await store.touch(record.id, later);
      await store.touch(record.id, { lastSeenAt: record.lastSeenAt + 1, endsAt: record.endsAt + 1 });
      deepEqual((await store.find(record.id, { values: false })).record, { ...record, ...later });
    },
  },
  {
    name: 'replaces a record without moving its times back behind a touch',
    check: async (store) => {
      const record = await newRecord(store);
      await store.insert(record, null, ROOMY);
      const later = { lastSeenAt: record.lastSeenAt + 60_000, endsAt: record.endsAt + 60_000 };
      await store.touch(record.id, later);
      equal(await store.replace({ ...record, freshAt: 7, version: 2 }, 1), true);
      const replaced = (await store.find(record.id, { values: false })).record;
      deepEqual(replaced, { ...record, ...later, freshAt: 7, version: 2 });
    },
  },
  {
    name: "notes a theft with the end of a login, and answers it once, at the user's next insert",
    check: async (store) => {
      const user = newUserKey();
      const records = [{}, {}, {}].map((changes) => newRecord(store, changes, user));
      const [stolen, next, later] = (await Promise.all(records)) as [LoginRecord, LoginRecord, LoginRecord];
      const stranger = await newRecord(store, { userId: 'somebody else' });
      const now = await store.now();
      await store.insert(stolen, null, ROOMY);
      equal(await store.delete(stolen.id, now - 1), true);
      equal(await store.delete(stolen.id, now), false);
      equal((await store.insert(stranger, null, ROOMY)).theftSeenAt, null);
      equal((await store.insert(next, null, ROOMY)).theftSeenAt, now - 1);
      equal((await store.insert(later, null, ROOMY)).theftSeenAt, null);
    },
  },
  {
    name: 'sweeps what has ended, unless that leaves by itself, and nothing else',
    check: async (store) => {
      const now = await store.now();
      const [expired, alive] = [await newRecord(store, { endsAt: now - 1 }), await newRecord(store)];
      for (const record of [expired, alive]) await store.insert(record, '{}', ROOMY);
      const swept = await store.deleteExpired();
      const { record: left, now: later } = await store.find(expired.id, { values: true });
      ok(left === null || (swept === 0 && left.endsAt <= later));
      deepEqual((await store.find(alive.id, { values: false })).record, alive);
    },
  },
];
