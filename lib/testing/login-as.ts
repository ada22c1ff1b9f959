/** Makes loginAs(): a real login as the Cookie header of a test's requests. */
import type { INestApplication } from '@nestjs/common';
import type { LoginUser } from '../index.js';
import { loginCookies } from './login-cookies.js';
import type { LoginAsOptions } from './real-login.js';

/**
 * Logs a user in over real HTTP by LoginManagerService, into the application's own storage, from 127.0.0.1.
 * @param app an initialised application on Express
 * @returns the Cookie header for later requests:
 *   `request(app.getHttpServer()).get('/me').set('Cookie', await loginAs(app, user))`
 * @throws Error where loginUser rejects, or refuses an inactive user or one login too many
 */
export async function loginAs(app: INestApplication, user: LoginUser, options: LoginAsOptions = {}): Promise<string> {
  const cookies = await loginCookies(app, user, options);
  return cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
}
