/** Logs users in by this library, as the README shows it. */
import { Get, Param, Post, Req, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  CurrentUser,
  LoginManagerService,
  LoginModule,
  LoginRequiredGuard,
  memoryStorage,
  UserLoader,
} from 'nestjs-login';
import { redisStorage } from 'nestjs-login/redis';
import { asController, decorate, rootModule } from './shared/decorate.mjs';
import { SECRET } from './shared/secret.mjs';
import { findUser } from './shared/users.mjs';

class UsersService {
  findById(id) {
    return findUser(id);
  }
}
decorate(UsersService, 'findById', { on: [UserLoader()] });

class Account {
  constructor(login) {
    this.login = login;
  }

  open() {
    return { ok: true };
  }

  own(user) {
    return { id: user.id };
  }

  async logIn(request, id) {
    await this.login.loginUser(request, await findUser(id));
    return { ok: true };
  }
}
decorate(Account, 'open', { on: [Get('public')] });
decorate(Account, 'own', { on: [Get('protected'), UseGuards(LoginRequiredGuard)], takes: [CurrentUser()] });
decorate(Account, 'logIn', { on: [Post('login/:id')], takes: [Req(), Param('id')] });
asController(Account, LoginManagerService);

/** @param options `client` is the connected Redis client, or undefined; `login` holds options of LoginModule */
export function create({ client, login = {} }) {
  const storage = client ? redisStorage(client) : memoryStorage();
  const imports = [LoginModule.forRoot({ secret: SECRET, production: false, storage, ...login })];
  const module = rootModule({ imports, controllers: [Account], providers: [UsersService] });

  return NestFactory.create(module, { logger: false, abortOnError: false });
}
