/** The parameter decorator that gives a handler the user of its request. */
import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { contextOf } from '../context/login-contexts.js';
import { requestOf } from '../http/request-of.js';
import { property } from '../user/login-user.js';
import type { LoginUserField } from '../user/login-user.js';

/**
 * The user of the request, or one field of it: `@CurrentUser() user: User`, `@CurrentUser('email') email: string`.
 * Without a user it is null, or the result of `anonymousUser`. The decorator guards nothing. On an open route it finds
 * the user, if there is one. Its type is written by hand, because the inferred type names a type that only Nest 12 has.
 */
export const CurrentUser: (field?: LoginUserField) => ParameterDecorator = createParamDecorator(
  async (field: string | undefined, execution: ExecutionContext): Promise<unknown> => {
    const user = await contextOf(requestOf(execution)).currentUser();
    return field === undefined ? user : (property(user, field) ?? null);
  },
);
