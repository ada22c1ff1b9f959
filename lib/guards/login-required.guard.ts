/** LoginRequiredGuard lets logged-in users in. It requires a fresh login if a mark asks for one. */
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { LoginContexts } from '../context/login-contexts.js';
import { requireKnown } from '../context/resolved-user.js';
import { FreshLoginRequiredException, LoginRequiredException } from '../exceptions/login-refusals.js';
import { requestOf } from '../http/request-of.js';
import { AccessMarks } from './access.js';

/** The settings of the guard, taken from the options. */
export abstract class GuardSettings {
  /** methods that pass without a login, in capitals */
  abstract readonly exemptMethods: readonly string[];
  /** true lets every request pass */
  abstract readonly loginDisabled: boolean;
}

/**
 * Refuses visitors without a login. It protects a controller or handler by `@UseGuards(LoginRequiredGuard)`, and
 * everything by `guard: 'global'`. Marks on the handler count before marks on the controller. Any error refuses the
 * request.
 * @throws LoginRequiredException, FreshLoginRequiredException (401), LoginUnavailableException (503)
 * @throws LoginFault ERR_LOGIN_NOT_HTTP in front of anything but an HTTP handler
 */
@Injectable()
export class LoginRequiredGuard implements CanActivate {
  readonly #marks = new AccessMarks(isLoginRequiredGuard);

  constructor(
    private readonly contexts: LoginContexts,
    private readonly settings: GuardSettings,
  ) {}

  /** Returns true, or throws. */
  async canActivate(execution: ExecutionContext): Promise<boolean> {
    const { access, loginView, answersEveryMethod } = this.#marks.of(execution);
    if (access.kind === 'public') return true;
    const request = requestOf(execution);
    if (this.settings.loginDisabled) return true;
    if (!answersEveryMethod && this.settings.exemptMethods.includes(request.method ?? '')) return true;

    const context = this.contexts.of(request);
    if (loginView !== undefined) context.loginView = loginView;
    const { isAuthenticated } = requireKnown(await context.resolve());
    if (!isAuthenticated) throw new LoginRequiredException();
    if (access.kind === 'fresh' && !(await context.isFresh(access.maxAge))) throw new FreshLoginRequiredException();
    return true;
  }
}

/** Tells whether a guard of `@UseGuards()` is this class or extends it. */
export function isLoginRequiredGuard(guard: unknown): boolean {
  const prototype: unknown = typeof guard === 'function' ? guard.prototype : guard;
  return guard === LoginRequiredGuard || prototype instanceof LoginRequiredGuard;
}
