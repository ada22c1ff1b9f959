/** Logs users in by passport's session, on the same express-session as the program by hand. */
import { Get, Param, Post, Req, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { PassportModule, PassportSerializer } from '@nestjs/passport';
import passport from 'passport';
import { asController, decorate, rootModule } from './shared/decorate.mjs';
import { called, sessionMiddleware } from './shared/express-session.mjs';
import { findUser } from './shared/users.mjs';

class Serializer extends PassportSerializer {
  serializeUser(user, done) {
    done(null, user.id);
  }

  async deserializeUser(id, done) {
    done(null, await findUser(id));
  }
}

class PassportGuard {
  canActivate(context) {
    return context.switchToHttp().getRequest().isAuthenticated();
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
    await called(request, 'login', await findUser(id));
    return { ok: true };
  }
}
decorate(Account, 'open', { on: [Get('public')] });
decorate(Account, 'own', { on: [Get('protected'), UseGuards(PassportGuard)], takes: [Req()] });
decorate(Account, 'logIn', { on: [Post('login/:id')], takes: [Req(), Param('id')] });
asController(Account);

/** @param options `client` is the connected Redis client, or undefined */
export async function create({ client }) {
  const imports = [PassportModule.register({ session: true })];
  const module = rootModule({ imports, controllers: [Account], providers: [Serializer] });
  const app = await NestFactory.create(module, { logger: false });

  return app.use(sessionMiddleware(client), passport.initialize(), passport.session());
}
