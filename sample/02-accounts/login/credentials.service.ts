/** Proves who somebody is, by password and code, counted and written down: for the forms and for the API. */
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
  async byPassword(req: Request, email: string, password: string): Promise<Account | null> {
    const ip = req.ip ?? '';
    await this.throttle.count('password', email, ip);
    const { account, accountId } = await this.accounts.verify(email, password);
    // Also of an address without an account: whoever tries addresses shall not see it in the time.
    if (account) await this.throttle.forget('password', email, ip);
    else await this.events.note(req, accountId, 'wrongPassword');
    return account;
  }

  /** Whether this is a code of the account's second factor. @throws TooManyTriesException */
  async byCode(req: Request, account: Account, code: string): Promise<boolean> {
    const ip = req.ip ?? '';
    await this.throttle.count('code', account.id, ip);
    const isRight = await this.accounts.useCode(account.id, code);
    if (isRight) await this.throttle.forget('code', account.id, ip);
    else await this.events.note(req, account.id, 'wrongCode');
    return isRight;
  }

  /** Whether this is the password, and the code where there is a second factor, of who is logged in already. */
  async confirm(req: Request, account: Account, password: string, code: string): Promise<boolean> {
    if ((await this.byPassword(req, account.email, password))?.id !== account.id) return false;
    return !account.hasSecondFactor || this.byCode(req, account, code);
  }
}
