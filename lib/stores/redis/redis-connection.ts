/** Sends commands and scripts by the application's client, and reads the server's clock. */
import { StoreClock } from '../store-clock.js';
import { START_TIMEOUT, withTimeout } from '../with-timeout.js';
import { sendBy, unusableBecause, wrong } from './redis-client.js';
import type { RedisClient, SendCommand } from './redis-client.js';
import type { RedisScript } from './redis-scripts.js';

/** The oldest version of Redis with known behaviour, as [major, minor]. */
const OLDEST = [6, 2] as const;

/** The connection of both stores of a storage. */
export class RedisConnection {
  readonly #send: SendCommand;
  readonly #clock: StoreClock;
  #check: Promise<void> | undefined;

  /**
   * @param clockKey in a Cluster the node of this key tells the time, so that all share one clock
   * @param clock replaces the server's time, in milliseconds; for tests
   * @throws LoginFault ERR_LOGIN_STORAGE for a client of an unknown kind
   */
  constructor(
    private readonly client: RedisClient,
    private readonly clockKey: string,
    private readonly clock?: () => number,
  ) {
    this.#send = sendBy(client);
    this.#clock = new StoreClock(() => this.#time());
  }

  /** Sends a command about one key. */
  send(key: string, words: readonly string[]): Promise<unknown> {
    return this.#send(key, words);
  }

  /** Runs a script on one key. Sends its hash, and its text where the server does not know the hash yet. */
  async run<Answer = unknown>(script: RedisScript, key: string, words: readonly (string | number)[]): Promise<Answer> {
    const rest = ['1', key, ...words.map(String)];
    try {
      return (await this.#send(key, ['EVALSHA', script.sha, ...rest])) as Answer;
    } catch (error) {
      if (!String(error).includes('NOSCRIPT')) throw error;
      return (await this.#send(key, ['EVAL', script.text, ...rest])) as Answer;
    }
  }

  /** Returns the server's clock, in milliseconds. */
  async now(): Promise<number> {
    return this.clock ? this.clock() : this.#clock.now();
  }

  /**
   * Checks that the client is open, and that the server answers and is new enough. Calls at the same time share one
   * check.
   * @throws LoginFault ERR_LOGIN_STORAGE
   */
  check(): Promise<void> {
    return (this.#check ??= this.#checkOnce().finally(() => (this.#check = undefined)));
  }

  async #checkOnce(): Promise<void> {
    const problem = unusableBecause(this.client);
    if (problem) throw wrong(problem);

    const info = await this.#info();
    const [, version = '', major, minor] = /redis_version:((\d+)\.(\d+)[\d.]*)/.exec(info) ?? [];
    const isOld = Number(major) < OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) < OLDEST[1]);
    if (version && isOld) throw wrong(`The server is Redis ${version}, which is too old.`);
    if (info.includes('role:slave')) throw wrong('It is connected to a replica, which cannot be written.');
  }

  async #info(): Promise<string> {
    try {
      return String(await withTimeout(this.#send(this.clockKey, ['EVAL', INFO, '1', this.clockKey]), START_TIMEOUT));
    } catch (error) {
      throw wrong(`The server does not answer: ${error instanceof Error ? error.message : String(error)}.`);
    }
  }

  async #time(): Promise<number> {
    const [seconds, microseconds] = (await this.#send(this.clockKey, ['EVAL', TIME, '1', this.clockKey])) as string[];
    return Number(seconds) * 1000 + Number(microseconds) / 1000;
  }
}

// Scripts on a key, because a Cluster sends them to the node of that key. The command TIME has no key.
const TIME = "return redis.call('TIME')";
const INFO = "return redis.call('INFO', 'server') .. redis.call('INFO', 'replication')";
