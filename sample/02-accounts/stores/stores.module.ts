/**
 * The configuration and the databases of the whole application. They are opened at the start, and closed when the last
 * request has ended.
 */
import { Global, Module } from '@nestjs/common';
import type { OnApplicationShutdown, Provider } from '@nestjs/common';
import { Configuration, readConfiguration } from '../configuration.js';
import { AccountsDatabase, openAccountsDatabase } from './accounts-database.js';
import { LoginStores, openLoginStores } from './login-stores.js';

const providers: Provider[] = [
  { provide: Configuration, useFactory: () => readConfiguration() },
  {
    provide: AccountsDatabase,
    inject: [Configuration],
    useFactory: ({ database }: Configuration) => openAccountsDatabase(database),
  },
  {
    provide: LoginStores,
    inject: [Configuration],
    useFactory: ({ storage }: Configuration) => openLoginStores(storage),
  },
];

@Global()
@Module({ providers, exports: providers })
export class StoresModule implements OnApplicationShutdown {
  constructor(
    private readonly accounts: AccountsDatabase,
    private readonly logins: LoginStores,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.accounts.destroy(), this.logins.close()]);
  }
}
