/** An account as handlers see it. */
import type { AccountRow } from '../stores/accounts-database.js';

/** The user of this application, as `@CurrentUser()` returns it. */
export class Account {
  readonly id: string;
  readonly email: string;
  readonly role: 'user' | 'admin';
  /** False for one whom an admin has disabled: guards and `loginUser` refuse them. */
  readonly isActive: boolean;
  /** Another one ends every login but the one that is confirmed. */
  readonly securityStamp: string;
  readonly hasSecondFactor: boolean;

  constructor(row: AccountRow) {
    this.id = row.id;
    this.email = row.email;
    this.role = row.role;
    this.isActive = row.isDisabled === 0;
    this.securityStamp = row.securityStamp;
    this.hasSecondFactor = row.totpSecret !== null;
  }
}
