/** The step between password and code: nobody is logged in, and the session notes whose code is awaited, for five minutes. */
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { LoginManagerService } from 'nestjs-login';
import type { Account } from '../accounts/account.js';
import { AccountsService } from '../accounts/accounts.service.js';

/** Milliseconds between password and code. */
const LIFETIME = 5 * 60_000;

/** What is to follow the code. */
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
   * Notes that this visitor has proved the password. Whoever was logged in here is not any more, and the session is an empty
   * one under a new id: nobody who knew the former one shares this step. Save the session before the answer.
   */
  async begin(req: Request, { id: accountId, securityStamp }: Account, wish: Wish): Promise<void> {
    await this.login.logoutUser(req);
    req.session.pendingLogin = { ...wish, accountId, securityStamp, endsAt: Date.now() + LIFETIME };
  }

  /** Whose code is awaited, or null where nobody's is, or not any more. */
  async find(req: Request): Promise<(Wish & { account: Account }) | null> {
    const pending = req.session.pendingLogin;
    if (!pending || Date.now() >= pending.endsAt) return null;
    const account = await this.accounts.findById(pending.accountId);
    if (!account?.isActive || account.securityStamp !== pending.securityStamp) return null;
    return { account, remember: pending.remember, next: pending.next };
  }
}
