/** LoginRequiredGuard: lets in who is logged in, and freshly where that is asked for. */
import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { LoginContexts } from '../context/login-contexts.js';
import { LoginFault } from '../exceptions/login-fault.js';
import { FreshLoginRequiredException, LoginRequiredException } from '../exceptions/login-refusals.js';
import type { LoginRequest } from '../http/login-request.js';
import { ACCESS, LOGIN_VIEW } from '../metadata/metadata-keys.js';
import type { Access } from '../metadata/metadata-keys.js';

/** What the guard takes from the options. */
export abstract class GuardSettings {
  /** methods, in capitals, that are let pass */
  abstract readonly exemptMethods: readonly string[];
  /** everybody is let pass */
  abstract readonly loginDisabled: boolean;
}

/** Where Nest keeps the guards of `@UseGuards()`. */
const GUARDS = '__guards__';

/**
 * Refuses who is not logged in: `@UseGuards(LoginRequiredGuard)` on a controller or handler, or on everything by
 * `guard: 'global'`. What stands on the handler counts before what stands on the controller. Any error refuses.
 * @throws LoginRequiredException, FreshLoginRequiredException (401), LoginUnavailableException (503)
 * @throws LoginFault ERR_LOGIN_NOT_HTTP in front of anything but an HTTP handler
 */
@Injectable()
export class LoginRequiredGuard implements CanActivate {
  constructor(
    private readonly contexts: LoginContexts,
    private readonly settings: GuardSettings,
  ) {}

  /** True, or it throws. */
  async canActivate(execution: ExecutionContext): Promise<boolean> {
    const access = accessOf(execution);
    if (access.kind === 'public') return true;
    if (execution.getType<string>() !== 'http')
      throw new LoginFault(
        'ERR_LOGIN_NOT_HTTP',
        `LoginRequiredGuard stands in front of a handler of type "${execution.getType<string>()}", and can ask HTTP requests alone who they are from.`,
        'Take the guard off this handler, or mark it @Public() and protect it by other means.',
      );
    const request = execution.switchToHttp().getRequest<LoginRequest>();
    if (this.settings.loginDisabled || this.settings.exemptMethods.includes(request.method ?? '')) return true;
    const context = this.contexts.of(request);
    context.loginView = (metadata(LOGIN_VIEW, execution) as string | undefined) ?? context.loginView;
    if (!(await context.resolve()).isAuthenticated) throw new LoginRequiredException();
    if (access.kind === 'fresh' && !(await context.isFresh(access.maxAge))) throw new FreshLoginRequiredException();
    return true;
  }
}

/** The nearest mark: on the handler, else on the controller. A guard written on the handler itself is one. */
function accessOf(execution: ExecutionContext): Access {
  const onHandler = Reflect.getMetadata(ACCESS, execution.getHandler()) as Access | undefined;
  if (onHandler) return onHandler;
  const guards = (Reflect.getMetadata(GUARDS, execution.getHandler()) ?? []) as unknown[];
  const guarded = guards.some((guard) => guard === LoginRequiredGuard || guard instanceof LoginRequiredGuard);
  const onClass = Reflect.getMetadata(ACCESS, execution.getClass()) as Access | undefined;
  return guarded && onClass?.kind !== 'fresh' ? { kind: 'login' } : (onClass ?? { kind: 'login' });
}

function metadata(key: string, execution: ExecutionContext): unknown {
  return Reflect.getMetadata(key, execution.getHandler()) ?? Reflect.getMetadata(key, execution.getClass());
}
