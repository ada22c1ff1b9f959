/** Checks the Express application before the first request, so that a contradiction ends the start. */
import { LoginFault } from '../exceptions/login-fault.js';
import { SESSION_MIDDLEWARE } from './nested-session.js';

/** An HTTP adapter of Nest, as far as this package looks at it. */
export interface HttpAdapter {
  getType(): string;
  getInstance(): unknown;
  use(handler: unknown): unknown;
}

/** One middleware in Express's list. */
export interface ExpressLayer {
  readonly name?: string;
  readonly handle: unknown;
  /** the handlers of a path; undefined for middleware */
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
  /** Answers something true where the path of the layer is this one: an object or `true`, by the version. */
  match?(path: string): unknown;
}

/**
 * The Express application, as far as this package looks at it. Its list of middleware is a private fact of Express 5.
 */
export interface ExpressApplication {
  readonly request: object;
  readonly response: object;
  get?(setting: string): unknown;
  readonly router?: { readonly stack?: ExpressLayer[] };
}

/** Returns the fault for an express-session that the application runs itself. @param problem where it stands */
export function sessionMounted(problem: string): LoginFault {
  return new LoginFault(
    'ERR_LOGIN_SESSION_MOUNTED',
    problem,
    'Take app.use(session(...)) out and move its cookie options and its store into ' +
      'LoginModule.forRoot({ session, storage }).',
  );
}

/** @throws LoginFault ERR_LOGIN_PLATFORM, ERR_LOGIN_SESSION_MOUNTED, ERR_LOGIN_TRUST_PROXY */
export function checkExpress(adapter: HttpAdapter, { production }: { readonly production: boolean }): void {
  if (adapter.getType() !== 'express')
    throw new LoginFault(
      'ERR_LOGIN_PLATFORM',
      `LoginModule runs on Express, and this application runs on ${adapter.getType()}.`,
      'Use @nestjs/platform-express.',
    );

  const express = adapter.getInstance() as ExpressApplication;
  if (express.router?.stack?.some(({ name }) => name === SESSION_MIDDLEWARE))
    throw sessionMounted('The application mounts an express-session of its own.');
  if (production && express.get?.('trust proxy') === true)
    throw new LoginFault(
      'ERR_LOGIN_TRUST_PROXY',
      "Express's setting 'trust proxy' is true, so every client may choose its own address by X-Forwarded-For.",
      `Name your proxies: app.set('trust proxy', 'loopback'), their addresses, or how many there are.`,
    );
}
