/** A real login for a test, over real HTTP and without the application's own login form. */
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { LoginManagerService } from '../index.js';
import type { LoginRequest, LoginUser } from '../index.js';

/** How the login is made. */
export interface LoginAsOptions {
  /** Whether the login is fresh. Default: true. */
  readonly fresh?: boolean;
  /** Whether the login is remembered: a remember cookie comes with the session cookie. Default: false. */
  readonly remembered?: boolean;
  /** The User-Agent header of the login; session protection compares it with that of later requests. Default: none, as in supertest. */
  readonly userAgent?: string;
}

/**
 * Logs a user in by LoginManagerService and into the application's own storage, from 127.0.0.1.
 * @returns the Set-Cookie lines of the answer
 * @throws Error where loginUser rejects, or refuses an inactive user or one login too many
 */
export async function realLogin(app: INestApplication, user: LoginUser, options: LoginAsOptions): Promise<string[]> {
  const { fresh = true, remembered = false, userAgent } = options;
  const login = app.get(LoginManagerService, { strict: false });
  const express = app.getHttpAdapter().getInstance() as { request: object; response: object };
  let outcome: Promise<boolean> = Promise.resolve(false);
  const server = createServer((request, response) => {
    // What Express does to every request first; LoginModule reads no more of it.
    Object.setPrototypeOf(request, express.request);
    Object.setPrototypeOf(response, express.response);
    Object.assign(request, { res: response });
    Object.assign(response, { req: request });
    outcome = login.loginUser(request as LoginRequest, user, { fresh, remember: remembered });
    outcome.then(
      () => response.end(),
      () => response.end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const lines = await setCookieLines(port, userAgent);
    if (!(await outcome))
      throw new Error('loginUser refused: the user is inactive, or has as many logins as login.maxLogins allows.');
    return lines;
  } finally {
    server.close();
  }
}

function setCookieLines(port: number, userAgent: string | undefined): Promise<string[]> {
  const headers = userAgent === undefined ? {} : { 'user-agent': userAgent };
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, headers, agent: false }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.headers['set-cookie'] ?? []));
    }).once('error', reject);
  });
}
