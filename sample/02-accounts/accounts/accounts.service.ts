/** The accounts: register, find, prove, change, disable. */
import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { UserLoader } from 'nestjs-login';
import { AccountsDatabase } from '../stores/accounts-database.js';
import { Account } from './account.js';
import { hashPassword, isPassword } from './password.js';
import { acceptedStep } from './second-factor.js';

@Injectable()
export class AccountsService {
  constructor(private readonly database: AccountsDatabase) {}

  /** Returns the user of a login. Null ends the login. */
  @UserLoader()
  async findById(id: string): Promise<Account | null> {
    const row = await this.database.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirst();
    return row ? new Account(row) : null;
  }

  /** Returns the next accounts after this one, ordered by address. */
  async list(after: string, most: number): Promise<Account[]> {
    const rows = await this.database
      .selectFrom('accounts')
      .selectAll()
      .where('email', '>', after)
      .orderBy('email')
      .limit(most)
      .execute();
    return rows.map((row) => new Account(row));
  }

  /** Makes an account. @returns null where the address has one already */
  async register(email: string, password: string, role: Account['role'] = 'user'): Promise<Account | null> {
    const row = await this.database
      .insertInto('accounts')
      .values({
        id: randomUUID(),
        email: email.toLowerCase(),
        passwordHash: await hashPassword(password),
        role,
        isDisabled: 0,
        securityStamp: newStamp(),
        totpSecret: null,
        totpStep: 0,
        createdAt: new Date().toISOString(),
      })
      .onConflict((conflict) => conflict.column('email').doNothing())
      .returningAll()
      .executeTakeFirst();

    return row ? new Account(row) : null;
  }

  /**
   * Returns the account with this address and password. An unknown address, a wrong password and a disabled account
   * cost one hash each and get the same response. Nobody learns which addresses have an account.
   */
  async verify(email: string, password: string): Promise<{ account: Account | null; accountId: string | null }> {
    const row = await this.database
      .selectFrom('accounts')
      .selectAll()
      .where('email', '=', email.toLowerCase())
      .executeTakeFirst();
    const isRight = await isPassword(row?.passwordHash ?? null, password);
    const account = row && new Account(row);
    return { account: account && isRight && account.isActive ? account : null, accountId: row?.id ?? null };
  }

  /**
   * Hash and stamp change in one statement: no login of before is left between them.
   * @param account as it was when its user was let in
   * @returns false, and nothing has changed, where somebody has changed password or second factor since
   */
  async changePassword(account: Account, password: string): Promise<boolean> {
    const passwordHash = await hashPassword(password);
    return this.#change(account, { passwordHash });
  }

  /**
   * Switches the second factor on if this code shows that the user's device holds the secret. The code does not count
   * again.
   * @returns false without any change if the code is wrong, or the account has changed since
   */
  async switchSecondFactorOn(account: Account, totpSecret: string, code: string): Promise<boolean> {
    const totpStep = acceptedStep(totpSecret, code);
    return totpStep !== null && this.#change(account, { totpSecret, totpStep });
  }

  async switchSecondFactorOff(account: Account): Promise<boolean> {
    return this.#change(account, { totpSecret: null, totpStep: 0 });
  }

  /** Whether this code counts now. Each counts once, on all nodes. */
  async useCode(id: string, code: string): Promise<boolean> {
    const row = await this.database.selectFrom('accounts').select('totpSecret').where('id', '=', id).executeTakeFirst();
    const step = row?.totpSecret ? acceptedStep(row.totpSecret, code) : null;
    if (step === null) return false;
    const { numUpdatedRows } = await this.database
      .updateTable('accounts')
      .set({ totpStep: step })
      .where('id', '=', id)
      .where('totpStep', '<', step)
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  }

  /** With another stamp, so that no login that was just being made comes to life once the account is enabled again. */
  async setDisabled(id: string, isDisabled: boolean): Promise<boolean> {
    const { numUpdatedRows } = await this.database
      .updateTable('accounts')
      .set({ isDisabled: isDisabled ? 1 : 0, securityStamp: newStamp() })
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  }

  /** Changes the password or second factor of the account, and its stamp. Does nothing if another change came first. */
  async #change(
    { id, securityStamp }: Account,
    values: { passwordHash?: string; totpSecret?: string | null; totpStep?: number },
  ): Promise<boolean> {
    const { numUpdatedRows } = await this.database
      .updateTable('accounts')
      .set({ ...values, securityStamp: newStamp() })
      .where('id', '=', id)
      .where('securityStamp', '=', securityStamp)
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  }
}

const newStamp = (): string => randomBytes(16).toString('base64url');
