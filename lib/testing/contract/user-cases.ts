/** The promises of a LoginStore about all logins of one user: their list, their end, and their number. */
import { deepEqual, equal } from 'node:assert/strict';
import type { LoginCap, LoginRecord, LoginStore } from '../../index.js';
import type { StoreContractCase } from './contract-case.js';
import { HOUR, inParallel, newRecord, newUserKey, RACERS, ROOMY, withoutTime } from './contract-case.js';

const idsOf = async (store: LoginStore, user: string): Promise<string[]> =>
  (await store.listByUser(user)).records.map(({ id }) => id).toSorted();

const WHEN_FULL = ['evict-oldest', 'refuse'] as const;

/** Makes a cap of two logins beside the excluded ones. */
const two = (whenFull: LoginCap['whenFull'], ...excludedIds: string[]): LoginCap => ({
  most: 2,
  whenFull,
  excludedIds,
});

/** Inserts logins of one user. `ages` are the milliseconds since the last use of each. */
async function insertedOf(store: LoginStore, user: string, ...ages: number[]): Promise<LoginRecord[]> {
  const records: LoginRecord[] = [];
  for (const age of ages) {
    const record = await newRecord(store, { lastSeenAt: (await store.now()) - age }, user);
    await store.insert(record, '{"kept":1}', ROOMY);
    records.push(record);
  }
  return records;
}

/** Inserts an expired login of this user that was used later than all others. */
async function insertedExpired(store: LoginStore, user: string): Promise<LoginRecord> {
  const now = await store.now();
  const record = await newRecord(store, { lastSeenAt: now, endsAt: now - 1 }, user);
  await store.insert(record, '{"kept":1}', ROOMY);
  return record;
}

