/** Notes a controller's own login view, also for handlers without a guard that refuse by themselves. */
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { LoginContexts } from '../context/login-contexts.js';
import { requestOf } from '../http/request-of.js';
import { LOGIN_VIEW } from '../metadata/metadata-keys.js';

/** What `@LoginView()` puts in front of a handler. Refuses nobody. */
@Injectable()
export class LoginViewGuard implements CanActivate {
  constructor(private readonly contexts: LoginContexts) {}

  /** Returns true. */
  canActivate(execution: ExecutionContext): boolean {
    if (execution.getType<string>() !== 'http') return true;
    this.contexts.of(requestOf(execution)).loginView = loginViewOf(execution) ?? null;
    return true;
  }
}

/** Returns the view of the handler, else of its controller. */
export function loginViewOf(execution: ExecutionContext): string | undefined {
  const [onHandler, onClass] = [execution.getHandler(), execution.getClass()].map(
    (place) => Reflect.getMetadata(LOGIN_VIEW, place) as string | undefined,
  );
  return onHandler ?? onClass;
}
