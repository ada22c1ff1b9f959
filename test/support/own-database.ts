/** A PostgreSQL database for one test, for statistics without other tests, and for tables that are not there yet. */
import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { addressOf } from './servers.js';

/** An empty database on the server of the tests. */
export interface OwnDatabase {
  readonly name: string;
  readonly url: string;
  /** a connection to the server that is not to this database */
  readonly admin: pg.Pool;
  /** waits until so many statements wait for a lock, though not for ever; answers how many do */
  readonly untilWaiting: (many: number) => Promise<number>;
  /** takes the database away, once nobody is connected to it any more */
  readonly drop: () => Promise<void>;
}

export async function createOwnDatabase(): Promise<OwnDatabase> {
  const admin = new pg.Pool({ connectionString: addressOf('postgres'), max: 1 });
  const name = `own_${randomBytes(6).toString('hex')}`;
  await admin.query(`CREATE DATABASE ${name}`);
  return {
    name,
    url: addressOf('postgres').replace(/\/postgres$/, `/${name}`),
    admin,
    untilWaiting: async (many) => {
      const waiting = `SELECT pid FROM pg_stat_activity WHERE datname = '${name}' AND wait_event_type = 'Lock'`;
      for (let tries = 0; ; tries += 1) {
        const { length } = (await admin.query(waiting)).rows;
        if (length >= many || tries === 500) return length;
        await setTimeout(20);
      }
    },
    drop: async () => {
      await admin.query(`DROP DATABASE ${name}`);
      await admin.end();
    },
  };
}
