/** The application: LoginModule, the users, and their pages. */
import { randomBytes } from 'node:crypto';
import { Module } from '@nestjs/common';
import { LoginModule } from 'nestjs-login';
import { AccountController } from './account.controller.js';
import { UsersService } from './users.service.js';

@Module({
  imports: [LoginModule.forRoot({ secret: randomBytes(32).toString('base64url') })],
  controllers: [AccountController],
  providers: [UsersService],
})
export class AppModule {}
