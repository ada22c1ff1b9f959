/** Refusals that a handler of the application answers. */
import { ConflictException, Controller, Get, HttpException, Injectable, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';
import { CurrentUser, LoginRequiredGuard, NeedsRefreshHandler, UnauthorizedHandler } from 'nestjs-login';
import type { Answer } from '../support/browser-client.js';
import type { TestApp } from '../support/test-app.js';
import { FETCH, OUR_COOKIE, start, codeOf, raw } from '../support/refusing-app.js';

type Answering = (request: Request, response: Response) => unknown;

let answering: Answering = () => undefined;

@Injectable()
class Refusals {
  @UnauthorizedHandler()
  unauthorized(request: Request, response: Response): unknown {
    return answering(request, response);
  }

  @NeedsRefreshHandler()
  needsRefresh(request: Request, response: Response): unknown {
    return answering(request, response);
  }
}

/** Requests two refused pages: one without a login, and one with a login that is not fresh. */
async function refused(app: TestApp): Promise<Answer[]> {
  const stale = app.browser();
  await stale.post('/login/ada?fresh=0');
  return [await app.browser().get('/protected'), await stale.get('/fresh')];
}

function raise(thrown: unknown): never {
  throw thrown;
}

function circular(): object {
  const one: { self?: unknown } = {};
  one.self = one;
  return one;
}

describe('@UnauthorizedHandler() and @NeedsRefreshHandler()', () => {
  it('replace the redirect by their response: the event is emitted, and no message is kept', async () => {
    answering = async (request, response) => response.status(418).send(`no ${request.path}`);
    const app = await start({}, { providers: [Refusals] });
    const answers = await refused(app);
    expect(answers.map(({ status, text }) => [status, text])).toEqual([
      [418, 'no /protected'],
      [418, 'no /fresh'],
    ]);
    expect(answers.flatMap(({ cookies }) => cookies.filter((line) => line.startsWith(OUR_COOKIE)))).toEqual([]);
    const names = app.events.map(({ name }) => name);
    expect(names.filter((name) => name === 'unauthorized' || name === 'needsRefresh')).toEqual([
      'unauthorized',
      'needsRefresh',
    ]);
  });

  it('may redirect by themselves', async () => {
    answering = (_, response) => response.redirect(307, '/elsewhere');
    const answers = await refused(await start({}, { providers: [Refusals] }));
    expect(answers.map(({ status, headers }) => [status, headers.location])).toEqual([
      [307, '/elsewhere'],
      [307, '/elsewhere'],
    ]);
  });

  it('may throw an HttpException, which becomes the response', async () => {
    answering = () => {
      throw new ConflictException('not now');
    };
    const answers = await refused(await start({}, { providers: [Refusals] }));
    expect(answers.map(({ status, json }) => [status, (json as { message: string }).message])).toEqual([
      [409, 'not now'],
      [409, 'not now'],
    ]);
  });

  it('leave the redirect to the guard if they do nothing', async () => {
    answering = () => undefined;
    const answers = await refused(await start({}, { providers: [Refusals] }));
    expect(answers.map(({ status, headers }) => [status, headers.location?.split('?')[0]])).toEqual([
      [302, '/login'],
      [302, '/reauthenticate'],
    ]);
  });

  it.each<[string, Answering]>([
    ['throw an error', () => raise(new Error('a secret detail'))],
    ['reject', async () => raise(new Error('a secret detail'))],
    ['throw no error at all', () => raise('a secret detail')],
    ['throw undefined', () => raise(undefined)],
    ['throw an HttpException that cannot be sent', () => raise(new HttpException(circular(), 401))],
  ])('I3 lead to a 500 without detail if they %s, and the process goes on', async (_, failing) => {
    answering = failing;
    const app = await start({}, { providers: [Refusals] });
    for (const answer of await refused(app)) {
      expect(answer.status).toBe(500);
      expect(answer.text).not.toContain('detail');
    }
    expect((await app.browser().get('/public')).status).toBe(200);
  });

  it('I3 end the response if they fail after they have sent a part of it', async () => {
    answering = (_, response) => {
      response.status(401).write('half');
      throw new Error('a secret detail');
    };
    const app = await start({}, { providers: [Refusals] });
    for (const answer of await refused(app)) expect([answer.status, answer.text]).toEqual([401, 'half']);
  });
});

describe('I3 the guard', () => {
  it.each([
    '//protected',
    '/protected/',
    '/Protected',
    '/protected%2f',
    '/protected%2F..%2fpublic',
    '/./protected',
    '/x/../protected',
    '/%70rotected',
    '/protected;a=b',
    '/protected?',
    '/protected#x',
    '/protected%00',
    '///protected//',
    '\\protected',
  ])('never shows a visitor without a login the page at %s', async (path) => {
    @Controller()
    class Page {
      @Get('content')
      @UseGuards(LoginRequiredGuard)
      content(): string {
        return 'the secret content';
      }
    }
    const app = await start({}, { controllers: [Page] });
    const member = app.browser();
    await member.post('/login/ada');
    expect((await member.get('/content')).text).toBe('the secret content');
    for (const method of ['GET', 'HEAD', 'POST']) {
      const answer = await raw(
        app,
        `${method} ${path.replace(/protected/i, (name) => (name === 'Protected' ? 'Content' : 'content'))} HTTP/1.1`,
      );
      expect(answer).toMatch(/^HTTP\/1.1 (30[23]|40[0-9]) /);
      expect(answer).not.toContain('the secret content');
    }
  });

  it('answers 503 if the user loader throws, and public pages go on', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.post('/login/ada');
    app.users.failure = new Error('a secret detail');
    for (const path of ['/protected', '/fresh']) {
      const answer = await browser.get(path);
      expect([answer.status, codeOf(answer), answer.headers['retry-after']]).toEqual([
        503,
        'ERR_LOGIN_UNAVAILABLE',
        '1',
      ]);
      expect(answer.text).not.toContain('detail');
    }
    expect((await browser.get('/public')).status).toBe(200);
    app.users.failure = undefined;
    expect((await browser.get('/protected')).status).toBe(200);
  });

  it('refuses a user whose isActive throws', async () => {
    const app = await start();
    const browser = app.browser();
    await browser.post('/login/ada');
    Object.defineProperty(app.users.table.get('ada'), 'isActive', { get: () => raise(new Error('a secret detail')) });
    const answer = await browser.get('/protected');
    expect(answer.status).toBeGreaterThanOrEqual(500);
    expect(answer.text).not.toContain('detail');
  });

  it('refuses a visitor if anonymousUser throws, and public pages go on', async () => {
    @Controller()
    class Open {
      @Get('asks')
      asks(@CurrentUser() user: unknown): unknown {
        return { user };
      }
    }
    const anonymousUser = (): never => raise(new Error('a secret detail'));
    const app = await start({ anonymousUser }, { controllers: [Open] });
    expect((await app.browser().get('/protected')).status).toBe(302);
    expect((await app.browser(FETCH).get('/protected')).status).toBe(401);
    const asks = await app.browser().get('/asks');
    expect([asks.status, asks.text.includes('detail')]).toEqual([500, false]);
    expect((await app.browser().get('/public')).status).toBe(200);
  });

  it('redirects a visitor even if localize throws, and the page that reads the message answers 500', async () => {
    const app = await start({ localize: () => raise(new Error('a secret detail')) });
    const browser = app.browser();
    expect((await browser.get('/protected')).status).toBe(302);
    const page = await browser.get('/flashes');
    expect([page.status, page.text.includes('detail')]).toEqual([500, false]);
    expect((await browser.get('/protected')).status).toBe(302);
  });
});
