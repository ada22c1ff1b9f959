/** The application: LoginModule over the stores that the environment names, the accounts, and the pages. */
import { Global, Module } from '@nestjs/common';
import type { OnApplicationShutdown, Provider } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { LoginModule } from 'nestjs-login';
import { AccountController } from './accounts/account.controller.js';
import { AccountsService } from './accounts/accounts.service.js';
import { DemoAccounts } from './accounts/demo-accounts.js';
import { AdminController } from './admin/admin.controller.js';
import { RolesGuard } from './admin/roles.guard.js';
import { ApiController } from './api/api.controller.js';
import { readConfiguration } from './configuration.js';
import { Credentials } from './login/credentials.service.js';
import { LoginController } from './login/login.controller.js';
import { LoginThrottle } from './login/login-throttle.js';
import { PendingLogins } from './login/pending-login.js';
import { ErrorPages, OutagePage } from './pages/error-pages.js';
import { Pages } from './pages/pages.service.js';
import { SecurityController } from './security/security.controller.js';
import { SecurityEvents } from './security/security-events.js';
import { AccountsDatabase, openAccountsDatabase } from './stores/accounts-database.js';
import { LoginStores, openLoginStores } from './stores/login-stores.js';

const { database, storage, secret, rememberGrace, isProduction } = readConfiguration();

const stores: Provider[] = [
  { provide: AccountsDatabase, useFactory: () => openAccountsDatabase(database) },
  { provide: LoginStores, useFactory: () => openLoginStores(storage) },
];

/** Opens the databases, and closes them when nobody needs them any more. */
@Global()
@Module({ providers: stores, exports: stores })
export class StoresModule implements OnApplicationShutdown {
  constructor(
    private readonly accounts: AccountsDatabase,
    private readonly logins: LoginStores,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.accounts.destroy(), this.logins.close()]);
  }
}

@Module({
  imports: [
    StoresModule,
    LoginModule.forRootAsync({
      inject: [LoginStores],
      useFactory: (logins: LoginStores) => ({
        secret,
        storage: logins.storage,
        loginView: '/login',
        refreshView: '/reauthenticate',
        remember: { grace: rememberGrace },
      }),
    }),
  ],
  controllers: [LoginController, AccountController, SecurityController, AdminController, ApiController],
  providers: [
    AccountsService,
    Credentials,
    LoginThrottle,
    PendingLogins,
    Pages,
    OutagePage,
    RolesGuard,
    SecurityEvents,
    { provide: APP_FILTER, useClass: ErrorPages },
    ...(isProduction ? [] : [DemoAccounts]),
  ],
})
export class AppModule {}
