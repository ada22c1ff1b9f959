/** Starts an application with given options, and returns the fault that ends the start. */
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import type { ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { LoginFault, LoginModule, memoryStorage, UserLoader } from 'nestjs-login';
import type { LoginErrorCode, LoginModuleOptions } from 'nestjs-login';
import { SECRET } from './test-app.js';

/** The memory store of all applications in a test file. */
export const storage = memoryStorage();

afterAll(() => storage.close());

/** A user loader that knows each id. */
@Injectable()
export class Users {
  @UserLoader()
  findById(id: string): { id: string } {
    return { id };
  }
}

/** The settings of an application that is started. */
export interface Application extends Pick<ModuleMetadata, 'controllers' | 'imports' | 'providers'> {
  /** The options of LoginModule beside secret and storage. The value undefined removes one of these. */
  options?: object;
  /** The work of main.ts before it listens. */
  setup?: (app: NestExpressApplication) => void;
}

/** Returns a LoginModule with a secret and a store beside the given options. */
export const forRoot = (options: object = {}) =>
  LoginModule.forRoot({ secret: SECRET, storage, ...options } as LoginModuleOptions);

/** Starts an application. If the start fails, the application is closed. */
export async function start(settings: Application): Promise<NestExpressApplication> {
  const { options, setup, imports = [forRoot(options)], providers = [Users], controllers = [] } = settings;
  @Module({ imports, providers, controllers })
  class AppModule {}
  const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: false, abortOnError: false });
  try {
    setup?.(app);
    return await app.init();
  } catch (error) {
    await app.close();
    throw error;
  }
}

/** Starts the application, and returns the fault that ends the start. Any other error fails the test. */
export async function refusal(settings: Application): Promise<LoginFault> {
  let app: NestExpressApplication;
  try {
    app = await start(settings);
  } catch (error) {
    if (error instanceof LoginFault) return error;
    throw error;
  }
  await app.close();
  throw new Error('The application started, and should have been refused.');
}

/** Expects a refusal with this code. Its message is one line that begins with the code and matches the texts. */
export async function expectRefusal(
  settings: Application,
  code: LoginErrorCode,
  ...says: (RegExp | string)[]
): Promise<void> {
  const { name, code: given, message } = await refusal(settings);
  expect({ name, code: given }).toEqual({ name: 'LoginFault', code });
  expect(message.startsWith(`${code}: `)).toBe(true);
  for (const words of says) expect(message).toMatch(words);
  // A log line stays one line, whatever the option contains.
  // oxlint-disable-next-line no-control-regex -- the test looks for control characters
  expect(message).not.toMatch(/[\0-\x1f]/);
}

/** Expects that the application starts, and closes it. */
export async function expectStart(settings: Application): Promise<void> {
  const app = await start(settings);
  await app.close();
}
