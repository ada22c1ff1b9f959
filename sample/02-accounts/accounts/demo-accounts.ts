/** Two accounts to look around with, outside of production; there they are refused. */
import { Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { Configuration } from '../configuration.js';
import { AccountsService } from './accounts.service.js';

export const DEMO_PASSWORD = 'correct horse battery staple';

@Injectable()
export class DemoAccounts implements OnApplicationBootstrap {
  constructor(
    private readonly accounts: AccountsService,
    private readonly configuration: Configuration,
  ) {}

  /** `register` leaves an account alone that is there already. */
  async onApplicationBootstrap(): Promise<void> {
    const [ada, grace] = ['ada@example.com', 'grace@example.com'];
    if (this.configuration.isProduction) {
      // A database that was used in development: everybody knows these passwords.
      for (const email of [ada, grace])
        if ((await this.accounts.verify(email, DEMO_PASSWORD)).account)
          throw new Error(
            `The demo account ${email} has its known password. Disable or delete it, or name another database.`,
          );
      return;
    }
    await this.accounts.register(ada, DEMO_PASSWORD, 'admin');
    await this.accounts.register(grace, DEMO_PASSWORD);
  }
}
