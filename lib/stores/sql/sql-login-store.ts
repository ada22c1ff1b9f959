/** Keeps login records in a SQL database. Each login is a row, and each compared or sorted value has its own column. */
import { Logger } from '@nestjs/common';
import { userKeyOf } from '../../logins/login-id.js';
import type { LoginRecord } from '../../logins/login-record.js';
import { LoginStore } from '../../logins/login-store.js';
import type { FoundLogin, InsertedLogin, ListedLogins, LoginCap, LoginUse } from '../../logins/login-store.js';
import { MAX_SWEPT, NOTE_LIFETIME } from '../lifetimes.js';
import { decodeRecord, encodeRecord } from '../record-codec.js';
import type { SqlDriver, SqlRow, SqlStatement, SqlValue } from './sql-driver.js';
import { checkSchema, deletionUnderLock } from './sql-schema.js';

/** The parameter types of the function that inserts in PostgreSQL, see sql-schema.ts. */
const INSERT_TYPES = 'text text integer bigint bigint bigint text text bigint integer integer text'.split(' ');

const HEAD = 'id, version, started_at, last_seen_at, ends_at, record';

/** Keeps the promises of `LoginStore` on PostgreSQL and SQLite. Expired records leave by `deleteExpired`. */
export class SqlLoginStore extends LoginStore {
  readonly #logger = new Logger('SqlLoginStore');
  readonly #latest: string;
  readonly #records: string;
  readonly #thefts: string;

  /**
   * @param prefix begins the name of every table
   * @param clock returns the database's time, in milliseconds
   */
  constructor(
    private readonly driver: SqlDriver,
    private readonly prefix: string,
    private readonly clock: () => Promise<number>,
  ) {
    super();
    this.#records = `${prefix}records`;
    this.#thefts = `${prefix}thefts`;
    this.#latest = driver.dialect === 'postgres' ? 'GREATEST' : 'MAX';
  }

  override start(): Promise<void> {
    return checkSchema(this.driver, this.prefix);
  }

  override now(): Promise<number> {
    return this.clock();
  }

  override async insert(record: LoginRecord, values: string | null, cap: LoginCap): Promise<InsertedLogin> {
    const { id, version, session, lastSeenAt, endsAt, createdAt } = record;
    const userKey = userKeyOf(id);
    const row = [id, userKey, version, session.startedAt, lastSeenAt, endsAt, encodeRecord(record), values];
    const excludedIds = cap.excludedIds.filter((other) => userKeyOf(other) === userKey);
    return this.driver.dialect === 'postgres'
      ? this.#insertByFunction([...row, createdAt, cap.most, Number(cap.whenFull === 'refuse'), excludedIds.join()])
      : this.#insertInSteps(row, createdAt, { ...cap, excludedIds });
  }

  override async find(id: string, wanted: { readonly values: boolean }): Promise<FoundLogin> {
    const columns = wanted.values ? `${HEAD}, session_values` : HEAD;
    const [row] = await this.#rows(`SELECT ${columns} FROM ${this.#records} WHERE id = $1`, [id]);
    const record = row ? this.#record(row) : null;
    return { record, values: record && ((row?.session_values ?? null) as string | null), now: await this.clock() };
  }

  override async saveValues(id: string, startedAt: number, values: string): Promise<boolean> {
    const set = `UPDATE ${this.#records} SET session_values = $3 WHERE id = $1 AND started_at = $2 RETURNING id`;
    return (await this.#rows(set, [id, startedAt, values])).length > 0;
  }

  override async replace(record: LoginRecord, expectedVersion: number, values?: string | null): Promise<boolean> {
    const { id, version, session, lastSeenAt, endsAt } = record;
    const head = [id, expectedVersion, version, session.startedAt, encodeRecord(record), lastSeenAt, endsAt];
    const rows = await this.#rows(
      `UPDATE ${this.#records} SET version = $3, started_at = $4, record = $5,
        last_seen_at = ${this.#latest}(last_seen_at, $6), ends_at = ${this.#latest}(ends_at, $7)
        ${values === undefined ? '' : ', session_values = $8'}
        WHERE id = $1 AND version = $2 RETURNING id`,
      values === undefined ? head : [...head, values],
    );
    return rows.length > 0;
  }

