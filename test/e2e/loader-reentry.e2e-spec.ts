/** A loader that asks for the user of its own request gets a named fault, and no request waits for itself. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { Controller, Get, Injectable, Param, Post, Req } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { CurrentUser, LoginManagerService, LoginRequired, RequestLoader } from 'nestjs-login';
import type { LoginModuleOptions } from 'nestjs-login';
import { LogBook } from '../support/log-book.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp, TestAppSettings } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

const ADA = { id: 'ada' };
const current = new AsyncLocalStorage<Request>();

/** A question that the repository behind a loader asks about the request. */
type Question = (login: LoginManagerService, req: Request) => Promise<unknown>;

const QUESTIONS: Record<string, Question> = {
  currentUser: (login, req) => login.currentUser(req),
  isAuthenticated: (login, req) => login.isAuthenticated(req),
  isFresh: (login, req) => login.isFresh(req),
  isRemembered: (login, req) => login.isRemembered(req),
  loginUser: (login, req) => login.loginUser(req, ADA),
  logoutUser: (login, req) => login.logoutUser(req),
  confirmLogin: (login, req) => login.confirmLogin(req),
  logins: (login, req) => login.logins('ada', req),
  logoutOthers: (login, req) => login.logoutOthers(req),
};

async function deep(levels: number, ask: () => Promise<unknown>): Promise<unknown> {
  await nextTurn();
  return levels ? await deep(levels - 1, ask) : await ask();
}

async function* steps(ask: () => Promise<unknown>): AsyncGenerator<unknown> {
  yield await nextTurn();
  yield await ask();
}

/** The ways on which a loader comes to its question. */
const PATHS: Record<string, (ask: () => Promise<unknown>) => Promise<unknown>> = {
  'at once': (ask) => ask(),
  'after a wait': async (ask) => {
    await nextTurn();
    return ask();
  },
  'through ten async functions': (ask) => deep(10, ask),
  'through a chain of then()': (ask) =>
    nextTurn()
      .then(() => nextTurn())
      .then(() => ask())
      .then((answer) => answer)
      .finally(() => undefined),
  'through Promise.all()': async (ask) => (await Promise.all([nextTurn(), nextTurn().then(() => ask())]))[1],
  'through a callback that settles a promise': async (ask) => {
    await new Promise<void>((resolve) => setImmediate(resolve));
    return await ask();
  },
  'through an async generator': async (ask) => {
    for await (const answer of steps(ask)) if (answer !== undefined) return answer;
    return null;
  },
};

/** Asks the question of the test within its loaders. */
@Injectable()
class Way {
  question: Question | undefined;
  path = (ask: () => Promise<unknown>): Promise<unknown> => ask();

  constructor(private readonly login: LoginManagerService) {}

  async take(req: Request | undefined): Promise<void> {
    const { question } = this;
    if (question && req) await this.path(() => question(this.login, req));
  }
}

@Injectable()
class AskingRequestLoader {
  constructor(private readonly way: Way) {}

  @RequestLoader()
  async load(req: Request): Promise<object | null> {
    if (req.headers['x-key'] !== 'ada') return null;
    await this.way.take(req);
    return ADA;
  }
}

/** A user loader with a repository that finds the request in an AsyncLocalStorage. */
@Injectable()
class AskingUsers extends TestUsers {
  constructor(private readonly way: Way) {
    super();
  }

  override async findById(id: string) {
    const user = await super.findById(id);
    await this.way.take(current.getStore());
    return user;
  }
}

@Controller('asks')
class AsksController {
  constructor(private readonly login: LoginManagerService) {}

  @Get('guarded')
  @LoginRequired()
  guarded(@CurrentUser('id') id: string): object {
    return { id };
  }

  @Get('service')
  async service(@Req() req: Request): Promise<object> {
    return { user: await this.login.currentUser(req) };
  }

  @Get('open')
  open(): object {
    return { ok: true };
  }

  /** Asks in many ways while the loader is under way. */
  @Get('parallel')
  async parallel(@Req() req: Request): Promise<object> {
    const { login } = this;
    const first = login.currentUser(req);
    await nextTurn();
    const late = nextTurn().then(() => login.isFresh(req));
    const answers = await Promise.all([first, login.isAuthenticated(req), login.isRemembered(req), late]);
    return { answers, devices: (await login.logins('ada', req)).length };
  }

  @Post('then/:action')
  async act(@Req() req: Request, @Param('action') action: string): Promise<object> {
    return { answer: await (QUESTIONS[action] as Question)(this.login, req) };
  }
}

