/** The pages and actions of administrators. */
import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { PagesModule } from '../pages/pages.module.js';
import { SecurityModule } from '../security/security.module.js';
import { AdminController } from './admin.controller.js';

@Module({ imports: [AccountsModule, PagesModule, SecurityModule], controllers: [AdminController] })
export class AdminModule {}
