/** Checks passwords and codes. Each try is counted, and a wrong one is recorded. */
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import type { Account } from '../accounts/account.js';
import { AccountsService } from '../accounts/accounts.service.js';
import { SecurityEvents } from '../security/security-events.js';
import { LoginThrottle } from './login-throttle.js';

@Injectable()
export class Credentials {
  constructor(
    private readonly accounts: AccountsService,
    private readonly throttle: LoginThrottle,
    private readonly events: SecurityEvents,
  ) {}

  /** The active account of this address and password, or null. @throws TooManyTriesException */
  async tryPassword(req: Request, email: string, password: string): Promise<Account | null> {
    await this.throttle.count('password', email, req.ip);
    const { account, accountId } = await this.accounts.verify(email, password);
    // An address without an account is checked as well, so that the time shows nothing.
    if (account) await this.throttle.forget('password', email, req.ip);
    else await this.events.note(req, accountId, 'wrongPassword');
    return account;
  }

  /** Whether this is a code of the account's second factor. @throws TooManyTriesException */
  async tryCode(req: Request, account: Account, code: string): Promise<boolean> {
    await this.throttle.count('code', account.id, req.ip);
    const isRight = await this.accounts.useCode(account.id, code);
    if (isRight) await this.throttle.forget('code', account.id, req.ip);
    else await this.events.note(req, account.id, 'wrongCode');
    return isRight;
  }

  /**
   * Makes an account, or returns null if the address has one. It counts as a try from this IP address, because the
   * response tells something.
   */
  async register(req: Request, email: string, password: string): Promise<Account | null> {
    await this.throttle.countAddress(req.ip);
    return this.accounts.register(email, password);
  }
}
