/** The pages and actions that keep an account safe. */
import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { PagesModule } from '../pages/pages.module.js';
import { SecurityController } from './security.controller.js';
import { SecurityEvents } from './security-events.js';

@Module({
  imports: [AccountsModule, PagesModule],
  controllers: [SecurityController],
  providers: [SecurityEvents],
  exports: [SecurityEvents],
})
export class SecurityModule {}
