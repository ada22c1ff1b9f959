/** LoginRequiredGuard: lets in who is logged in, and freshly where that is asked for. */
import { Injectable, RequestMethod } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { LoginContexts } from '../context/login-contexts.js';
import { LoginFault } from '../exceptions/login-fault.js';
import { FreshLoginRequiredException, LoginRequiredException } from '../exceptions/login-refusals.js';
import type { LoginRequest } from '../http/login-request.js';
import { ACCESS } from '../metadata/metadata-keys.js';
import type { Access } from '../metadata/metadata-keys.js';
import { loginViewOf } from './login-view.guard.js';

/** What the guard takes from the options. */
export abstract class GuardSettings {
  /** methods, in capitals, that are let pass */
  abstract readonly exemptMethods: readonly string[];
  /** everybody is let pass */
  abstract readonly loginDisabled: boolean;
}

/** Where Nest keeps the guards of `@UseGuards()`. */
const GUARDS = '__guards__';

/** Where Nest keeps the method of a route. */
const METHOD = 'method';

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
    if (this.settings.loginDisabled) return true;
    if (this.settings.exemptMethods.includes(request.method ?? '') && !answersEveryMethod(execution)) return true;
    const context = this.contexts.of(request);
    context.loginView = loginViewOf(execution) ?? context.loginView;
    if (!(await context.resolve()).isAuthenticated) throw new LoginRequiredException();
    if (access.kind === 'fresh' && !(await context.isFresh(access.maxAge))) throw new FreshLoginRequiredException();
    return true;
  }
}

/** The nearest mark: on the handler, else on the controller. A guard on the handler asks for no less than the controller does. */
function accessOf(execution: ExecutionContext): Access {
  const [handler, controller] = [execution.getHandler(), execution.getClass()];
  const onClass = markOn(controller) ?? { kind: 'login' };
  if (!Reflect.hasMetadata(ACCESS, handler))
    return isGuarded(handler) && onClass.kind === 'public' ? { kind: 'login' } : onClass;
  return markOn(handler) ?? onClass;
}

/** What stands in one place: a guard closes what a mark beside it opens. One on a base class does not: the mark below it is nearer. */
function markOn(place: object): Access | undefined {
  const mark = Reflect.getMetadata(ACCESS, place) as Access | undefined;
  return mark?.kind === 'public' && isGuarded(place) ? { kind: 'login' } : mark;
}

function isGuarded(place: object): boolean {
  const guards = (Reflect.getOwnMetadata(GUARDS, place) ?? []) as unknown[];
  return guards.some((guard) => {
    const prototype: unknown = typeof guard === 'function' ? guard.prototype : guard;
    return guard === LoginRequiredGuard || prototype instanceof LoginRequiredGuard;
  });
}

/** An exempt method opens handlers of this method, not those of every method: they would do for OPTIONS what they do for POST. */
function answersEveryMethod(execution: ExecutionContext): boolean {
  return Reflect.getMetadata(METHOD, execution.getHandler()) === RequestMethod.ALL;
}
