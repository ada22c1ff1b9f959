/** The step between password and code: nobody is logged in, and the session notes whose code is awaited, for five minutes. */
import { promisify } from 'node:util';
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { LoginManagerService } from 'nestjs-login';
import type { Account } from '../accounts/account.js';
import { AccountsService } from '../accounts/accounts.service.js';

/** Milliseconds between password and code. */
const LIFETIME = 5 * 60_000;

interface Pending {
  readonly accountId: string;
  /** the stamp as it was: a password that is changed meanwhile ends the step */
  readonly securityStamp: string;
  readonly remember: boolean;
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
   * Notes that this visitor has proved the password. Whoever was logged in here is not any more, and the session gets a new
   * id: nobody who knew the former one shares this step.
   */
  async begin(req: Request, account: Account, remember: boolean): Promise<void> {
    await this.login.logoutUser(req);
    await promisify(req.session.regenerate.bind(req.session))();
    const { id: accountId, securityStamp } = account;
    req.session.pendingLogin = { accountId, securityStamp, remember, endsAt: Date.now() + LIFETIME };
  }

  /** Whose code is awaited, or null where nobody's is, or not any more. */
  async find(req: Request): Promise<{ account: Account; remember: boolean } | null> {
    const pending = req.session.pendingLogin;
    if (!pending) return null;
    const account = Date.now() < pending.endsAt ? await this.accounts.findById(pending.accountId) : null;
    if (account?.isActive && account.securityStamp === pending.securityStamp)
      return { account, remember: pending.remember };
    delete req.session.pendingLogin;
    return null;
  }
}
