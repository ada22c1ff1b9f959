/** Sends commands and scripts by the application's client, and knows the server's clock. */
import { inTime, PATIENCE_AT_START } from '../in-time.js';
import { StoreClock } from '../store-clock.js';
import { sendBy, unusableBecause, wrong } from './redis-client.js';
import type { RedisClient, SendCommand } from './redis-client.js';
import type { RedisScript } from './redis-scripts.js';

/** The oldest version whose behaviour is known, as [major, minor]. */
const OLDEST = [6, 2] as const;

/** One connection for both stores of a storage. */
export class RedisConnection {
  readonly #send: SendCommand;
  readonly #clock: StoreClock;
  #check: Promise<void> | undefined;

  /**
   * @param clockKey of a Cluster, the node that has this key tells the time: one clock for all
   * @param clock stands in for the server's time, milliseconds; for tests
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

  /** Sends a command that concerns one key. */
  send(key: string, words: readonly string[]): Promise<unknown> {
    return this.#send(key, words);
  }

  /** Runs a script on one key; by its name, and with its text where the server does not know it yet. */
  async run<Answer = unknown>(script: RedisScript, key: string, words: readonly (string | number)[]): Promise<Answer> {
    const rest = ['1', key, ...words.map(String)];
    try {
      return (await this.#send(key, ['EVALSHA', script.sha, ...rest])) as Answer;
    } catch (error) {
      if (!String(error).includes('NOSCRIPT')) throw error;
      return (await this.#send(key, ['EVAL', script.text, ...rest])) as Answer;
    }
  }

  /** The server's clock in milliseconds. */
  async now(): Promise<number> {
    return this.clock ? this.clock() : this.#clock.now();
  }

  /** Once: the client is open, the server answers, and is new enough. @throws LoginFault ERR_LOGIN_STORAGE */
  check(): Promise<void> {
    return (this.#check ??= this.#checkOnce().finally(() => (this.#check = undefined)));
  }

  async #checkOnce(): Promise<void> {
    const problem = unusableBecause(this.client);
    if (problem) throw wrong(problem);
    let info: string;
    try {
      info = String(await inTime(this.#send(this.clockKey, ['EVAL', INFO, '1', this.clockKey]), PATIENCE_AT_START));
    } catch (error) {
      throw wrong(`The server does not answer: ${error instanceof Error ? error.message : String(error)}.`);
    }
    const [, version = '', major, minor] = /redis_version:((\d+)\.(\d+)[\d.]*)/.exec(info) ?? [];
    const isOld = Number(major) < OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) < OLDEST[1]);
    if (version && isOld) throw wrong(`The server is Redis ${version}, which is too old.`);
    if (info.includes('role:slave')) throw wrong('It is connected to a replica, which cannot be written.');
  }

  async #time(): Promise<number> {
    const [seconds, microseconds] = (await this.#send(this.clockKey, ['EVAL', TIME, '1', this.clockKey])) as string[];
    return Number(seconds) * 1000 + Number(microseconds) / 1000;
  }
}

// As scripts on a key, so that a Cluster sends them to the node of that key; the command TIME has no key.
const TIME = "return redis.call('TIME')";
const INFO = "return redis.call('INFO', 'server') .. redis.call('INFO', 'replication')";
