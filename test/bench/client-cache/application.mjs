/** The parent process sends it its commands. */
import { setImmediate } from 'node:timers/promises';
import { Get, Post, Req, UseGuards } from '@nestjs/common';
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
import { BasicClientSideCache } from 'redis';
import { serve } from '../requests/hosts/serve.mjs';
import { asController, decorate, rootModule } from '../requests/programs/shared/decorate.mjs';
import { clock, openCached, openClient } from './clients.mjs';

/** All nodes of the measurement share it. */
const SECRET = 'a secret of this measurement alone, on each of its nodes';

class Users {
  async findById(id) {
    return { id };
  }
}
decorate(Users, 'findById', { on: [UserLoader()] });

class Account {
  constructor(login) {
    this.login = login;
  }

  own(user) {
    return { id: user.id };
  }

  async logIn(request) {
    await this.login.loginUser(request, { id: request.params.id });
    return { ok: true };
  }

  async logOut(request) {
    await this.login.logoutUser(request);
    return { ok: true };
  }
}
decorate(Account, 'own', { on: [Get('protected'), UseGuards(LoginRequiredGuard)], takes: [CurrentUser()] });
decorate(Account, 'logIn', { on: [Post('login/:id')], takes: [Req()] });
decorate(Account, 'logOut', { on: [Post('logout')], takes: [Req()] });
asController(Account, LoginManagerService);

class Application {
  #cache = new BasicClientSideCache();
  #storage;

  /** Starts the application, and returns its port. @param input `kind` is plain, cached or memory; `url` of Redis */
  async start({ kind, url }) {
    this.#storage = await this.#open(kind, url);
    const imports = [LoginModule.forRoot({ secret: SECRET, production: false, storage: this.#storage })];
    const module = rootModule({ imports, controllers: [Account], providers: [Users] });
    const app = await NestFactory.create(module, { logger: false, abortOnError: false });

    await app.listen(0, '127.0.0.1');
    return app.getHttpServer().address().port;
  }

  async #open(kind, url) {
    if (kind === 'memory') return memoryStorage();
    if (kind === 'plain') return redisStorage(await openClient({ url }));

    return (await openCached(this.#cache, { url })).storage;
  }

  /** Returns the microseconds of CPU time that this process has taken so far. */
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  }

  cacheUse() {
    const { hitCount, missCount } = this.#cache.stats();
    return { hits: hitCount, reads: hitCount + missCount };
  }

  /** Reads a login until it is gone. Returns when that was, and when the last read that found it began, or null. */
  async watch(id) {
    for (let lastLetIn = null; ; await setImmediate()) {
      const begin = clock();
      const { record } = await this.#storage.logins.find(id, { values: true });
      if (!record) return { lastLetIn, gone: clock() };

      lastLetIn = begin;
    }
  }
}

serve(new Application());
