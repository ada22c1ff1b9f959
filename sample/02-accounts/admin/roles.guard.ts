/** Who may do what, by an ordinary guard: it runs after LoginRequiredGuard and finds `req.user`. */
import { Injectable, SetMetadata } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Account } from '../accounts/account.js';

const ROLE = 'role';

/** Only for accounts of this role. Needs `@UseGuards(LoginRequiredGuard, RolesGuard)`. */
export const Role = (role: Account['role']): ClassDecorator => SetMetadata(ROLE, role);

@Injectable()
export class RolesGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  /** False is a 403, also where no role is said: a guard without a rule lets nobody in. */
  canActivate(context: ExecutionContext): boolean {
    const role = this.reflector.getAllAndOverride<Account['role'] | undefined>(ROLE, [
      context.getHandler(),
      context.getClass(),
    ]);
    const { user } = context.switchToHttp().getRequest<{ user?: Account }>();
    return role !== undefined && user?.role === role;
  }
}
