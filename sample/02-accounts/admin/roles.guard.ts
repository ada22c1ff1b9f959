/** Checks roles. It is an ordinary guard, and runs after LoginRequiredGuard. */
import { applyDecorators, Injectable, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { LoginRequiredGuard } from 'nestjs-login';
import type { Account } from '../accounts/account.js';

const Roles = Reflector.createDecorator<readonly Account['role'][]>();

@Injectable()
export class RolesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  /** False is a 403, also where no role is said: a guard without a rule lets nobody in. */
  canActivate(execution: ExecutionContext): boolean {
    const allowed = this.reflector.getAllAndOverride(Roles, [execution.getHandler(), execution.getClass()]) ?? [];
    // LoginRequiredGuard has set it.
    const { user } = execution.switchToHttp().getRequest<{ user?: Account }>();
    return user !== undefined && allowed.includes(user.role);
  }
}

/** For accounts of these roles, on a controller or handler. */
export const For = (...roles: Account['role'][]) =>
  applyDecorators(Roles(roles), UseGuards(LoginRequiredGuard, RolesGuard));
