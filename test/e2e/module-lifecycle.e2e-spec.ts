/** Applications that close, that share a process, or that have no HTTP. */
import { AsyncLocalStorage, createHook } from 'node:async_hooks';
import 'reflect-metadata';
import type { ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LoginManagerService, LoginModule, memoryStorage } from 'nestjs-login';
import type { LoginStorage } from 'nestjs-login';
import { SECRET } from '../support/test-app.js';
import { keptStorage, appModule, listen, create, serve } from '../support/module-app.js';

describe('two applications in one process', () => {
  const twoOf = async (one: object = {}, other: object = {}) => [
    await serve([LoginModule.forRoot({ secret: SECRET, ...one })]),
    await serve([LoginModule.forRoot({ secret: SECRET, ...other })]),
  ] as const; // prettier-ignore

  it('share no login: the cookie of one is nothing in the other, even under one secret', async () => {
    const [one, other] = await twoOf();
    const [here, there] = [one.browser(), other.browser()];
    await here.post('/login/ada');
    expect((await here.get('/guarded')).json).toEqual({ id: 'ada' });
    const cookie = here.cookieHeader();
    expect((await there.get('/guarded', { cookie })).status).toBe(401);
    await there.post('/login/ada');
    await there.post('/logout');
    expect((await there.get('/guarded')).status).toBe(401);
    expect((await here.get('/guarded')).json).toEqual({ id: 'ada' });
  });

  it('share no session of visitors who are not logged in', async () => {
    const [one, other] = await twoOf();
    const visitor = one.browser();
    await visitor.post('/cart');
    expect((await visitor.get('/cart')).json).toEqual({ cart: 'pear' });
    expect((await other.browser().get('/cart', { cookie: visitor.cookieHeader() })).json).toEqual({ cart: null });
  });

  it('share no events', async () => {
    const [one, other] = await twoOf();
    const told: string[] = [];
    one.app.get(LoginManagerService).events.on('loggedIn', ({ userId }) => told.push(`one: ${userId}`));
    other.app.get(LoginManagerService).events.on('loggedIn', ({ userId }) => told.push(`other: ${userId}`));
    await one.browser().post('/login/ada');
    await other.browser().post('/login/bob');
    expect(told).toEqual(['one: ada', 'other: bob']);
  });

  it('share neither guard nor options', async () => {
    const [one, other] = await twoOf({ guard: 'global', loginView: '/sign-in' }, { loginDisabled: true });
    const navigation = { accept: 'text/html', 'sec-fetch-mode': 'navigate' };
    expect((await one.browser(navigation).get('/unmarked')).headers.location).toMatch(/^\/sign-in/);
    expect((await other.browser(navigation).get('/unmarked')).status).toBe(200);
    expect((await other.browser(navigation).get('/guarded')).status).toBe(200);
  });

  it('share no login where both are made of one module class', async () => {
    const AppModule = appModule([LoginModule.forRoot({ secret: SECRET })]);
    const [one, other] = [await listen(await create(AppModule)), await listen(await create(AppModule))];
    const visitor = one();
    await visitor.post('/login/ada');
    expect((await visitor.get('/guarded')).status).toBe(200);
    expect((await other().get('/guarded', { cookie: visitor.cookieHeader() })).status).toBe(401);
  });
});

