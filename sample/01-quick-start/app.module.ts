/** The application: LoginModule, the users, and the pages. */
import { Module } from '@nestjs/common';
import { LoginModule } from 'nestjs-login';
import { AccountController } from './account.controller.js';
import { UsersService } from './users.service.js';

@Module({
  imports: [
    LoginModule.forRoot({ secret: process.env.LOGIN_SECRET, loginView: '/login', refreshView: '/login?again=1' }),
  ],
  controllers: [AccountController],
  providers: [UsersService],
})
export class AppModule {}
