/** The application: LoginModule over the stores that the environment names, and a module for each part. */
import { Module } from '@nestjs/common';
import { LoginModule } from 'nestjs-login';
import { AccountsModule } from './accounts/accounts.module.js';
import { AdminModule } from './admin/admin.module.js';
import { ApiModule } from './api/api.module.js';
import { Configuration } from './configuration.js';
import { HomeModule } from './home/home.module.js';
import { LoginPagesModule } from './login/login-pages.module.js';
import { PagesModule } from './pages/pages.module.js';
import { SecurityModule } from './security/security.module.js';
import { LoginStores } from './stores/login-stores.js';
import { StoresModule } from './stores/stores.module.js';
import { TeamModule } from './team/team.module.js';

@Module({
  imports: [
    StoresModule,
    LoginModule.forRootAsync({
      inject: [Configuration, LoginStores],
      useFactory: ({ secret, rememberGrace }: Configuration, { storage }: LoginStores) => ({
        secret,
        storage,
        loginView: '/login',
        refreshView: '/reauthenticate',
        // The page says it by itself.
        needsRefreshMessage: null,
        remember: { grace: rememberGrace },
      }),
    }),
    AccountsModule,
    AdminModule,
    ApiModule,
    HomeModule,
    LoginPagesModule,
    PagesModule,
    SecurityModule,
    TeamModule,
  ],
})
export class AppModule {}
