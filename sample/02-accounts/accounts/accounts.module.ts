/** The accounts, and two of them to look around with. */
import { Module } from '@nestjs/common';
import { AccountsService } from './accounts.service.js';
import { DemoAccounts } from './demo-accounts.js';

@Module({ providers: [AccountsService, DemoAccounts], exports: [AccountsService] })
export class AccountsModule {}
