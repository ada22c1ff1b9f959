/**
 * The user type of `Register` counts for the types of the package. These lines compile, and the marked ones must not.
 */
import { CurrentUser } from 'nestjs-login';
import type { LoginManagerService, LoginRequest, LoginStorage } from 'nestjs-login';
import { redisStorage } from 'nestjs-login/redis';
import type { RedisClient } from 'nestjs-login/redis';
import { sqlStorage } from 'nestjs-login/sql';
import type { SqlDriver } from 'nestjs-login/sql';
import { ada } from './users.service.js';

export class Fields {
  known(@CurrentUser('email') email: string): string {
    return email;
  }

  // @ts-expect-error -- the user has no field of this name
  misspelt(@CurrentUser('emial') email: string): string {
    return email;
  }
}

export async function users(login: LoginManagerService, request: LoginRequest): Promise<string | undefined> {
  await login.loginUser(request, ada);
  // @ts-expect-error -- this is no user: it has no address
  await login.loginUser(request, { id: 1, password: '' });
  const user = await login.currentUser(request);
  const email: string | undefined = user?.email;
  // @ts-expect-error -- the user has no field of this name
  return user?.emial ?? email;
}

/** Two halves of two storages; no database package is needed for the types. */
export function storage(client: RedisClient, driver: SqlDriver): LoginStorage {
  // @ts-expect-error -- an address is no client
  redisStorage('redis://127.0.0.1');
  return { sessions: redisStorage(client).sessions, logins: sqlStorage(driver).logins };
}
