/** Logs users in by hand on express-session. This program is the reference of all ratios. */
import { Get, Param, Post, Req, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { asController, decorate, rootModule } from './shared/decorate.mjs';
import { called, sessionMiddleware } from './shared/express-session.mjs';
import { findUser } from './shared/users.mjs';

class SessionGuard {
  async canActivate(context) {
    const request = context.switchToHttp().getRequest();
    const { userId } = request.session;
    if (userId === undefined) return false;

    request.user = await findUser(userId);
    return true;
  }
}

class Account {
  open() {
    return { ok: true };
  }

  own(request) {
    return { id: request.user.id };
  }

  async logIn(request, id) {
    const user = await findUser(id);
    await called(request.session, 'regenerate');

    request.session.userId = user.id;
    await called(request.session, 'save');
    return { ok: true };
  }
}
decorate(Account, 'open', { on: [Get('public')] });
decorate(Account, 'own', { on: [Get('protected'), UseGuards(SessionGuard)], takes: [Req()] });
decorate(Account, 'logIn', { on: [Post('login/:id')], takes: [Req(), Param('id')] });
asController(Account);

/** @param options `client` is the connected Redis client, or undefined */
export async function create({ client }) {
  const app = await NestFactory.create(rootModule({ controllers: [Account] }), { logger: false });

  return app.use(sessionMiddleware(client));
}
