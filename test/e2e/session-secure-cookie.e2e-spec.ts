/** A Secure session cookie is sent over TLS only. Each request is checked for TLS. */
import { Controller, Get, Req } from '@nestjs/common';
import type { Request } from 'express';
import { memoryStorage } from 'nestjs-login';
import { NAVIGATION } from '../support/browser-client.js';
import { LogBook } from '../support/log-book.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

type SessionRequest = Request & { session: Request['session'] & Record<string, unknown> };

/** A browser on https, behind a proxy on this machine. */
const TLS = { ...NAVIGATION, 'x-forwarded-proto': 'https' };

@Controller('secure')
class SecureController {
  @Get('write')
  write(@Req() req: SessionRequest): object {
    req.session.written = true;
    return { secure: req.secure, cookie: req.session.cookie.secure };
  }
}

const inner = memoryStorage();
const log = new LogBook();
let app: TestApp;
beforeEach(async () => {
  log.lines.length = 0;
  app = await startTestApp({
    storage: inner,
    login: { production: true },
    controllers: [SecureController],
    setup: (nest) => nest.useLogger(log),
  });
});
afterEach(() => app.close());
afterAll(() => inner.close());

const NOT_KEPT = 'A new session was written and could not be kept.';

it('over plain HTTP a new session is not stored: no cookie, no row, one warning with the remedy', async () => {
  const { size } = inner.sessions;
  for (let visit = 0; visit < 2; visit += 1) {
    const { json, cookies } = await app.browser(TLS).get('/secure/write');
    expect([json, cookies]).toEqual([{ secure: false, cookie: true }, []]);
  }
  expect(inner.sessions.size).toBe(size);
  const told = log.lines.filter((line) => line.includes(NOT_KEPT));
  expect(told).toEqual([expect.stringMatching(/"__Host-session-anonymous" is Secure.*app\.set\('trust proxy'/)]);
});

it("'trust proxy' may be set after the start", async () => {
  expect((await app.browser(TLS).post('/login/ada')).status).toBe(500);
  expect(log.text()).toContain('ERR_LOGIN_INSECURE_CONNECTION');

  app.app.set('trust proxy', 'loopback');
  const [member, stranger] = [app.browser(TLS), app.browser(TLS)];
  expect((await member.post('/login/ada')).json).toEqual({ ok: true });
  expect((await member.get('/protected')).json).toEqual({ id: 'ada' });
  expect((await stranger.get('/secure/write')).json).toEqual({ secure: true, cookie: true });
  expect((await stranger.get('/values')).json).toEqual({ written: true });
  expect([[...member.jar.keys()], [...stranger.jar.keys()]]).toEqual([
    ['__Host-session'],
    ['__Host-session-anonymous'],
  ]);
});

it("'trust proxy' may be unset: the next session is not stored, and existing sessions go on", async () => {
  app.app.set('trust proxy', 'loopback');
  const browser = app.browser(TLS);
  await browser.get('/secure/write');
  app.app.set('trust proxy', false);
  expect((await app.browser(TLS).get('/secure/write')).cookies).toEqual([]);
  expect((await browser.get('/set?later=1')).status).toBe(200);
  expect((await browser.get('/values')).json).toEqual({ written: true, later: '1' });
});
