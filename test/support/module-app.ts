/** An application module with LoginModule, built and started by hand. */
import type { AddressInfo } from 'node:net';
import 'reflect-metadata';
import { Controller, Get, Injectable, Module, Param, Post, Req, Session, UseGuards } from '@nestjs/common';
import type { INestApplication, ModuleMetadata, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Request } from 'express';
import {
  CurrentUser,
  Fresh,
  LoginManagerService,
  LoginRequired,
  LoginRequiredGuard,
  memoryStorage,
  Public,
  UserLoader,
} from 'nestjs-login';
import { Browser } from './browser-client.js';

@Injectable()
export class Users {
  @UserLoader()
  findById(id: string): { id: string } {
    return { id };
  }
}

@Controller()
export class Pages {
  constructor(readonly login: LoginManagerService) {}

  @Post('login/:id')
  @Public()
  async signIn(@Req() req: Request, @Param('id') id: string): Promise<object> {
    return { ok: await this.login.loginUser(req, { id }) };
  }

  @Post('logout')
  @Public()
  async signOut(@Req() req: Request): Promise<object> {
    await this.login.logoutUser(req);
    return { ok: true };
  }

  @Get('guarded')
  @UseGuards(LoginRequiredGuard)
  guarded(@CurrentUser() user: { id: string } | null): object {
    return { id: user?.id ?? null };
  }

  @Get('marked')
  @LoginRequired()
  marked(): object {
    return { ok: true };
  }

  @Get('fresh')
  @Fresh()
  fresh(): object {
    return { ok: true };
  }

  @Get('unmarked')
  unmarked(): object {
    return { ok: true };
  }

  @Get('public')
  @Public()
  open(): object {
    return { ok: true };
  }

  @Post('cart')
  @Public()
  fill(@Session() session: Record<string, unknown>): object {
    session.cart = 'pear';
    return { ok: true };
  }

  @Get('cart')
  @Public()
  cart(@Session() session: Record<string, unknown>): object {
    return { cart: session.cart ?? null };
  }
}

export const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A storage in memory that ends with the test. */
export function keptStorage() {
  const storage = memoryStorage();
  closers.push(() => storage.close());
  return storage;
}

export function appModule(login: NonNullable<ModuleMetadata['imports']>, parts: ModuleMetadata = {}): Type {
  @Module({
    imports: [...login, ...(parts.imports ?? [])],
    controllers: [Pages, ...(parts.controllers ?? [])],
    providers: [Users, ...(parts.providers ?? [])],
  })
  class AppModule {}
  return AppModule;
}

export async function listen(app: INestApplication): Promise<(headers?: Record<string, string>) => Browser> {
  closers.unshift(() => app.close());
  await app.listen(0, '127.0.0.1');
  const origin = `http://127.0.0.1:${(app.getHttpServer() as { address(): AddressInfo }).address().port}`;
  return (headers = {}) => new Browser(origin, headers);
}

export const create = (module: Type) => NestFactory.create(module, { logger: false, abortOnError: false });

export async function serve(login: NonNullable<ModuleMetadata['imports']>, parts?: ModuleMetadata) {
  const app = await create(appModule(login, parts));
  return { app, browser: await listen(app) };
}
