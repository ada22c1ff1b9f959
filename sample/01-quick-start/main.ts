/** Starts the sample on http://localhost:3000, or on PORT. */
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule);
await app.listen(Number(process.env.PORT ?? 3000));
console.log(
  `Open http://localhost:${process.env.PORT ?? 3000} and log in as ada@example.com with the password "correct horse".`,
);
