/** The configuration from the environment. No other file reads the environment. */
import { resolve } from 'node:path';
import type { Duration } from 'nestjs-login';

/** The addresses and folders of the application. */
export abstract class Configuration {
  /** a TCP port */
  abstract readonly port: number;
  /** the address that it listens on; undefined: all of them */
  abstract readonly host: string | undefined;
  /** signs the cookies */
  abstract readonly secret: string | undefined;
  /** accounts and their events: `sqlite:FILE` or `postgres://...` */
  abstract readonly database: string;
  /** logins, sessions and tries: the same, or `redis://...` */
  abstract readonly storage: string;
  /** how long a remember token that is being replaced still counts */
  abstract readonly rememberGrace: Duration;
  /** The trusted proxies for X-Forwarded- headers, as Express takes them. A number gives their count. */
  abstract readonly trustProxy: string | number | undefined;
  abstract readonly isProduction: boolean;
}

/**
 * Reads PORT, HOST, LOGIN_SECRET, DATA, STORAGE, DATABASE, REMEMBER_GRACE, TRUST_PROXY and NODE_ENV.
 * @throws Error where PORT is no port, or STORAGE or DATABASE an address of no known kind
 */
export function readConfiguration(env: NodeJS.ProcessEnv = process.env): Configuration {
  const { PORT: port = '3000', STORAGE: storage, TRUST_PROXY: trustProxy } = env;
  const isProduction = env.NODE_ENV === 'production';
  const file = `sqlite:${resolve(env.DATA ?? 'data', 'accounts.db')}`;
  const database = env.DATABASE ?? (storage && /^postgres(ql)?:/.test(storage) ? storage : file);
  if (!/^\d{1,5}$/.test(port)) throw new Error('PORT has to be a number, such as 3000.');
  if (!/^(sqlite:|postgres(ql)?:\/\/)/.test(database))
    throw new Error('DATABASE has to be sqlite:FILE or postgres://USER:PASSWORD@HOST/NAME.');
  if (!/^(sqlite:|postgres(ql)?:\/\/|rediss?:\/\/)/.test(storage ?? database))
    throw new Error('STORAGE has to be redis://HOST:PORT, postgres://USER:PASSWORD@HOST/NAME or sqlite:FILE.');

  return {
    port: Number(port),
    // The demo accounts are for this machine alone.
    host: env.HOST ?? (isProduction ? undefined : 'localhost'),
    secret: env.LOGIN_SECRET,
    database,
    storage: storage ?? database,
    // Not a duration? LoginModule refuses it at start.
    rememberGrace: (env.REMEMBER_GRACE ?? '60s') as Duration,
    // Express takes the text '1' for an address.
    trustProxy: trustProxy && /^\d+$/.test(trustProxy) ? Number(trustProxy) : trustProxy,
    isProduction,
  };
}
