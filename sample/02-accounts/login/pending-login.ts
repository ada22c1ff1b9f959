/**
 * The step between password and code. Nobody is logged in, and the session keeps for five minutes which account has to
 * enter a code.
 */
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { LoginManagerService } from 'nestjs-login';
import type { Account } from '../accounts/account.js';
import { AccountsService } from '../accounts/accounts.service.js';

/** Milliseconds between password and code. */
const LIFETIME = 5 * 60_000;

/** The action that follows the code. */
interface Wish {
  readonly remember: boolean;
  /** the page to go on to */
  readonly next: string | undefined;
}

interface Pending extends Wish {
  readonly accountId: string;
  /** the stamp as it was: a password that is changed meanwhile ends the step */
  readonly securityStamp: string;
  readonly endsAt: number;
}

declare module 'express-session' {
  interface SessionData {
    pendingLogin?: Pending;
  }
}

@Injectable()
export class PendingLogins {
  constructor(
    private readonly login: LoginManagerService,
    private readonly accounts: AccountsService,
  ) {}

  /**
   * Logs out any user of this browser, and begins an empty session under a new id. Nobody with the former id shares
   * this step.
   */
  async begin(req: Request, { id: accountId, securityStamp }: Account, wish: Wish): Promise<void> {
    await this.login.logoutUser(req);
    req.session.pendingLogin = { ...wish, accountId, securityStamp, endsAt: Date.now() + LIFETIME };
  }

  /** Returns the account that has to enter a code, or null if there is none or the time has passed. */
  async find(req: Request): Promise<(Wish & { account: Account }) | null> {
    const pending = req.session.pendingLogin;
    if (!pending || Date.now() >= pending.endsAt) return null;
    const account = await this.accounts.findById(pending.accountId);
    if (!account?.isActive || account.securityStamp !== pending.securityStamp) return null;
    return { account, remember: pending.remember, next: pending.next };
  }
}
