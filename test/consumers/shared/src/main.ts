/** Starts the application, visits it, says so in one line, and ends by itself: with 1 unless all of it went well. */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { visit } from './visit.js';

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['warn', 'error', 'fatal'] });
  try {
    await app.listen(0, '127.0.0.1');
    await visit(await app.getUrl());
  } finally {
    await app.close();
  }
  console.log('A visitor logged in, came back by the remember cookie, and logged out.');
  process.exitCode = 0;
}

// A promise that never settles ends a program as if all were well.
process.exitCode = 1;
main().catch((error: unknown) => console.error(error));
