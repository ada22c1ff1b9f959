/** The pages for authentication, and the parts that count and check tries. */
import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { PagesModule } from '../pages/pages.module.js';
import { SecurityModule } from '../security/security.module.js';
import { Credentials } from './credentials.js';
import { LoginController } from './login.controller.js';
import { LoginThrottle } from './login-throttle.js';
import { PendingLogins } from './pending-login.js';

@Module({
  imports: [AccountsModule, PagesModule, SecurityModule],
  controllers: [LoginController],
  providers: [Credentials, LoginThrottle, PendingLogins],
  exports: [Credentials],
})
export class LoginPagesModule {}
