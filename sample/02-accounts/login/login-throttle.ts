/** Bounds how often a password or a code may be tried, for an account and from an address, by rate-limiter-flexible. */
import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import ipaddr from 'ipaddr.js';
import { LoginUnavailableException } from 'nestjs-login';
import { RateLimiterRes } from 'rate-limiter-flexible';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { TooManyTriesException } from '../pages/too-many-tries.exception.js';
import { LoginStores } from '../stores/login-stores.js';

/** Seconds after which a count begins anew. */
const WINDOW = 15 * 60;
/** Tries in that time. Unknown accounts are counted like known ones, so a 429 does not tell them apart. */
const TRIES = { password: 10, code: 5, address: 100 };

type Limit = keyof typeof TRIES;

@Injectable()
export class LoginThrottle {
  readonly #limiters: Record<Limit, Promise<RateLimiterAbstract>>;

  constructor(stores: LoginStores) {
    const limiter = (limit: Limit): Promise<RateLimiterAbstract> =>
      stores.limiter({ keyPrefix: `tries_${limit}`, points: TRIES[limit], duration: WINDOW });
    this.#limiters = { password: limiter('password'), code: limiter('code'), address: limiter('address') };
  }

  /**
   * Counts a try before it is looked at.
   * @param account the address or id that was given
   * @param ip the client's address
   * @throws TooManyTriesException, and LoginUnavailableException where nothing can be counted
   */
  async count(limit: 'password' | 'code', account: string, ip: string | undefined): Promise<void> {
    await this.countAddress(ip);
    await this.#ask(limit, (limiter) => limiter.consume(accountKey(account)));
  }

  /** The same, of a try that concerns no account. */
  async countAddress(ip: string | undefined): Promise<void> {
    await this.#ask('address', (limiter) => limiter.consume(addressKey(ip)));
  }

  /** Takes back the count of a try that was right. */
  async forget(limit: 'password' | 'code', account: string, ip: string | undefined): Promise<void> {
    await this.#takeBack(limit, accountKey(account));
    await this.#takeBack('address', addressKey(ip));
  }

  /** Not below nothing: a try that was counted before the count began anew would leave one more free. */
  async #takeBack(limit: Limit, key: string): Promise<void> {
    await this.#ask(limit, async (limiter) => {
      const { consumedPoints } = await limiter.reward(key);
      if (consumedPoints < 0) await limiter.delete(key);
    });
  }

  async #ask(limit: Limit, call: (limiter: RateLimiterAbstract) => Promise<unknown>): Promise<void> {
    try {
      await call(await this.#limiters[limit]);
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) throw new TooManyTriesException(Math.ceil(refusal.msBeforeNext / 1000));
      throw new LoginUnavailableException('The count of tries', refusal);
    }
  }
}

/** The key is a hash, because the text may have any length. */
const accountKey = (account: string): string => createHash('sha256').update(account.toLowerCase()).digest('base64url');

/** IPv6 by its /64: that much is one subscriber's. A connection that is gone already has no address. */
function addressKey(ip = ''): string {
  // Some proxies write the port as well.
  const [, host = ''] =
    /^\[?([^[\]]*?)\]?(?::\d+)?$/.exec(ip.includes('.') || ip.startsWith('[') ? ip : `[${ip}]`) ?? [];
  if (!ipaddr.isValid(host)) return 'none';
  const address = ipaddr.process(host);
  return address instanceof ipaddr.IPv6 ? address.parts.slice(0, 4).join(':') : address.toString();
}
