/** Keeps login records in Redis, in one hash for each user. Each change of a user's logins is one step on one node. */
import { Logger } from '@nestjs/common';
import { userKeyOf } from '../../logins/login-id.js';
import type { LoginRecord } from '../../logins/login-record.js';
import { LoginStore } from '../../logins/login-store.js';
import type { FoundLogin, InsertedLogin, ListedLogins, LoginCap, LoginUse } from '../../logins/login-store.js';
import { NOTE_LIFETIME } from '../lifetimes.js';
import { decodeRecord, encodeRecord } from '../record-codec.js';
import type { RedisConnection } from './redis-connection.js';
import { DELETE_ALL, DELETE_FOR_THEFT, INSERT, LIST, REPLACE, SAVE_VALUES, TOUCH } from './redis-scripts.js';

/** Keeps the promises of `LoginStore` on Redis 6.2 or newer. Records leave by their time to live. */
export class RedisLoginStore extends LoginStore {
  // A client may be configured to return texts, so every returned number is converted.
  readonly #logger = new Logger('RedisLoginStore');

  /** @param prefix stands before every key */
  constructor(
    private readonly redis: RedisConnection,
    private readonly prefix: string,
  ) {
    super();
  }

  override start(): Promise<void> {
    return this.redis.check();
  }

  override now(): Promise<number> {
    return this.redis.now();
  }

  override async insert(record: LoginRecord, values: string | null, cap: LoginCap): Promise<InsertedLogin> {
    const { version, session, lastSeenAt, createdAt, endsAt } = record;
    const userKey = userKeyOf(record.id);
    const text = [version, session.startedAt, lastSeenAt, endsAt, encodeRecord(record)].join(':');
    const excluded = cap.excludedIds.filter((id) => userKeyOf(id) === userKey).map(fieldOf);
    const words = [fieldOf(record.id), text, values ?? '', createdAt, endsAt, cap.most, cap.whenFull, ...excluded];

    const answer = await this.redis.run<[number, string, ...string[]]>(INSERT, this.#key(record.id), words);
    const [isInserted, theft, ...evicted] = answer;
    return {
      isInserted: Number(isInserted) === 1,
      evicted: evicted.map((field) => userKey + field),
      theftSeenAt: theft === '' ? null : Number(theft),
    };
  }

  override async find(id: string, wanted: { readonly values: boolean }): Promise<FoundLogin> {
    const fields = wanted.values ? [fieldOf(id), valuesOf(id)] : [fieldOf(id)];
    const answer = this.redis.send(this.#key(id), ['HMGET', this.#key(id), ...fields]);
    const [text = null, values = null] = (await answer.catch(this.#ifForeign(id, []))) as (string | null)[];
    const now = await this.redis.now();
    const record = text === null ? null : this.#record(id, text);
    return { record, values: record && values, now };
  }

  override async saveValues(id: string, startedAt: number, values: string): Promise<boolean> {
    const saved = this.redis.run(SAVE_VALUES, this.#key(id), [fieldOf(id), startedAt, values]);
    return Number(await saved.catch(this.#ifForeign(id, 0))) === 1;
  }

  override async replace(record: LoginRecord, expectedVersion: number, values?: string | null): Promise<boolean> {
    const { id, version, session, lastSeenAt, endsAt } = record;
    const now = await this.redis.now();
    const change = values === undefined ? 'keep' : values === null ? 'drop' : 'set';
    const head = [fieldOf(id), expectedVersion, version, session.startedAt, lastSeenAt, endsAt];
    const replaced = this.redis.run(REPLACE, this.#key(id), [...head, encodeRecord(record), now, change, values ?? '']);
    return Number(await replaced.catch(this.#ifForeign(id, 0))) === 1;
  }

  override async touch(id: string, { lastSeenAt, endsAt }: LoginUse): Promise<void> {
    const words = [fieldOf(id), lastSeenAt, endsAt, await this.redis.now()];
    await this.redis.run(TOUCH, this.#key(id), words).catch(this.#ifForeign(id, 0));
  }

  override async delete(id: string, theftSeenAt?: number): Promise<boolean> {
    const key = this.#key(id);
    const deleted =
      theftSeenAt === undefined
        ? this.redis.send(key, ['HDEL', key, fieldOf(id), valuesOf(id)])
        : this.redis.run(DELETE_FOR_THEFT, key, [fieldOf(id), theftSeenAt, NOTE_LIFETIME]);
    return Number(await deleted.catch(this.#ifForeign(id, 0))) > 0;
  }

  override async listByUser(userKey: string): Promise<ListedLogins> {
    const now = await this.redis.now();
    const pairs = await this.redis
      .run<string[]>(LIST, this.#key(userKey), [now])
      .catch(this.#ifForeign(userKey, [] as string[]));
    const records = pairs.flatMap((field, at) =>
      at % 2 === 0 ? (this.#record(userKey + field, pairs[at + 1] as string) ?? []) : [],
    );
    return { records, now };
  }

  override async deleteByUser(userKey: string, except?: string): Promise<readonly string[]> {
    const stays = except === undefined ? '' : fieldOf(except);
    const deleted = await this.redis
      .run<string[]>(DELETE_ALL, this.#key(userKey), [stays])
      .catch(this.#ifForeign(userKey, [] as string[]));
    return deleted.map((field) => userKey + field);
  }

  /**
   * Deletes nothing. A user's hash lives as long as the last of their logins. Expired ones in it go with the next list,
   * or with a login that finds as many fields as logins are allowed.
   */
  override async deleteExpired(): Promise<number> {
    return 0;
  }

  #key(idOrUserKey: string): string {
    return `${this.prefix}login:${userKeyOf(idOrUserKey)}`;
  }

  #record(id: string, text: string): LoginRecord | null {
    const [, version, startedAt, lastSeenAt, endsAt, rest = ''] = /^(\d+):(\d+):(\d+):(\d+):([^]*)$/.exec(text) ?? [];
    const head = {
      version: Number(version),
      startedAt: Number(startedAt),
      lastSeenAt: Number(lastSeenAt),
      endsAt: Number(endsAt),
    };
    const record = version === undefined ? null : decodeRecord(id, head, rest);
    if (!record) this.#report(id);
    return record;
  }

  /**
   * Treats a value of another type under a key of this store as no value. Its user is logged out, not locked out by
   * errors.
   */
  #ifForeign<Instead>(id: string, instead: Instead): (error: unknown) => Instead {
    return (error) => {
      if (!String(error).includes('WRONGTYPE')) throw error;
      this.#report(id);
      return instead;
    };
  }

  #report(id: string): void {
    this.#logger.error(`What stands under "${this.#key(id)}" is damaged or not ours: nobody is logged in by it.`);
  }
}

/** Returns the field of a login in the hash of its user. */
const fieldOf = (id: string): string => id.slice(16);

/** Returns the field of its session values. */
const valuesOf = (id: string): string => `${fieldOf(id)}:v`;
