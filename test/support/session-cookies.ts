/** Session cookies as a client sees and forges them. */
import { jest } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { Body, Controller, Get, Post, Req, Res, Session, UnauthorizedException } from '@nestjs/common';
import type { Request, Response } from 'express';
import { LoginManagerService, memoryStorage } from 'nestjs-login';
import type { LoginFault } from 'nestjs-login';
import { CountingStorage } from './counting-storage.js';
import { SECRET, startTestApp } from './test-app.js';
import type { TestApp, TestAppSettings } from './test-app.js';
import { TestUsers } from './users.js';

jest.setTimeout(60_000);

/** A second secret. */
export const OTHER_SECRET = 'Zk3Wm8Tq1Xc6Vb9Nr4Ls7Pd2Gh5Jf0Ye';

/** Milliseconds. */
export const DAY = 86_400_000;

/** Handlers that log in, keep values and redirect. */
@Controller()
export class CookieController {
  constructor(
    readonly login: LoginManagerService,
    readonly users: TestUsers,
  ) {}

  /** Responds with the code that loginUser() rejects with. */
  @Post('try-login')
  async tryLogin(@Req() req: Request): Promise<{ code: string | null }> {
    const code = await this.login.loginUser(req, this.users.table.get('ada') as object).then(
      () => null,
      (error: LoginFault) => error.code,
    );
    return { code };
  }

  /** Receives a form with a password. */
  @Post('sign-in')
  async signIn(@Req() req: Request, @Body() form: { id?: unknown; password?: unknown } | undefined): Promise<object> {
    const user = form?.password === 'the real one' ? this.users.table.get(form.id as string) : undefined;
    if (!user) throw new UnauthorizedException();
    await this.login.loginUser(req, user);
    return { next: this.login.nextUrl(req) ?? null };
  }

  /** Puts each key of the body into the session as an own property. */
  @Post('keep')
  keep(@Session() session: object, @Body() body: object): { ok: boolean } {
    const own = Object.entries(body).filter(([key]) => !Object.hasOwn(session, key));
    for (const [key, value] of own)
      Object.defineProperty(session, key, { value, enumerable: true, configurable: true, writable: true });
    return { ok: true };
  }

  @Get('go')
  go(@Req() req: Request, @Res() res: Response): void {
    res.redirect(this.login.nextUrl(req) ?? '/home');
  }

  @Get('app/whoami')
  async whoamiInside(@Req() req: Request): Promise<{ id: string | null }> {
    return { id: ((await this.login.currentUser(req)) as { id: string } | null)?.id ?? null };
  }
}

/** Starts an application with the CookieController. */
export const start = (settings: TestAppSettings = {}): Promise<TestApp> =>
  startTestApp({ ...settings, controllers: [CookieController] });

/** Returns the signature of a text in a session cookie. */
export function signatureOf(text: string, secret: string, encoding: 'base64' | 'base64url' | 'hex' = 'base64'): string {
  return createHmac('sha256', secret).update(text).digest(encoding).replace(/=+$/, '');
}

/** Returns the value of a session cookie as it is signed and sent. */
export const signed = (id: string, secret: string = SECRET): string =>
  encodeURIComponent(`s:${id}.${signatureOf(id, secret)}`);

/** Returns the session id in the value of a session cookie. */
export const idIn = (value: string): string =>
  decodeURIComponent(value)
    .slice(2)
    .replace(/\.[^.]*$/, '');

/** A parsed Set-Cookie line. */
export interface SetCookie {
  readonly name: string;
  readonly value: string;
  readonly attributes: Readonly<Record<string, string | true>>;
}

/** Parses a Set-Cookie line. */
export function parsed(line: string): SetCookie {
  const [pair = '', ...rest] = line.split('; ');
  const attributes = rest.map((part): [string, string | true] => {
    const at = part.indexOf('=');
    return at < 0 ? [part.toLowerCase(), true] : [part.slice(0, at).toLowerCase(), part.slice(at + 1)];
  });
  return {
    name: pair.slice(0, pair.indexOf('=')),
    value: pair.slice(pair.indexOf('=') + 1),
    attributes: Object.fromEntries(attributes),
  };
}

/** The applications of the test. They are closed after it. */
export const running: TestApp[] = [];

/** Closes an application after the test. */
export const started = async (app: Promise<TestApp>): Promise<TestApp> => {
  running.push(await app);
  return app;
};

afterEach(async () => {
  for (const app of running.splice(0)) await app.close();
});

/** Starts an application on counted stores with a clock of its own. It is closed after the test. */
export async function counted(settings: TestAppSettings = {}) {
  const clock = { now: Date.now() };
  const memory = memoryStorage({ clock: () => clock.now });
  memory.close();
  const storage = new CountingStorage(memory);
  return { app: await started(start({ ...settings, storage })), clock, memory, storage };
}