/** The promises about the logins of one user. */
export const userCases: readonly StoreContractCase[] = [
  {
    name: 'lists the logins of a user as they are now, and those of nobody else',
    check: async (store) => {
      const user = newUserKey();
      const [one, other, deleted] = (await insertedOf(store, user, 0, 0, 0)) as [LoginRecord, LoginRecord, LoginRecord];
      await insertedOf(store, newUserKey(), 0);
      const use = { lastSeenAt: one.lastSeenAt + 60_000, endsAt: one.endsAt + 60_000 };
      await store.touch(one.id, use);
      await store.delete(deleted.id);

      const { records, now } = await store.listByUser(user);
      const expected = [{ ...one, ...use }, other].toSorted((a, b) => a.id.localeCompare(b.id));
      deepEqual(
        records.toSorted((a, b) => a.id.localeCompare(b.id)),
        expected,
      );
      equal(now >= one.createdAt && now - one.createdAt < HOUR, true);
      deepEqual((await store.listByUser(newUserKey())).records, []);
    },
  },
  {
    name: 'ends all logins of a user but one, with their values, and says which',
    check: async (store) => {
      const [user, stranger] = [newUserKey(), newUserKey()];
      const [stays, ...others] = (await insertedOf(store, user, 0, 0, 0)) as [LoginRecord, ...LoginRecord[]];
      await insertedOf(store, stranger, 0);

      const ids = others.map(({ id }) => id).toSorted();
      deepEqual((await store.deleteByUser(user, stays.id)).toSorted(), ids);
      deepEqual(await idsOf(store, user), [stays.id]);
      for (const id of ids) equal((await store.find(id, { values: true })).values, null);
      equal((await store.find(stays.id, { values: true })).values, '{"kept":1}');
      deepEqual(await store.deleteByUser(user), [stays.id]);
      deepEqual(await store.deleteByUser(user), []);
      equal((await store.find(stays.id, { values: true })).record, null);
      equal((await idsOf(store, stranger)).length, 1);
    },
  },
  {
    name: 'lets the login go that was not used for the longest time where a user has as many as they may',
    check: async (store) => {
      const user = newUserKey();
      const [recent, old] = (await insertedOf(store, user, 1000, 2000)) as [LoginRecord, LoginRecord];
      const next = await newRecord(store, {}, user);
      const answer = { isInserted: true, evicted: [old.id], theftSeenAt: null };
      deepEqual(await store.insert(next, null, two('evict-oldest')), answer);
      deepEqual(await idsOf(store, user), [next.id, recent.id].toSorted());
      equal((await store.find(old.id, { values: true })).values, null);
      // A login that was used in between is not the oldest.
      await store.touch(recent.id, { lastSeenAt: next.lastSeenAt + 1000, endsAt: recent.endsAt + 1000 });
      deepEqual((await store.insert(await newRecord(store, {}, user), null, two('evict-oldest'))).evicted, [next.id]);
    },
  },
  {
    name: 'lets as many go as there are too many, where fewer are allowed than before',
    check: async (store) => {
      const user = newUserKey();
      const [, ...older] = (await insertedOf(store, user, 1000, 2000, 3000, 4000)) as [LoginRecord, ...LoginRecord[]];
      const { evicted } = await store.insert(await newRecord(store, {}, user), null, two('evict-oldest'));
      deepEqual(evicted.toSorted(), older.map(({ id }) => id).toSorted());
    },
  },
  {
    name: 'inserts nothing where a user has as many logins as they may and the cap says so',
    check: async (store) => {
      const user = newUserKey();
      const [stolen, ...both] = (await insertedOf(store, user, 0, 0, 0)) as [LoginRecord, ...LoginRecord[]];
      const now = await store.now();
      await store.delete(stolen.id, now);
      const next = await newRecord(store, {}, user);
      const refused = { isInserted: false, evicted: [], theftSeenAt: null };
      deepEqual(await store.insert(next, '{}', two('refuse')), refused);
      deepEqual(await idsOf(store, user), both.map(({ id }) => id).toSorted());
      // Only an inserted login takes the note. An excluded one makes room for it.
      const excluded = both[0]?.id ?? '';
      equal((await store.insert(next, null, two('refuse', excluded))).theftSeenAt, now);
      equal((await idsOf(store, user)).includes(excluded), true);
    },
  },
  ...WHEN_FULL.map((whenFull) => ({
    name: `leaves the other logins of a user as they are below the cap: ${whenFull}`,
    check: async (store: LoginStore) => {
      const user = newUserKey();
      const [one, other] = (await insertedOf(store, user, 1000, 2000)) as [LoginRecord, LoginRecord];
      const next = await newRecord(store, {}, user);
      const answer = { isInserted: true, evicted: [], theftSeenAt: null };
      deepEqual(await store.insert(next, '{}', { most: 3, whenFull, excludedIds: [] }), answer);
      for (const record of [one, other]) {
        const found = await store.find(record.id, { values: true });
        deepEqual([found.record, found.values], [record, '{"kept":1}']);
      }
      deepEqual(await idsOf(store, user), [one.id, other.id, next.id].toSorted());
    },
  })),
  ...WHEN_FULL.map((whenFull) => ({
    name: `does not count expired logins, and has deleted them once the cap is reached: ${whenFull}`,
    check: async (store: LoginStore) => {
      const user = newUserKey();
      const [living] = (await insertedOf(store, user, 1000)) as [LoginRecord];
      const expired = await insertedExpired(store, user);
      const next = await newRecord(store, {}, user);
      const answer = { isInserted: true, evicted: [], theftSeenAt: null };
      deepEqual(await store.insert(next, null, two(whenFull)), answer);
      deepEqual(await store.find(expired.id, { values: true }).then(withoutTime), { record: null, values: null });
      deepEqual(await idsOf(store, user), [living.id, next.id].toSorted());
    },
  })),
  ...WHEN_FULL.map((whenFull) => ({
    name: `deletes expired logins also where the living ones reach the cap: ${whenFull}`,
    check: async (store: LoginStore) => {
      const user = newUserKey();
      const [recent, old] = (await insertedOf(store, user, 1000, 2000)) as [LoginRecord, LoginRecord];
      const expired = await insertedExpired(store, user);
      const next = await newRecord(store, {}, user);
      const isInserted = whenFull === 'evict-oldest';
      const answer = { isInserted, evicted: isInserted ? [old.id] : [], theftSeenAt: null };
      deepEqual(await store.insert(next, null, two(whenFull)), answer);
      deepEqual(await store.find(expired.id, { values: true }).then(withoutTime), { record: null, values: null });
      deepEqual(await idsOf(store, user), [recent.id, isInserted ? next.id : old.id].toSorted());
    },
  })),
  ...WHEN_FULL.map((whenFull) => ({
    name: `of ${RACERS} racing inserts of one user keeps as many as the cap allows: ${whenFull}`,
    check: async (store: LoginStore) => {
      const user = newUserKey();
      const cap: LoginCap = { most: 3, whenFull, excludedIds: [] };
      const answers = await inParallel(async () => store.insert(await newRecord(store, {}, user), null, cap));
      equal((await idsOf(store, user)).length, 3);
      equal(answers.filter(({ isInserted }) => isInserted).length, whenFull === 'refuse' ? 3 : RACERS);
      equal(answers.flatMap(({ evicted }) => evicted).length, whenFull === 'refuse' ? 0 : RACERS - 3);
    },
  })),
  {
    name: 'ends every login that was there when all of a user were ended, whatever races with it',
    check: async (store) => {
      const user = newUserKey();
      const before = await insertedOf(store, user, 0, 0, 0);
      const outcomes = await inParallel(async (racer) => {
        if (racer === RACERS / 2) return store.deleteByUser(user);
        const { id, session, version } = before[racer % 3] as LoginRecord;
        if (racer % 4 === 0) await store.saveValues(id, session.startedAt, `{"racer":${racer}}`);
        else if (racer % 4 === 1)
          await store.touch(id, { lastSeenAt: session.startedAt + racer, endsAt: session.endsAt });
        else if (racer % 4 === 2)
          await store.replace({ ...(before[racer % 3] as LoginRecord), version: version + 1 }, version);
        else await store.insert(await newRecord(store, {}, user), null, ROOMY);
        return [];
      });

      for (const { id } of before) {
        equal(outcomes.flat().includes(id), true);
        deepEqual((await store.find(id, { values: true })).record, null);
        equal((await store.find(id, { values: true })).values, null);
      }
    },
  },
];
