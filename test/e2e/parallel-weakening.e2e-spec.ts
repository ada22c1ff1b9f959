/** Parallel requests of another browser make a login stale once, with at most three store calls each. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { memoryStorage } from 'nestjs-login';
import type { LoginModuleOptions, MemoryStorage } from 'nestjs-login';
import { NAVIGATION } from '../support/browser-client.js';
import type { Browser } from '../support/browser-client.js';
import { CountingStorage, delayed } from '../support/counting-storage.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

let memory: MemoryStorage;
let storage: CountingStorage;
let app: TestApp;

afterEach(async () => {
  await app.close();
  memory.close();
});

/** Starts an application, logs Ada in and copies her cookies to another browser. */
async function start(login: Partial<LoginModuleOptions> = {}): Promise<{ home: Browser; elsewhere: Browser }> {
  memory = memoryStorage();
  storage = new CountingStorage(memory);
  app = await startTestApp({ storage, login: { storeTimeout: '20s', ...login } });
  const home = app.browser();
  await home.post('/login/ada?remember=1');
  storage.disturb(delayed(5), 'logins.replace', 'logins.delete');
  storage.reset();
  return { home, elsewhere: home.clone({ ...NAVIGATION, 'user-agent': 'another' }) };
}

/** Sends `count` requests. Each of them reads the login before any of them writes. */
async function atOnce(browser: Browser, count: number): Promise<{ status: number }[]> {
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => (release = resolve));
  storage.disturb({ after: () => gate }, 'logins.find');
  const before = storage.count('logins.find');
  const answers = Array.from({ length: count }, () => browser.clone().get('/protected'));
  while (storage.count('logins.find') < before + count) await nextTurn();

  storage.disturb(delayed(5), 'logins.find');
  release();
  return Promise.all(answers);
}

const told = (): number => app.events.filter(({ name }) => name === 'sessionProtected').length;

describe.each([1, 20, 60])('%i parallel requests of another browser', (count) => {
  it('make the login stale once and emit one event, with at most three store calls each', async () => {
    const { home, elsewhere } = await start();
    const answers = await atOnce(elsewhere, count);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    // Each reads the login and tries to write. All but one come too late, and read again.
    expect(storage.count('logins.find', 'logins.replace')).toBe(3 * count - 1);
    expect(storage.reads + storage.writes).toBe(3 * count - 1);
    expect(told()).toBe(1);
    expect((await home.get('/fresh')).status).toBe(401);
  });

  it('cost one store call each and write nothing once the login is stale', async () => {
    const { elsewhere } = await start();
    await elsewhere.get('/protected');
    storage.reset();
    const answers = await atOnce(elsewhere, count);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect([storage.reads, storage.writes]).toEqual([count, 0]);
  });

  it('delete the login once under strong protection, and emit one event', async () => {
    const { home, elsewhere } = await start({ sessionProtection: 'strong' });
    const answers = await atOnce(elsewhere, count);
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 401));
    expect(storage.reads + storage.writes).toBeLessThanOrEqual(3 * count);
    expect(told()).toBe(1);
    expect((await home.get('/protected')).status).toBe(401);
    expect(memory.logins.size).toBe(0);
  });
});
