/** What the environment says: the only file that reads it. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Duration } from 'nestjs-login';

/** Where the application listens and keeps things. */
export interface Configuration {
  /** a TCP port */
  readonly port: number;
  /** signs the cookies */
  readonly secret: string | undefined;
  /** accounts and their events: `sqlite:FILE` or `postgres://...` */
  readonly database: string;
  /** logins and sessions: the same, or `redis://...` */
  readonly storage: string;
  /** how long a remember token that is being replaced still counts */
  readonly rememberGrace: Duration;
  /** the proxies whose X-Forwarded-* headers are believed, as Express takes them */
  readonly trustProxy: string | undefined;
  readonly isProduction: boolean;
}

/**
 * Reads PORT, LOGIN_SECRET, DATA, STORAGE, DATABASE, REMEMBER_GRACE, TRUST_PROXY and NODE_ENV.
 * @throws Error where STORAGE or DATABASE is an address of no known kind
 */
export function readConfiguration(env: NodeJS.ProcessEnv = process.env): Configuration {
  const folder = resolve(env.DATA ?? 'data');
  const isPostgres = /^postgres(ql)?:/.test(env.STORAGE ?? '');
  const database = env.DATABASE ?? (isPostgres ? env.STORAGE : undefined) ?? `sqlite:${join(folder, 'accounts.db')}`;
  const storage = env.STORAGE ?? database;
  if (!/^(sqlite:|postgres(ql)?:\/\/)/.test(database))
    throw new Error('DATABASE has to be sqlite:FILE or postgres://USER:PASSWORD@HOST/NAME.');
  if (!/^(sqlite:|postgres(ql)?:\/\/|rediss?:\/\/)/.test(storage))
    throw new Error('STORAGE has to be redis://HOST:PORT, postgres://USER:PASSWORD@HOST/NAME or sqlite:FILE.');
  if (database.startsWith(`sqlite:${folder}`)) mkdirSync(folder, { recursive: true, mode: 0o700 });
  return {
    port: Number(env.PORT ?? 3000),
    secret: env.LOGIN_SECRET,
    database,
    storage,
    // Not a duration? LoginModule refuses it at start.
    rememberGrace: (env.REMEMBER_GRACE ?? '60s') as Duration,
    trustProxy: env.TRUST_PROXY,
    isProduction: env.NODE_ENV === 'production',
  };
}
