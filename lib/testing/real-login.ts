/** Makes a real login for a test, over real HTTP and without the application's own login form. */
import { createServer, get } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication } from '@nestjs/common';
import { LoginManagerService } from '../index.js';
import type { LoginRequest, LoginUser } from '../index.js';

/** The kind of login to make. */
export interface LoginAsOptions {
  /** Makes the login fresh. Default: true. */
  readonly fresh?: boolean;
  /** Makes a remembered login, with a remember cookie beside the session cookie. Default: false. */
  readonly remembered?: boolean;
  /**
   * The User-Agent header of the login. Session protection compares it with that of later requests. Default: none, as
   * in supertest.
   */
  readonly userAgent?: string;
}

/** The prototypes that the platform gives to every request and response. */
interface Prototypes {
  readonly request: object;
  readonly response: object;
}

/**
 * Logs a user in by LoginManagerService, into the application's own storage, from 127.0.0.1.
 * @returns the Set-Cookie lines of the response
 * @throws Error where loginUser rejects, or refuses an inactive user or one login too many
 */
export async function realLogin(app: INestApplication, user: LoginUser, options: LoginAsOptions): Promise<string[]> {
  const { fresh = true, remembered = false, userAgent } = options;
  const login = app.get(LoginManagerService, { strict: false });
  const prototypes = app.getHttpAdapter().getInstance() as Prototypes;

  const server = createServer();
  const outcome = firstRequest(server, (request, response) => {
    prepare(request, response, prototypes);
    return login.loginUser(request as LoginRequest, user, { fresh, remember: remembered });
  });

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const [isLoggedIn, lines] = await Promise.all([outcome, setCookieLines(port, userAgent)]);
    if (isLoggedIn) return lines;
    throw new Error('loginUser refused: the user is inactive, or has as many logins as login.maxLogins allows.');
  } finally {
    server.close();
  }
}

/** Handles the first request of a server, and ends its response. Returns the result of the handler. */
function firstRequest<Result>(
  server: Server,
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<Result>,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    server.once('request', (request, response) => {
      handle(request, response)
        .finally(() => response.end())
        .then(resolve, reject);
    });
  });
}

/** Prepares a request and its response as Express does first. LoginModule uses nothing else of Express. */
function prepare(request: IncomingMessage, response: ServerResponse, prototypes: Prototypes): void {
  Object.setPrototypeOf(request, prototypes.request);
  Object.setPrototypeOf(response, prototypes.response);
  Object.assign(request, { res: response });
  Object.assign(response, { req: request });
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
