/** A program that touches the session late, over a store that can go down. An error that nobody catches ends it. */
import { Catch, Controller, Get, HttpException, Post, UseFilters } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { memoryStorage } from 'nestjs-login';
import { CountingStorage, fails } from './counting-storage.js';
import { startTestApp } from './test-app.js';

const storage = new CountingStorage(memoryStorage());
const touched: string[] = [];
let hanging = 0;

/** Reads `property` of a request, and writes into it where it is a session. */
function touch(req: Request, property: string): void {
  const value = (req as unknown as Record<string, unknown>)[property];
  if (property === 'session' && value) (value as Record<string, unknown>).late = true;
  touched.push(`${property}: ${typeof value}`);
}

/** Touches at the moment that the test names, for instance `res finish session`. */
function touchLate(req: Request, res: Response, next: NextFunction): void {
  const [emitter, event, property] = (req.header('x-late') ?? '').split(' ');
  if (property !== undefined) {
    const from = emitter === 'req' ? req : res;
    from.once(event as string, () => touch(req, property));
  }
  next();
}

@Catch(HttpException)
class LateFilter implements ExceptionFilter {
  async catch(error: HttpException, host: ArgumentsHost): Promise<void> {
    const http = host.switchToHttp();
    http.getResponse<Response>().status(error.getStatus()).json({ from: 'filter' });
    await new Promise((resolve) => setImmediate(resolve));
    for (const property of ['session', 'sessionID', 'sessionStore']) touch(http.getRequest<Request>(), property);
  }
}

@Controller('late')
class LateController {
  @Post('store/down')
  down(): void {
    storage.disturb(fails, 'logins.find', 'sessions.get');
  }

  @Post('store/up')
  up(): void {
    storage.recover();
  }

  @Get('touched')
  touched(): string[] {
    return touched.splice(0);
  }

  @Post('hangs')
  async hangs(): Promise<void> {
    hanging += 1;
    await new Promise(() => undefined);
  }

  @Get('hanging')
  hanging(): object {
    return { hanging };
  }

  @Get('filter')
  @UseFilters(LateFilter)
  filter(): never {
    throw new HttpException('no reason', 418);
  }
}

const app = await startTestApp({
  storage,
  controllers: [LateController],
  setup: (nest) => nest.use(touchLate),
});
process.stdout.write(`${app.origin}\n`);