describe('a loader that asks for the user of its own request', () => {
  let app: TestApp;
  let log: LogBook;

  async function start(login: Partial<LoginModuleOptions> = {}, more: TestAppSettings = {}): Promise<Way> {
    log = new LogBook();
    app = await startTestApp({
      controllers: [AsksController],
      providers: [Way, AskingRequestLoader, { provide: TestUsers, useClass: AskingUsers }],
      login: { loginView: '/login', ...login },
      setup: (nest: NestExpressApplication) => {
        nest.useLogger(log);
        nest.use((req: Request, _res: Response, next: NextFunction) => current.run(req, next));
      },
      ...more,
    });
    return app.app.get(Way);
  }
  afterEach(() => app.close());

  const json = { accept: 'application/json', 'sec-fetch-mode': 'cors' };
  const FAULT = /ERR_LOGIN_LOADER_REENTRY: A loader asks for the user of its own request/;

  async function expectFault(asked: Promise<{ status: number }>): Promise<void> {
    log.lines.length = 0;
    expect((await asked).status).toBe(500);
    expect(log.text()).toMatch(FAULT);
  }

  describe.each(Object.keys(PATHS))('%s', (path) => {
    it('is told so: a request loader', async () => {
      const way = await start();
      way.path = PATHS[path] as Way['path'];
      const asking = app.browser({ ...json, 'x-key': 'ada' });
      for (const [name, question] of Object.entries(QUESTIONS)) {
        way.question = question;
        for (const page of ['guarded', 'service']) await expectFault(asking.get(`/asks/${page}`));
        expect([name, (await asking.get('/asks/open')).status]).toEqual([name, 200]);
      }
    });

    it('is told so: a user loader whose repository finds the request in an AsyncLocalStorage', async () => {
      const way = await start();
      const [session, remembered] = [app.browser(json), app.browser(json)];
      await session.post('/login/ada');
      await remembered.post('/login/ada?remember=1');
      remembered.close();
      way.path = PATHS[path] as Way['path'];
      for (const question of Object.values(QUESTIONS)) {
        way.question = question;
        for (const browser of [session, remembered]) await expectFault(browser.get('/asks/guarded'));
      }

      // Nothing has ended by it.
      way.question = undefined;
      for (const browser of [session, remembered]) expect((await browser.get('/asks/guarded')).status).toBe(200);
    });
  });

  it('is told so where a login asks the loader, because the user has too many', async () => {
    const way = await start({ login: { maxLogins: 1, whenFull: 'refuse' } });
    await app.browser().post('/login/ada');
    for (const question of Object.values(QUESTIONS)) {
      way.question = question;
      await expectFault(app.browser(json).post('/login/ada'));
    }
  });

  it('is told so where a confirmation asks the loader again', async () => {
    const way = await start();
    const browser = app.browser(json);
    await browser.post('/login/ada');
    for (const question of Object.values(QUESTIONS)) {
      // The first call finds the user of the request. The second call belongs to the confirmation.
      let calls = 0;
      way.question = async (login, req) => (++calls > 1 ? question(login, req) : null);
      await expectFault(browser.post('/confirm'));
    }
    way.question = undefined;
    expect((await browser.get('/fresh')).status).toBe(200);
  });

  it('is told so at once, where it would wait for ever', async () => {
    const way = await start();
    way.question = (login, req) => login.currentUser(req);
    const asked = app.browser({ ...json, 'x-key': 'ada' }).get('/asks/service');
    const tooLate = pause(2_000, 'too late', { ref: false });
    expect(await Promise.race([asked.then(({ status }) => status), tooLate])).toBe(500);
  });

  it('may take the fault for nobody, and answer all the same', async () => {
    const way = await start();
    way.question = (login, req) => login.currentUser(req).catch(() => null);
    const asking = app.browser({ ...json, 'x-key': 'ada' });
    expect((await asking.get('/asks/guarded')).json).toEqual({ id: 'ada' });
  });

  it('is not whoever asks while it is slow', async () => {
    await start();
    const browser = app.browser(json);
    await browser.post('/login/ada');
    let release = (): void => undefined;
    app.users.gate = new Promise((resolve) => (release = resolve));
    const asked = [browser.get('/asks/parallel'), browser.get('/asks/parallel'), browser.get('/asks/guarded')];
    while (app.users.loads.length < 3) await nextTurn();
    release();
    const [one, two, guarded] = await Promise.all(asked);
    const answers = [{ id: 'ada', name: 'ADA', isActive: true }, true, false, true];
    expect([one?.json, two?.json]).toEqual([
      { answers, devices: 1 },
      { answers, devices: 1 },
    ]);
    expect(guarded?.json).toEqual({ id: 'ada' });
    expect(app.users.loads).toHaveLength(3);
  });

  it.each(Object.keys(QUESTIONS))('is not %s in a handler', async (action) => {
    await start();
    const browser = app.browser(json);
    await browser.post('/login/ada');
    expect((await browser.post(`/asks/then/${action}`)).status).toBe(201);
  });
});
