/** Tests of an application that replace parts of LoginModule. */
import 'reflect-metadata';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { LoginManagerService, LoginModule, LoginRequiredGuard } from 'nestjs-login';
import { SECRET } from '../support/test-app.js';
import { appModule, listen } from '../support/module-app.js';

describe('a test of an application', () => {
  class Whoever implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      context.switchToHttp().getRequest<{ user?: object }>().user = { id: 'stand-in' };
      return true;
    }
  }

  it.each(['/guarded', '/marked', '/fresh'])('replaces the guard by overrideGuard: %s', async (path) => {
    const imports = [appModule([LoginModule.forRoot({ secret: SECRET })])];
    const strict = await Test.createTestingModule({ imports }).compile();
    expect((await (await listen(strict.createNestApplication({ logger: false })))().get(path)).status).toBe(401);
    const lax = await Test.createTestingModule({ imports })
      .overrideGuard(LoginRequiredGuard)
      .useClass(Whoever)
      .compile();
    expect((await (await listen(lax.createNestApplication({ logger: false })))().get(path)).status).toBe(200);
  });

  it('replaces the guard of every route by overrideProvider', async () => {
    const imports = [appModule([LoginModule.forRoot({ secret: SECRET, guard: 'global' })])];
    const strict = await Test.createTestingModule({ imports }).compile();
    expect((await (await listen(strict.createNestApplication({ logger: false })))().get('/unmarked')).status).toBe(401);
    const lax = await Test.createTestingModule({ imports })
      .overrideProvider(LoginRequiredGuard)
      .useValue(new Whoever())
      .compile();
    expect((await (await listen(lax.createNestApplication({ logger: false })))().get('/unmarked')).status).toBe(200);
  });

  it('replaces the service by overrideProvider', async () => {
    const asked: unknown[] = [];
    const module = await Test.createTestingModule({ imports: [appModule([LoginModule.forRoot({ secret: SECRET })])] })
      .overrideProvider(LoginManagerService)
      .useValue({ loginUser: async (_request: unknown, user: unknown) => asked.push(user) > 0 })
      .compile();
    const browser = await listen(module.createNestApplication({ logger: false }));
    expect((await browser().post('/login/ada')).json).toEqual({ ok: true });
    expect(asked).toEqual([{ id: 'ada' }]);
  });

  it('may compile the module and never start it', async () => {
    const module = await Test.createTestingModule({
      imports: [appModule([LoginModule.forRoot({ secret: SECRET })])],
    }).compile();
    expect(module.get(LoginManagerService, { strict: false })).toBeInstanceOf(LoginManagerService);
    await module.close();
  });
});
