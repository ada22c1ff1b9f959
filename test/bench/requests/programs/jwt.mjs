/** Logs users in by a signed token, as Nest's documentation shows it. Without a store no logout is final. */
import { createSecretKey } from 'node:crypto';
import { Get, Param, Post, Req, UnauthorizedException, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwtModule, JwtService } from '@nestjs/jwt';
import { asController, decorate, injects, rootModule } from './shared/decorate.mjs';
import { SECRET } from './shared/secret.mjs';
import { findUser } from './shared/users.mjs';

const SIGNED_BY = {
  global: true,
  secret: createSecretKey(Buffer.from(SECRET)),
  signOptions: { algorithm: 'HS256', expiresIn: '1d' },
  verifyOptions: { algorithms: ['HS256'] },
};

class TokenGuard {
  constructor(tokens) {
    this.tokens = tokens;
  }

  async canActivate(context) {
    const request = context.switchToHttp().getRequest();
    const [scheme, token] = request.headers.authorization?.split(' ') ?? [];
    if (scheme !== 'Bearer') throw new UnauthorizedException();

    request.user = await findUser(await this.#idIn(token));
    return true;
  }

  async #idIn(token) {
    try {
      const { sub } = await this.tokens.verifyAsync(token);
      return sub;
    } catch {
      throw new UnauthorizedException();
    }
  }
}
injects(TokenGuard, JwtService);

class Account {
  constructor(tokens) {
    this.tokens = tokens;
  }

  open() {
    return { ok: true };
  }

  own(request) {
    return { id: request.user.id };
  }

  async logIn(id) {
    const user = await findUser(id);
    return { token: await this.tokens.signAsync({ sub: user.id }) };
  }
}
decorate(Account, 'open', { on: [Get('public')] });
decorate(Account, 'own', { on: [Get('protected'), UseGuards(TokenGuard)], takes: [Req()] });
decorate(Account, 'logIn', { on: [Post('login/:id')], takes: [Param('id')] });
asController(Account, JwtService);

export const create = () => {
  const module = rootModule({ imports: [JwtModule.register(SIGNED_BY)], controllers: [Account] });
  return NestFactory.create(module, { logger: false });
};