  override async touch(id: string, { lastSeenAt, endsAt }: LoginUse): Promise<void> {
    await this.#rows(
      `UPDATE ${this.#records} SET last_seen_at = ${this.#latest}(last_seen_at, $2),
        ends_at = ${this.#latest}(ends_at, $3) WHERE id = $1`,
      [id, lastSeenAt, endsAt],
    );
  }

  override async delete(id: string, theftSeenAt?: number): Promise<boolean> {
    const deletion = `DELETE FROM ${this.#records} WHERE id = $1 RETURNING id`;
    if (theftSeenAt === undefined) return (await this.#rows(deletion, [id])).length > 0;

    const values = [id, userKeyOf(id), theftSeenAt];
    const note = `INSERT INTO ${this.#thefts} (user_key, seen_at)`;
    const latest = 'ON CONFLICT (user_key) DO UPDATE SET seen_at = excluded.seen_at';
    if (this.driver.dialect === 'postgres') {
      const text = `WITH deleted AS (${deletion}),
        noted AS (${note} SELECT $2, CAST($3 AS BIGINT) FROM deleted ${latest})
        SELECT id FROM deleted`;
      return (await this.#rows(text, values)).length > 0;
    }

    const [, rows = []] = await this.driver.run([
      { text: `${note} SELECT $2, $3 FROM ${this.#records} WHERE id = $1 ${latest}`, values },
      { text: deletion, values: [id] },
    ]);
    return rows.length > 0;
  }

  override async listByUser(userKey: string): Promise<ListedLogins> {
    const rows = await this.#rows(`SELECT ${HEAD} FROM ${this.#records} WHERE user_key = $1`, [userKey]);
    return { records: rows.flatMap((row) => this.#record(row) ?? []), now: await this.clock() };
  }

  override async deleteByUser(userKey: string, except?: string): Promise<readonly string[]> {
    const deletion = deletionUnderLock(this.driver.dialect, this.#records);
    const text = `${deletion} WHERE user_key = $1 AND id <> $2 RETURNING id`;
    return (await this.#rows(text, [userKey, except ?? ''])).map(({ id }) => String(id));
  }

  override async deleteExpired(): Promise<number> {
    const now = await this.clock();
    // A row that is locked has a writer, and waiting for several rows in any order could be a deadlock.
    const free = this.driver.dialect === 'postgres' ? 'FOR UPDATE SKIP LOCKED' : '';
    const some = `SELECT id FROM ${this.#records} WHERE ends_at <= $1 LIMIT ${MAX_SWEPT} ${free}`;
    // The second comparison keeps a login that was touched in between.
    const text = `DELETE FROM ${this.#records} WHERE id IN (${some}) AND ends_at <= $1 RETURNING id`;
    const { length } = await this.#rows(text, [now]);
    await this.#rows(`DELETE FROM ${this.#thefts} WHERE seen_at <= $1`, [now - NOTE_LIFETIME]);
    return length;
  }

  async #insertByFunction(values: readonly SqlValue[]): Promise<InsertedLogin> {
    // States the types, because PostgreSQL picks the best fit of all functions of this name, and others may define one.
    const marks = values.map((_, at) => `$${at + 1}::${INSERT_TYPES[at]}`).join(', ');
    const [row = {}] = await this.#rows(`SELECT * FROM ${this.prefix}insert(${marks})`, values);
    return {
      isInserted: Number(row.inserted) === 1,
      evicted: typeof row.evicted === 'string' ? row.evicted.split(',') : [],
      theftSeenAt: numberOrNull(row.theft_seen_at),
    };
  }

  /** Inserts by one transaction. SQLite has one writer at a time, so its steps see nothing of another transaction. */
  async #insertInSteps(row: readonly SqlValue[], now: number, cap: LoginCap): Promise<InsertedLogin> {
    const [id = '', userKey = ''] = row;
    const mine = [userKey, ...cap.excludedIds];
    const marks = row.map((_, at) => `$${at + mine.length + 1}`).join(', ');

    const [, evicted = [], inserted = [], thefts = []] = await this.driver.run([
      ...this.#makeRoom(mine, now, cap),
      {
        text: `INSERT INTO ${this.#records}
          (id, user_key, version, started_at, last_seen_at, ends_at, record, session_values)
          SELECT ${marks} WHERE ${this.#countWith(cap)} <= ${cap.most} RETURNING id`,
        values: [...mine, ...row],
      },
      {
        text: `DELETE FROM ${this.#thefts} WHERE user_key = $1 AND EXISTS (SELECT 1 FROM ${this.#records} WHERE id = $2)
          RETURNING seen_at`,
        values: [userKey, id],
      },
    ]);

    return {
      isInserted: inserted.length > 0,
      evicted: evicted.map((each) => String(each.id)),
      theftSeenAt: numberOrNull(thefts[0]?.seen_at),
    };
  }

  /** Returns the steps that delete a user's expired logins and evict the oldest ones, both at the cap alone. */
  #makeRoom(mine: readonly SqlValue[], now: number, cap: LoginCap): SqlStatement[] {
    const count = this.#countWith(cap);
    const others = `SELECT id FROM ${this.#records} WHERE user_key = $1`;
    const excess = cap.whenFull === 'refuse' ? '0' : `max(0, ${count} - ${cap.most})`;

    // A query with the limit 0 reads no row.
    return [
      {
        text: `DELETE FROM ${this.#records} WHERE id IN
          (${others} AND ends_at <= $${mine.length + 1} LIMIT iif(${count} > ${cap.most}, -1, 0))`,
        values: [...mine, now],
      },
      {
        text: `DELETE FROM ${this.#records} WHERE id IN
          (${others} AND id NOT IN (${marksOf(cap.excludedIds)}) ORDER BY last_seen_at LIMIT ${excess}) RETURNING id`,
        values: mine,
      },
    ];
  }

  /** Returns the SQL that counts the logins of the user `$1` and a new one. It reads two indexes and no row. */
  #countWith({ excludedIds }: LoginCap): string {
    const all = `SELECT count(*) FROM ${this.#records} WHERE user_key = $1`;
    return `((${all}) - (SELECT count(*) FROM ${this.#records} WHERE id IN (${marksOf(excludedIds)})) + 1)`;
  }

  async #rows(text: string, values: readonly SqlValue[]): Promise<readonly SqlRow[]> {
    const [rows = []] = await this.driver.run([{ text, values }]);
    return rows;
  }

  #record(row: SqlRow): LoginRecord | null {
    const head = {
      version: Number(row.version),
      startedAt: Number(row.started_at),
      lastSeenAt: Number(row.last_seen_at),
      endsAt: Number(row.ends_at),
    };
    const record = decodeRecord(String(row.id), head, String(row.record));
    if (!record)
      this.#logger.error(`The row "${String(row.id)}" of ${this.#records} is damaged: nobody is logged in by it.`);
    return record;
  }
}

/** Returns the marks of the excluded ids, which follow the user key `$1`. */
const marksOf = (ids: readonly string[]): string => ids.map((_, at) => `$${at + 2}`).join(', ');

const numberOrNull = (value: unknown): number | null => (value === null || value === undefined ? null : Number(value));
