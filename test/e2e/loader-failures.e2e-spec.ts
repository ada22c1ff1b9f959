/** Errors that loaders throw: those that concern this visitor alone, and outages. */
import {
  ForbiddenException,
  Injectable,
  NotFoundException,
  ServiceUnavailableException,
  UnauthorizedException,
} from '@nestjs/common';
import type { Request } from 'express';
import { RequestLoader } from 'nestjs-login';
import { startLoggedApp } from '../support/logged-app.js';
import type { LoggedApp } from '../support/logged-app.js';

async function loggedIn(app: LoggedApp) {
  const browser = app.browser();
  await browser.post('/login/ada?remember=1');
  return browser;
}

/** The errors of drivers for a missing row, or for an id that has changed its form. */
const odd = (name: string, message: string): Error => Object.assign(new Error(message), { name, code: '22P02' });

describe('a user loader that throws an HttpException below 500', () => {
  it.each([new NotFoundException(), new ForbiddenException(), new UnauthorizedException()])(
    'says that there is no such user: %p',
    async (error) => {
      const app = await startLoggedApp({ login: { loginView: '/login' } });
      const browser = await loggedIn(app);
      app.users.failure = error;
      expect((await browser.get('/protected')).status).toBe(302);
      expect(app.storage.logins.size).toBe(0);
      expect(browser.jar.has('session')).toBe(false);
      expect(app.log.lines).toEqual([]);
    },
  );
});

describe('a user loader that fails by any other error', () => {
  const failures = [
    odd('EntityNotFoundError', 'Could not find any entity of type "User" matching: 1'),
    odd('QueryFailedError', 'invalid input syntax for type uuid: "17"'),
    new ServiceUnavailableException(),
    new Error('connect ECONNREFUSED'),
  ];

  it.each(failures)('is an outage of guarded pages, and ends no login: %p', async (error) => {
    const app = await startLoggedApp();
    const browser = await loggedIn(app);
    app.users.failure = error;
    expect((await browser.get('/protected')).json).toMatchObject({ statusCode: 503, code: 'ERR_LOGIN_UNAVAILABLE' });
    expect((await browser.clone().close().get('/protected')).status).toBe(503);
    expect((await browser.post('/confirm')).status).toBe(503);
    app.users.failure = undefined;
    expect((await browser.get('/protected')).status).toBe(200);
  });

  it('lets login pages and logouts ask who is there, and work', async () => {
    const app = await startLoggedApp();
    const browser = await loggedIn(app);
    app.users.failure = odd('CastError', 'Cast to ObjectId failed');
    const answer = await browser.get('/whoami');
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ id: null, authenticated: false, fresh: false, remembered: false });
    expect((await browser.clone().post('/login/bob')).json).toEqual({ ok: true });
    expect((await (await loggedIn(app)).post('/logout')).json).toEqual({ ok: true });
  });

  it('refuses one login too many without an error, although nobody knows which logins are outdated', async () => {
    const app = await startLoggedApp({ login: { login: { maxLogins: 1, whenFull: 'refuse' } } });
    await loggedIn(app);
    app.clock.now += 60_000;
    app.users.failure = new Error('connect ECONNREFUSED');
    expect((await app.browser().post('/login/ada')).json).toEqual({ ok: false });
    expect((await app.browser().post('/login/bob')).json).toEqual({ ok: true });
  });

  it('is logged once for twenty requests, and once more for another cause', async () => {
    const app = await startLoggedApp();
    const browser = await loggedIn(app);
    for (const failure of [new Error('connect ECONNREFUSED'), odd('CastError', 'Cast to ObjectId failed')]) {
      app.users.failure = failure;
      for (let request = 0; request < 20; request += 1) await browser.get(request % 2 ? '/protected' : '/whoami');
    }
    const failed = app.log.lines.filter((line) => line.includes('The user loader failed'));
    expect(failed).toHaveLength(2);
    expect(failed.join()).toMatch(/ECONNREFUSED[^]*CastError|ECONNREFUSED[^]*ObjectId/);
  });
});

describe('a request loader that throws', () => {
  @Injectable()
  class Tokens {
    @RequestLoader()
    byToken(request: Request): unknown {
      const token = request.headers.authorization;
      if (token === 'Bearer expired') throw new UnauthorizedException('The token has expired.');
      if (token) throw new Error('connect ECONNREFUSED');
      return null;
    }
  }
  const EXPIRED = {
    headers: { authorization: 'Bearer expired', accept: 'application/json', 'sec-fetch-mode': 'cors' },
  };
  const DOWN = { headers: { authorization: 'Bearer good' } };

  it('an HttpException below 500 gives guarded pages that answer, and logs nothing', async () => {
    const app = await startLoggedApp({ providers: [Tokens] });
    const answer = await app.browser().get('/protected', EXPIRED);
    expect(answer.status).toBe(401);
    expect(answer.json).toMatchObject({ message: 'The token has expired.' });
    expect(answer.headers['retry-after']).toBeUndefined();
    expect((await app.browser().get('/whoami', EXPIRED)).json).toMatchObject({ id: null });
    expect(app.log.lines).toEqual([]);
  });

  it('any other error is an outage of guarded pages', async () => {
    const app = await startLoggedApp({ providers: [Tokens] });
    expect((await app.browser().get('/protected', DOWN)).status).toBe(503);
    expect((await app.browser().get('/whoami', DOWN)).json).toMatchObject({ id: null });
    expect(app.log.text()).toContain('The request loader failed');
  });
});
