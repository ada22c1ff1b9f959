/** Logs users in by better-auth and its Nest module, with a plugin that asks for no password. */
import { Get, Param, Post, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AllowAnonymous, AuthModule, AuthService } from '@thallesp/nestjs-better-auth';
import { betterAuth } from 'better-auth';
import { createAuthEndpoint } from 'better-auth/api';
import { setSessionCookie } from 'better-auth/cookies';
import { fromNodeHeaders } from 'better-auth/node';
import { sessionStorage, usersAdapter } from './shared/better-auth-storage.mjs';
import { asController, decorate, rootModule } from './shared/decorate.mjs';
import { SECRET } from './shared/secret.mjs';

const signInById = createAuthEndpoint('/sign-in/:id', { method: 'POST' }, async (call) => {
  const { internalAdapter } = call.context;
  const user = await internalAdapter.findUserById(call.params.id);
  const session = await internalAdapter.createSession(user.id);

  await setSessionCookie(call, { session, user });
  return call.json({ ok: true });
});

class Account {
  constructor(auth) {
    this.auth = auth;
  }

  open() {
    return { ok: true };
  }

  own(request) {
    return { id: request.user.id };
  }

  async logIn(request, response, id) {
    const given = { params: { id }, headers: fromNodeHeaders(request.headers), returnHeaders: true };
    const { headers, response: answer } = await this.auth.api.signInById(given);

    response.setHeader('Set-Cookie', headers.getSetCookie());
    return answer;
  }
}
decorate(Account, 'open', { on: [Get('public'), AllowAnonymous()] });
decorate(Account, 'own', { on: [Get('protected')], takes: [Req()] });
decorate(Account, 'logIn', {
  on: [Post('login/:id'), AllowAnonymous()],
  takes: [Req(), Res({ passthrough: true }), Param('id')],
});
asController(Account, AuthService);

/** @param options `client` is the connected Redis client, or undefined */
export function create({ client }) {
  const auth = betterAuth({
    secret: SECRET,
    baseURL: 'http://127.0.0.1',
    database: usersAdapter,
    secondaryStorage: sessionStorage(client),
    advanced: { useSecureCookies: false },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: { disabled: true },
    plugins: [{ id: 'sign-in-by-id', endpoints: { signInById } }],
  });
  const module = rootModule({ imports: [AuthModule.forRoot({ auth })], controllers: [Account] });

  return NestFactory.create(module, { bodyParser: false, logger: false });
}
