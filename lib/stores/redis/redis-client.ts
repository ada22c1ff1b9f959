/** The application's own Redis client, whichever it is: node-redis or ioredis, one node, Sentinel or Cluster. */
import { LoginFault } from '../../exceptions/login-fault.js';

/** A client of node-redis (`createClient`, `createClientPool`, `createSentinel`, `createCluster`), by what is used of it. */
export interface NodeRedisClient {
  /** Sends a command; where the words stand depends on the kind of client. */
  sendCommand(...words: never[]): Promise<unknown>;
}

/** A client of ioredis (`new Redis()`, `new Redis.Cluster()`), by what is used of it. */
export interface IoRedisClient {
  /** Sends a command. */
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** A Redis client of the application, connected and closed by the application. */
export type RedisClient = NodeRedisClient | IoRedisClient;

/** Sends one command that concerns one key, to the node that writes it: a replica would still know what was just ended. */
export type SendCommand = (key: string, words: readonly string[]) => Promise<unknown>;

/**
 * How commands are sent by this client.
 * @throws LoginFault ERR_LOGIN_STORAGE for what is no client of a kind that is known
 */
export function sendBy(client: RedisClient): SendCommand {
  const object = (typeof client === 'object' && client !== null ? client : {}) as Record<string, unknown>;
  if (typeof object.call === 'function') {
    const ioRedis = client as IoRedisClient;
    return async (_key, [command = '', ...args]) => ioRedis.call(command, ...args);
  }
  if (typeof object.send_command === 'function') throw wrong('It is a client of node-redis 3, which is too old.');
  if (typeof object.sendCommand !== 'function') throw wrong('It is no Redis client.');
  const send = object.sendCommand as (...words: unknown[]) => Promise<unknown>;
  if ('masters' in object) return async (key, words) => send.call(client, key, false, words);
  if ('acquire' in object && 'getMasterNode' in object) return async (_key, words) => send.call(client, false, words);
  return async (_key, words) => send.call(client, words);
}

/** Why this client cannot be used as it is, or undefined. */
export function unusableBecause(client: RedisClient): string | undefined {
  const { isOpen, status, options } = client as {
    isOpen?: unknown;
    status?: unknown;
    options?: { scaleReads?: unknown };
  };
  if (isOpen === false) return 'It is not connected: await client.connect() before the application starts.';
  if (status === 'end' || status === 'close') return 'It is closed: create the client anew, or connect it again.';
  if ((options?.scaleReads ?? 'master') !== 'master')
    return 'It reads from replicas, which still know a login that was just ended: take the option scaleReads out.';
  return undefined;
}

/** A fault about the client. @param problem a full sentence */
export function wrong(problem: string): LoginFault {
  return new LoginFault(
    'ERR_LOGIN_STORAGE',
    `redisStorage() cannot use its client. ${problem}`,
    'Give a connected client of node-redis 4 or newer, or of ioredis 5 or newer, to a Redis 6.2 or newer.',
  );
}