describe('an application that closes', () => {
  /** Counts the timers that `body` set and that are still running, those that keep no process alive included. */
  async function timersOf(body: (alive: () => Promise<number>) => Promise<void>): Promise<void> {
    const running = new Set<number>();
    const ours = new AsyncLocalStorage<true>();
    const hook = createHook({
      init: (id, type) => void (type === 'Timeout' && ours.getStore() && running.add(id)),
      destroy: (id) => running.delete(id),
    });
    hook.enable();
    try {
      await ours.run(true, body, async () => {
        // Node tells destroyed resources in batches, after the current turn.
        for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
        return running.size;
      });
    } finally {
      hook.disable();
    }
  }

  it('leaves no timer of the storage that it made itself', () =>
    timersOf(async (alive) => {
      const app = await create(appModule([LoginModule.forRoot({ secret: SECRET })]));
      await app.init();
      expect(await alive()).toBe(1);
      await app.close();
      expect(await alive()).toBe(0);
    }));

  it('leaves the storage alone that it was given', () =>
    timersOf(async (alive) => {
      const storage = memoryStorage();
      const app = await create(appModule([LoginModule.forRoot({ secret: SECRET, storage })]));
      await app.init();
      await app.close();
      expect(await alive()).toBe(1);
      storage.close();
      expect(await alive()).toBe(0);
    }));

  it('leaves the storage of another application alone that is made of the same module class', () =>
    timersOf(async (alive) => {
      const AppModule = appModule([LoginModule.forRoot({ secret: SECRET })]);
      const [one, other] = [await create(AppModule), await create(AppModule)];
      await one.init();
      await other.init();
      expect(await alive()).toBe(2);
      await one.close();
      expect(await alive()).toBe(1);
      await other.close();
      expect(await alive()).toBe(0);
    }));

  it('leaves nothing that keeps the process alive', async () => {
    const kinds = () => {
      const counts = new Map<string, number>();
      // The test runner sets timers of its own at any time; ours are counted above.
      const kept = process.getActiveResourcesInfo().filter((kind) => kind !== 'Timeout' && kind !== 'Immediate');
      for (const kind of kept) counts.set(kind, (counts.get(kind) ?? 0) + 1);
      return counts;
    };
    const before = kinds();
    const grown = () => [...kinds()].filter(([kind, count]) => count > (before.get(kind) ?? 0)).map(([kind]) => kind);
    const app = await create(appModule([LoginModule.forRoot({ secret: SECRET })]));
    await app.listen(0, '127.0.0.1');
    expect(grown()).toEqual(['TCPServerWrap']);
    await app.close();
    await new Promise(setImmediate);
    expect(grown()).toEqual([]);
  });

  it('calls no close of a storage that is not its own', async () => {
    const { logins, sessions } = keptStorage();
    let closed = 0;
    const storage: LoginStorage & { close(): void } = { logins, sessions, close: () => void (closed += 1) };
    const app = await create(appModule([LoginModule.forRoot({ secret: SECRET, storage })]));
    await app.init();
    await app.close();
    expect(closed).toBe(0);
  });

  it('finds the logins again at its next start on the same storage, and nobody on its own', async () => {
    const storage = keptStorage();
    for (const [given, status] of [
      [{ storage }, 200],
      [{}, 401],
    ] as const) {
      const AppModule = appModule([LoginModule.forRoot({ secret: SECRET, ...given })]);
      const first = await create(AppModule);
      const visitor = (await listen(first))();
      await visitor.post('/login/ada');
      expect((await visitor.get('/guarded')).status).toBe(200);
      await first.close();
      const again = (await listen(await create(AppModule)))();
      expect((await again.get('/guarded', { cookie: visitor.cookieHeader() })).status).toBe(status);
    }
  });

  it('may be closed before it was initialised', async () => {
    const app = await create(appModule([LoginModule.forRoot({ secret: SECRET })]));
    await expect(app.close()).resolves.toBeUndefined();
  });
});

describe('an application without HTTP', () => {
  const context = (...imports: NonNullable<ModuleMetadata['imports']>) =>
    NestFactory.createApplicationContext(appModule(imports), { logger: false, abortOnError: false });

  it('starts, hands out the service and closes', async () => {
    const app = await context(LoginModule.forRoot({ secret: SECRET }));
    const login = app.get(LoginManagerService);
    await expect(login.currentUser({} as never)).rejects.toMatchObject({ code: 'ERR_LOGIN_NO_REQUEST' });
    await app.close();
  });

  it('is refused for the same mistakes', async () => {
    await expect(context(LoginModule.forRoot({ secret: 'short' }))).rejects.toMatchObject({ code: 'ERR_LOGIN_SECRET' });
    await expect(context(LoginModule)).rejects.toMatchObject({ code: 'ERR_LOGIN_MODULE' });
  });

  it('is refused for a second forRoot, too', async () => {
    const twice = [LoginModule.forRoot({ secret: SECRET }), LoginModule.forRoot({ secret: SECRET })];
    const started = context(...twice).then((app) => app.close());
    await expect(started).rejects.toMatchObject({ code: 'ERR_LOGIN_MODULE' });
  });
});
