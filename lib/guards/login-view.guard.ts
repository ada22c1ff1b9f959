/** Notes the login view of a controller, even for handlers without a guard that refuse requests themselves. */
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { LoginContexts } from '../context/login-contexts.js';
import { requestOf } from '../http/request-of.js';
import { LOGIN_VIEW } from '../metadata/metadata-keys.js';

/** The guard that `@LoginView()` adds to a handler. It refuses nobody. */
@Injectable()
export class LoginViewGuard implements CanActivate {
  constructor(private readonly contexts: LoginContexts) {}

  /** Notes the login view. Always returns true. */
  canActivate(execution: ExecutionContext): boolean {
    if (execution.getType<string>() !== 'http') return true;
    this.contexts.of(requestOf(execution)).loginView = loginViewOf(execution) ?? null;
    return true;
  }
}

/** Returns the login view of the handler, else of its controller. */
export function loginViewOf(execution: ExecutionContext): string | undefined {
  const [onHandler, onClass] = [execution.getHandler(), execution.getClass()].map(
    (place) => Reflect.getMetadata(LOGIN_VIEW, place) as string | undefined,
  );
  return onHandler ?? onClass;
}
