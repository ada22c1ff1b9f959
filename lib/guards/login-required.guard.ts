/** LoginRequiredGuard: lets in a user who is logged in, and freshly where that is asked for. */
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { LoginContexts } from '../context/login-contexts.js';
import { requireKnown } from '../context/resolved-user.js';
import { FreshLoginRequiredException, LoginRequiredException } from '../exceptions/login-refusals.js';
import { requestOf } from '../http/request-of.js';
import { AccessMarks } from './access.js';

/** What the guard takes from the options. */
export abstract class GuardSettings {
  /** methods, in capitals, that are let pass */
  abstract readonly exemptMethods: readonly string[];
  /** everybody is let pass */
  abstract readonly loginDisabled: boolean;
}

/**
 * Refuses a visitor who is not logged in: `@UseGuards(LoginRequiredGuard)` on a controller or handler, or on everything
 * by `guard: 'global'`. Marks on the handler count before marks on the controller. Any error refuses.
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

/** Tells whether a guard of `@UseGuards()` is this one, or one that extends it. */
export function isLoginRequiredGuard(guard: unknown): boolean {
  const prototype: unknown = typeof guard === 'function' ? guard.prototype : guard;
  return guard === LoginRequiredGuard || prototype instanceof LoginRequiredGuard;
}
