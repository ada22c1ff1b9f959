/** Bounds how often a password or a code may be tried, for an account and from an address, by rate-limiter-flexible. */
import { createHash } from 'node:crypto';
import { HttpException, Injectable } from '@nestjs/common';
import ipaddr from 'ipaddr.js';
import { LoginUnavailableException } from 'nestjs-login';
import { RateLimiterRes } from 'rate-limiter-flexible';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { LoginStores } from '../stores/login-stores.js';

/** Seconds after which a count begins anew. */
const WINDOW = 15 * 60;
/** Tries in that time. Unknown accounts are counted like known ones, so a 429 does not tell them apart. */
const TRIES = { password: 10, code: 5, address: 100 };

type Limit = keyof typeof TRIES;

/** 429: too many tries. */
export class TooManyTriesException extends HttpException {
  /** @param retryAfter seconds */
  constructor(readonly retryAfter: number) {
    super('Too many tries. Wait a while, then try again.', 429);
  }
}

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
  async count(limit: 'password' | 'code', account: string, ip: string): Promise<void> {
    await this.#consume('address', addressKey(ip));
    await this.#consume(limit, accountKey(account));
  }

  /** Takes back the count of a try that was right. */
  async forget(limit: 'password' | 'code', account: string, ip: string): Promise<void> {
    await (await this.#limiters[limit]).delete(accountKey(account));
    await (await this.#limiters.address).reward(addressKey(ip));
  }

  async #consume(limit: Limit, key: string): Promise<void> {
    try {
      await (await this.#limiters[limit]).consume(key);
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) throw new TooManyTriesException(Math.ceil(refusal.msBeforeNext / 1000));
      throw new LoginUnavailableException('The count of tries', refusal);
    }
  }
}

/** Of a hash, since it may be a text of any length. */
const accountKey = (account: string): string => createHash('sha256').update(account.toLowerCase()).digest('base64url');

/** IPv6 by its /64: that much is one subscriber's. */
function addressKey(ip: string): string {
  const address = ipaddr.process(ip);
  return address instanceof ipaddr.IPv6 ? address.parts.slice(0, 4).join(':') : address.toString();
}
