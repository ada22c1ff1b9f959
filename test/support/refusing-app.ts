/** An application with a login view and a refresh view, and handlers that refuse visitors. */
import { connect } from 'node:net';
import { Body, Controller, Get, NotFoundException, Options, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import {
  FreshLoginRequiredException,
  LoginManagerService,
  LoginRequired,
  LoginRequiredException,
  LoginRequiredGuard,
  LoginView,
} from 'nestjs-login';
import type { LoginModuleOptions } from 'nestjs-login';
import type { Answer, Browser } from './browser-client.js';
import { startTestApp } from './test-app.js';
import type { TestApp, TestAppSettings } from './test-app.js';
import { TestUsers } from './users.js';

/** Options with both views. */
export const VIEWS = { loginView: '/login', refreshView: '/reauthenticate' };

/** The origin of the application, for the option `origin`. */
export const HOME = 'https://app.example';

/** The headers of a fetch() by a page. */
export const FETCH = { 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin', accept: 'text/html' };

/** The default message of a refused visitor without a login. */
export const LOGIN_MESSAGE = 'Please log in to access this page.';

/** The default message of a refused user without a fresh login. */
export const REFRESH_MESSAGE = 'Please reauthenticate to access this page.';

/** The name of the notice cookie. */
export const OUR_COOKIE = 'login-notice';

let running: TestApp | undefined;

afterEach(async () => {
  await running?.close();
  running = undefined;
});

/** Starts an application with both views. It is closed after the test. */
export const start = (login: Partial<LoginModuleOptions> = {}, settings: TestAppSettings = {}): Promise<TestApp> =>
  startWithoutViews({ ...settings, login: { ...VIEWS, ...login } });

/** Starts an application as the settings say. It is closed after the test. */
export async function startWithoutViews(settings: TestAppSettings = {}): Promise<TestApp> {
  running = await startTestApp(settings);
  return running;
}

/** Returns the code in a JSON response. */
export const codeOf = (answer: Answer): unknown => (answer.json as { code?: unknown } | undefined)?.code;

/** Reads the messages that are kept for a browser. */
export const messagesOf = async (browser: Browser): Promise<string[]> =>
  ((await browser.get('/flashes')).json as { message: string }[]).map(({ message }) => message);

/** An ordinary site: a login form, and pages with handlers that refuse by themselves. */
@Controller()
export class Site {
  constructor(
    readonly login: LoginManagerService,
    readonly users: TestUsers,
  ) {}

  @Get('login')
  form(): string {
    return 'form';
  }

  @Post('login')
  async signIn(@Req() req: Request, @Res() res: Response, @Body() form: { email?: string }): Promise<void> {
    const user = this.users.table.get(String(form.email ?? 'ada'));
    if (!user) throw new NotFoundException();
    await this.login.loginUser(req, user);
    res.redirect(303, this.login.nextUrl(req) ?? '/dashboard');
  }

  @Get('by-hand')
  byHand(): never {
    throw new LoginRequiredException();
  }

  @Get('by-hand-fresh')
  byHandFresh(): never {
    throw new FreshLoginRequiredException();
  }

  @Get('twice')
  twice(@Req() req: Request): unknown {
    return [this.login.flashes(req), this.login.flashes(req)];
  }

  @Get('out-then-messages')
  async outThenMessages(@Req() req: Request): Promise<unknown> {
    await this.login.logoutUser(req);
    return { flashes: this.login.flashes(req), next: this.login.nextUrl(req) ?? null };
  }

  @Options('protected')
  @UseGuards(LoginRequiredGuard)
  options(): string {
    return 'options';
  }

  @Get('urls')
  urls(@Req() req: Request): unknown {
    return [this.login.loginUrl(req), this.login.loginUrl(req, 'needs-refresh')];
  }
}

/** Pages with a login view of their own, one of them on another site. */
@Controller()
export class Elsewhere {
  @Get('elsewhere')
  @LoginView('https://id.example/login')
  @LoginRequired()
  elsewhere(): string {
    return 'secret';
  }

  @Get('unguarded')
  @LoginView('/method/login')
  unguarded(): never {
    throw new LoginRequiredException();
  }
}

/** Sends a request with a first line that no client would write, and returns the text of the response. */
export function raw(app: TestApp, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(new URL(app.origin).port), '127.0.0.1', () =>
      socket.end(`${line}\r\nHost: app.example\r\nAccept: text/html\r\nConnection: close\r\n\r\n`),
    );
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.once('error', reject);
    socket.once('end', () => resolve(text));
  });
}
