/** Visitors of the accounts sample, as HTTP shows them. */
import { jest } from '@jest/globals';
import { join } from 'node:path';
import Database from 'libsql';
import { DEMO_PASSWORD } from './accounts-visitor.js';
import { Browser, form } from './browser-client.js';
import type { Answer } from './browser-client.js';
import { startSample } from './sample.js';
import type { RunningSample } from './sample.js';

jest.setTimeout(60_000);

export const GUARDED = [
  '/dashboard',
  '/profile',
  '/team',
  '/security',
  '/security/password',
  '/reauthenticate',
  '/admin',
  '/api/me',
];

export let sample: RunningSample;

export let people = 0;

beforeAll(async () => {
  sample = await startSample('start');
});

afterAll(() => sample?.end());

export const browser = (): Browser => new Browser(sample.home);

export const newEmail = (): string => `person-${(people += 1)}@example.com`;

/** Works on the database file of the running application. */
export const inDatabase = <Result>(work: (database: Database.Database) => Result): Result => {
  const database = new Database(join(sample.data, 'accounts.db'));
  try {
    return work(database);
  } finally {
    database.close();
  }
};

export const registered = async (): Promise<{ me: Browser; email: string }> => {
  const me = browser();
  const email = newEmail();
  expect((await me.post('/register', form({ email, password: DEMO_PASSWORD }))).status).toBe(303);
  return { me, email };
};

export const logIn = (me: Browser, email: string, more: Readonly<Record<string, string>> = {}): Promise<Answer> =>
  me.post('/login', form({ email, password: DEMO_PASSWORD, ...more }));

/** Whether the browser is logged in anywhere. */
export const lettingIn = async (me: Browser): Promise<string[]> => {
  const answers = await Promise.all(GUARDED.map(async (path) => [path, (await me.clone().get(path)).status] as const));
  return answers.filter(([, status]) => status === 200 || status === 403).map(([path]) => path);
};
