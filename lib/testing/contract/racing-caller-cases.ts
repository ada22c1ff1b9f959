/** The promises of a LoginStore to racing callers. */
import { deepEqual, equal } from 'node:assert/strict';
import type { StoreContractCase } from './contract-case.js';
import { count, inParallel, newRecord, RACERS, ROOMY, withoutTime } from './contract-case.js';

/** A store that reads first and writes afterwards breaks these promises. */
export const racingCallerCases: readonly StoreContractCase[] = [
  {
    name: 'of racing inserts of one id lets exactly one through',
    check: async (store) => {
      const record = await newRecord(store);
      const outcomes = await inParallel((racer) =>
        store.insert({ ...record, userId: `racer ${racer}` }, null, ROOMY).then(
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
      await store.insert(record, '{"kept":1}', ROOMY);
      const outcomes = await inParallel((racer) => store.replace({ ...record, freshAt: racer + 1, version: 2 }, 1));
      equal(count(outcomes, true), 1);
      const found = await store.find(record.id, { values: true });
      equal(found.record?.freshAt, outcomes.indexOf(true) + 1);
      equal(found.record?.version, 2);
      equal(found.values, '{"kept":1}');
    },
  },
  {
    name: 'leaves nothing behind where late writers race with the end',
    check: async (store) => {
      const record = await newRecord(store);
      await store.insert(record, '{}', ROOMY);
      const use = { lastSeenAt: record.lastSeenAt + 1, endsAt: record.endsAt + 1 };

      const isDeleted = await inParallel(async (racer) => {
        if (racer === RACERS / 2) return store.delete(record.id);
        if (racer % 3 === 0) await store.saveValues(record.id, record.session.startedAt, `{"racer":${racer}}`);
        else if (racer % 3 === 1) await store.touch(record.id, use);
        else await store.replace({ ...record, version: 2 }, 1);
        return false;
      });

      equal(count(isDeleted, true), 1);
      deepEqual(await store.find(record.id, { values: true }).then(withoutTime), { record: null, values: null });
    },
  },
  {
    name: 'tells exactly one of racing deletes that it ended the login',
    check: async (store) => {
      const record = await newRecord(store);
      await store.insert(record, null, ROOMY);
      equal(count(await inParallel(() => store.delete(record.id)), true), 1);
    },
  },
];
