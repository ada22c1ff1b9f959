/** Answers the routes without any login. Bare Nest on Express is the floor of all figures. */
import { Get, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { asController, decorate, rootModule } from './shared/decorate.mjs';

class Account {
  open() {
    return { ok: true };
  }

  own() {
    return { id: 'nobody' };
  }

  logIn() {
    return { ok: true };
  }
}
decorate(Account, 'open', { on: [Get('public')] });
decorate(Account, 'own', { on: [Get('protected')] });
decorate(Account, 'logIn', { on: [Post('login/:id')] });
asController(Account);

export const create = () => NestFactory.create(rootModule({ controllers: [Account] }), { logger: false });
