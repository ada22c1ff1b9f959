/** Two accounts to look around with, outside of production. */
import { Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { AccountsService } from './accounts.service.js';

export const DEMO_PASSWORD = 'correct horse battery staple';

@Injectable()
export class DemoAccounts implements OnApplicationBootstrap {
  constructor(private readonly accounts: AccountsService) {}

  /** `register` leaves an account alone that is there already. */
  async onApplicationBootstrap(): Promise<void> {
    await this.accounts.register('ada@example.com', DEMO_PASSWORD, 'admin');
    await this.accounts.register('grace@example.com', DEMO_PASSWORD);
  }
}
