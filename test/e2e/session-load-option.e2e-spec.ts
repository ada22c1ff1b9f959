/** The option `session.load`: a function decides for each request, and other results are refused. */
import { Controller, Get, Req } from '@nestjs/common';
import type { Request } from 'express';
import { LoginFault, memoryStorage } from 'nestjs-login';
import type { LoginModuleOptions } from 'nestjs-login';
import type { Browser } from '../support/browser-client.js';
import { CountingStorage } from '../support/counting-storage.js';
import { LogBook } from '../support/log-book.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

type Load = NonNullable<LoginModuleOptions['session']>['load'];

@Controller()
class Pages {
  @Get('static/picture')
  picture(): string {
    return 'picture';
  }

  @Get('page')
  page(@Req() req: Request): object {
    return { session: typeof req.session };
  }
}

const inner = memoryStorage();
const storage = new CountingStorage(inner);
const log = new LogBook();
const running: TestApp[] = [];
afterEach(async () => {
  for (const app of running.splice(0)) await app.close();
});
afterAll(() => inner.close());

async function start(load: unknown): Promise<TestApp> {
  const app = await startTestApp({
    storage,
    controllers: [Pages],
    login: { session: { load: load as Load } },
    setup: (nest) => nest.useLogger(log),
  });
  running.push(app);
  return app;
}

async function member(app: TestApp): Promise<Browser> {
  const browser = app.browser();
  await browser.post('/login/ada');
  storage.reset();
  return browser;
}

describe('a function as session.load', () => {
  it('sees the request, and decides for it', async () => {
    const seen: (string | undefined)[] = [];
    const app = await start((request: Request) => {
      seen.push(request.url);
      return request.url.startsWith('/static') ? 'on-demand' : 'always';
    });
    const browser = await member(app);

    expect([(await browser.get('/static/picture')).status, storage.reads]).toEqual([200, 0]);
    expect((await browser.get('/page')).json).toEqual({ session: 'object' });
    expect([storage.reads, seen]).toEqual([1, ['/login/ada', '/static/picture', '/page']]);
  });

  it.each([undefined, null, 'never', true, '', Promise.resolve('always')])(
    'that returns %p fails the request, and the log names the option',
    async (answer) => {
      let isWrong = false;
      const app = await start(() => (isWrong ? answer : 'always'));
      const browser = await member(app);
      isWrong = true;
      expect((await browser.get('/page')).status).toBe(500);
      expect(log.lines.at(-1)).toContain('ERR_LOGIN_INVALID_OPTION: The option "session.load" cannot be');
      isWrong = false;
      expect((await browser.get('/page')).status).toBe(200);
    },
  );

  it('that throws fails the request with its own error', async () => {
    const app = await start(() => {
      throw new Error('no idea');
    });
    expect((await app.browser().get('/page')).status).toBe(500);
    expect(log.lines.at(-1)).toContain('no idea');
  });
});

describe('session.load', () => {
  it.each(['never', 'ALWAYS', 'on demand', '', null, true, false, 1, {}, []])('is refused as %p', async (load) => {
    const refused = (await start(load).catch((error: unknown) => error)) as LoginFault;
    expect(refused).toBeInstanceOf(LoginFault);
    expect(refused.code).toBe('ERR_LOGIN_INVALID_OPTION');
    expect(refused.message).toMatch(/"session\.load" cannot be .*'always', 'on-demand', or a function/);
  });

  it.each([undefined, 'always'])('reads every session if it is %p', async (load) => {
    const app = await start(load);
    const browser = await member(app);
    expect((await browser.get('/page')).json).toEqual({ session: 'object' });
    expect(storage.reads).toBe(1);
  });
});
