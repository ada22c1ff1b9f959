/** Sends commands by the application's own Redis client: node-redis or ioredis, one node, Sentinel or Cluster. */
import { LoginFault } from '../../exceptions/login-fault.js';

/** The methods in use of a node-redis client: `createClient`, `createClientPool`, `createSentinel`, `createCluster`. */
export interface NodeRedisClient {
  /** Sends a command. The position of its words depends on the kind of client. */
  sendCommand(...words: never[]): Promise<unknown>;
}

/** The method in use of an ioredis client: `new Redis()`, `new Redis.Cluster()`. */
export interface IoRedisClient {
  /** Sends a command. */
  call(command: string, ...args: string[]): Promise<unknown>;
}

/** A Redis client. The application connects and closes it. */
export type RedisClient = NodeRedisClient | IoRedisClient;

/**
 * Sends one command about one key to the node that writes the key. A replica may still know a login that was deleted.
 */
export type SendCommand = (key: string, words: readonly string[]) => Promise<unknown>;

/**
 * Returns the function that sends commands by this client.
 * @throws LoginFault ERR_LOGIN_STORAGE for a client of an unknown kind
 */
export function sendBy(client: RedisClient): SendCommand {
  const object = plainReplies(typeof client === 'object' && client !== null ? client : {});
  if (typeof object.call === 'function') {
    const ioRedis = client as IoRedisClient;
    return async (_key, [command = '', ...args]) => ioRedis.call(command, ...args);
  }

  if (typeof object.send_command === 'function') throw wrong('It is a client of node-redis 3, which is too old.');
  if (typeof object.sendCommand !== 'function') throw wrong('It is no Redis client.');

  const send = object.sendCommand as (...words: unknown[]) => Promise<unknown>;
  if ('masters' in object) return async (key, words) => send.call(object, key, false, words);
  if ('acquire' in object && 'getMasterNode' in object) return async (_key, words) => send.call(object, false, words);
  return async (_key, words) => send.call(object, words);
}

/** Returns a node-redis client without the application's mapping of replies, such as texts to Buffers. */
function plainReplies(client: object): Record<string, unknown> {
  const { withTypeMapping } = client as { withTypeMapping?: (mapping: object) => object };
  return (typeof withTypeMapping === 'function' ? withTypeMapping.call(client, {}) : client) as Record<string, unknown>;
}

/** Returns why this client cannot serve as it is, as full sentences, or undefined. */
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

/** Makes the fault for a client. @param problem a full sentence */
export function wrong(problem: string): LoginFault {
  return new LoginFault(
    'ERR_LOGIN_STORAGE',
    `redisStorage() cannot use its client. ${problem}`,
    'Give a connected client of node-redis 4 or newer, or of ioredis 5 or newer, to a Redis 6.2 or newer.',
  );
}
