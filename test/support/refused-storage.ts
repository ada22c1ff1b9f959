/** Starts an application on a storage that cannot serve, and returns the fault. */
import { LoginFault } from 'nestjs-login';
import type { LoginStorage } from 'nestjs-login';
import { startTestApp } from './test-app.js';
import type { TestApp } from './test-app.js';

/** The application has to be refused. */
export async function refusal(storage: LoginStorage): Promise<string> {
  let app: TestApp;
  try {
    app = await startTestApp({ storage });
  } catch (error) {
    if (error instanceof LoginFault && error.code === 'ERR_LOGIN_STORAGE') return error.message;
    throw error;
  }
  await app.close();
  throw new Error('The application started, and should have been refused.');
}
