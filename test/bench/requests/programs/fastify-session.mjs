/** Logs users in by hand on @fastify/session. Nest runs on Fastify, and the sessions are in Redis. */
import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import { Get, Param, Post, Req, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { RedisStore } from 'connect-redis';
import { asController, decorate, rootModule } from './shared/decorate.mjs';
import { SECRET } from './shared/secret.mjs';
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
    await request.session.regenerate();

    request.session.userId = user.id;
    await request.session.save();
    return { ok: true };
  }
}
decorate(Account, 'open', { on: [Get('public')] });
decorate(Account, 'own', { on: [Get('protected'), UseGuards(SessionGuard)], takes: [Req()] });
decorate(Account, 'logIn', { on: [Post('login/:id')], takes: [Req(), Param('id')] });
asController(Account);

/** @param options `client` is the connected Redis client */
export async function create({ client }) {
  const module = rootModule({ controllers: [Account] });
  const app = await NestFactory.create(module, new FastifyAdapter(), { logger: false });
  await app.register(fastifyCookie);

  const store = new RedisStore({ client });
  await app.register(fastifySession, { secret: SECRET, saveUninitialized: false, store, cookie: { secure: false } });
  return app;
}
