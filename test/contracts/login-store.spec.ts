/** The contract of LoginStore, run on every store of this package, and on broken stores to see that it can fail. */
import { MemoryLoginStore } from 'nestjs-login';
import type { FoundLogin, LoginRecord } from 'nestjs-login';
import { loginStoreContract } from 'nestjs-login/testing';
import { describeOn } from '../support/servers.js';
import { STORAGES } from '../support/storages.js';
import type { TestStorage } from '../support/storages.js';

describe.each(STORAGES)('on $name', ({ name: storageName, servers, make }) => {
  describeOn(servers, 'a login store', () => {
    let made: TestStorage;
    let passed = 0;
    beforeAll(async () => {
      made = await make();
      await made.storage.logins.start();
    });
    afterAll(async () => {
      process.stdout.write(`login store contract on ${storageName}: ${passed} of ${loginStoreContract.length} pass\n`);
      await made.close();
    });
    for (const { name, check } of loginStoreContract)
      it(name, async () => {
        await check(made.storage.logins);
        passed += 1;
      });
  });
});

/**
 * Looks before it writes, with time in between, as a store does that compares in the application and not in the
 * database.
 */
class LooksFirst extends MemoryLoginStore {
  override async replace(record: LoginRecord, expectedVersion: number, values?: string | null): Promise<boolean> {
    const { record: found } = await this.find(record.id, { values: false });
    if (found?.version !== expectedVersion) return false;
    await new Promise((resolve) => setImmediate(resolve));
    const { record: latest } = await this.find(record.id, { values: false });
    return super.replace(record, latest?.version ?? expectedVersion, values);
  }
}

/** Writes whatever comes, as a session store does. */
class Upserts extends MemoryLoginStore {
  readonly #ghosts = new Map<string, string>();

  override async saveValues(id: string, startedAt: number, values: string): Promise<boolean> {
    this.#ghosts.set(id, values);
    return super.saveValues(id, startedAt, values);
  }

  override async find(id: string, wanted: { values: boolean }): Promise<FoundLogin> {
    const found = await super.find(id, wanted);
    return { ...found, values: wanted.values ? (this.#ghosts.get(id) ?? found.values) : null };
  }
}

describe('the contract of a login store', () => {
  const broken = async (store: MemoryLoginStore): Promise<string[]> => {
    const names: string[] = [];
    for (const { name, check } of loginStoreContract) await check(store).catch(() => names.push(name));
    return names;
  };

  it('sees a store that compares and writes in two steps', async () => {
    expect(await broken(new LooksFirst())).toEqual(['of racing replaces of one version lets exactly one through']);
  });

  it('sees a store that keeps values of logins that have ended', async () => {
    expect(await broken(new Upserts())).toEqual([
      'never brings a deleted record back, by replace, saveValues or touch',
      'keeps no values of a session that began at another time',
      'leaves nothing behind where late writers race with the end',
      'ends every login that was there when all of a user were ended, whatever races with it',
    ]);
  });
});
