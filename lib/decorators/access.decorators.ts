/** Decorators that protect a handler or controller: @LoginRequired(), @Fresh(), @Public(), @LoginView(). */
import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import { LoginRequiredGuard } from '../guards/login-required.guard.js';
import { LoginViewGuard } from '../guards/login-view.guard.js';
import { ACCESS, LOGIN_VIEW } from '../metadata/metadata-keys.js';
import type { Access } from '../metadata/metadata-keys.js';
import { milliseconds } from '../options/duration.js';
import type { Duration } from '../options/duration.js';
import { checkView } from '../options/view-option.js';

type ClassOrMethodDecorator = MethodDecorator & ClassDecorator;

/** Requires a login. It is short for `@UseGuards(LoginRequiredGuard)` (Flask-Login's login_required). */
export function LoginRequired(): ClassOrMethodDecorator {
  return guarded({ kind: 'login' });
}

/**
 * Requires a fresh login that is at most `maxAge` old, or of any age without `maxAge`. Adds the guard as well, because
 * a mark that protects nothing would be a trap (Flask-Login's fresh_login_required; OWASP ASVS 7.5.3).
 * @param maxAge milliseconds, or text such as `'10m'`
 * @throws LoginFault ERR_LOGIN_INVALID_DURATION
 */
export function Fresh({ maxAge }: { readonly maxAge?: Duration } = {}): ClassOrMethodDecorator {
  return guarded({ kind: 'fresh', maxAge: maxAge === undefined ? null : milliseconds(maxAge, '@Fresh({ maxAge })') });
}

/** Lets every request pass, even with `guard: 'global'` or a guard on the controller. */
export function Public(): ClassOrMethodDecorator {
  return marked({ kind: 'public' });
}

/**
 * Redirects refused browsers of this controller or handler to its own login view (Flask-Login's blueprint_login_views).
 * @param view path or absolute URL
 * @throws LoginFault ERR_LOGIN_INVALID_OPTION
 */
export function LoginView(view: string): ClassOrMethodDecorator {
  return applyDecorators(SetMetadata(LOGIN_VIEW, checkView(view, '@LoginView()')), UseGuards(LoginViewGuard));
}

function guarded(access: Access): ClassOrMethodDecorator {
  return applyDecorators(marked(access), UseGuards(LoginRequiredGuard));
}

/**
 * Marks a class or method. The strictest of several marks counts. The order of decorators therefore never opens a place
 * that one of them closes.
 */
function marked(access: Access): ClassOrMethodDecorator {
  return (target: object, _name?: string | symbol, descriptor?: PropertyDescriptor): void => {
    const place = (descriptor?.value as object | undefined) ?? target;
    const former = Reflect.getOwnMetadata(ACCESS, place) as Access | undefined;
    Reflect.defineMetadata(ACCESS, former ? stricter(former, access) : access, place);
  };
}

function stricter(one: Access, other: Access): Access {
  const age = (access: Access): number =>
    access.kind === 'fresh' ? (access.maxAge ?? Number.MAX_SAFE_INTEGER) : Infinity;
  if (one.kind === 'fresh' || other.kind === 'fresh') return age(one) <= age(other) ? one : other;
  return one.kind === 'public' ? other : one;
}
