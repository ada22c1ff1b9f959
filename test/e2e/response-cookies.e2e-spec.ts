/** The cookies of LoginModule and of the application both arrive, however the response is sent. */
import { Readable } from 'node:stream';
import { All, Controller, Get, Injectable, Param, Req, Res, Sse, StreamableFile, UseGuards } from '@nestjs/common';
import type { CanActivate, ExecutionContext, MessageEvent } from '@nestjs/common';
import type { Request, Response } from 'express';
import { LoginManagerService } from 'nestjs-login';
import { of } from 'rxjs';
import type { Observable } from 'rxjs';
import type { Answer } from '../support/browser-client.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

type SessionRequest = Request & { session: Request['session'] & Record<string, unknown> };

/** Logs in, logs out or writes to the session before the handler sends its response. */
@Injectable()
class Change implements CanActivate {
  constructor(
    private readonly login: LoginManagerService,
    private readonly users: TestUsers,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const req = context.switchToHttp().getRequest<SessionRequest>();
    const { change } = req.params;
    if (change === 'login') await this.login.loginUser(req, this.users.table.get('ada') as object);
    if (change === 'logout') await this.login.logoutUser(req);
    if (change === 'write') req.session.written = true;
    return true;
  }
}

/** Each sends the two cookies of the application, `one` and `two`. */
const WAYS: Record<string, (res: Response) => void> = {
  'res.cookie() and res.json()': (res) => res.cookie('one', '1').cookie('two', '2').json({}),
  'res.cookie() and res.redirect()': (res) => res.cookie('one', '1').cookie('two', '2').redirect('/public'),
  'res.setHeader() and res.end()': (res) => res.setHeader('Set-Cookie', ['one=1', 'two=2']).end('ok'),
  'res.write() and res.end()': (res) => {
    res.cookie('one', '1').cookie('two', '2').write('some ');
    res.end('more');
  },
  'res.flushHeaders()': (res) => {
    res.cookie('one', '1').cookie('two', '2').flushHeaders();
    res.end('ok');
  },
  'res.writeHead() without headers': (res) => res.cookie('one', '1').cookie('two', '2').writeHead(200).end('ok'),
  'res.writeHead() with an object': (res) => res.writeHead(200, { 'set-cookie': ['one=1', 'two=2'] }).end('ok'),
  'res.writeHead() with a reason': (res) => res.writeHead(200, 'Fine', { 'Set-Cookie': ['one=1', 'two=2'] }).end('ok'),
  'res.writeHead() with undefined as reason': (res) =>
    res.writeHead(200, undefined, { 'Set-Cookie': ['one=1', 'two=2'] }).end('ok'),
  'res.writeHead() with a flat list': (res) =>
    res.writeHead(200, ['Set-Cookie', 'one=1', 'X-Own', '1', 'Set-Cookie', 'two=2']).end('ok'),
  'res.writeHead() with a list in a flat list': (res) =>
    res.writeHead(200, ['Set-Cookie', ['one=1', 'two=2'], 'X-Own', '1'] as never).end('ok'),
  'res.writeHead() over an earlier cookie': (res) =>
    res.cookie('gone', '1').writeHead(200, { 'Set-Cookie': ['one=1', 'two=2'] }).end('ok'), // prettier-ignore
  'a 304': (res) => res.cookie('one', '1').cookie('two', '2').set('ETag', '"known"').send('unchanged'),
};

@Controller('answers')
@UseGuards(Change)
class Answers {
  @All('by/:way/:change')
  by(@Param('way') way: string, @Res() res: Response): void {
    WAYS[way]?.(res);
  }

  @Get('file/:change')
  file(@Res({ passthrough: true }) res: Response): StreamableFile {
    res.cookie('one', '1').cookie('two', '2');
    return new StreamableFile(Readable.from(['some ', 'more']));
  }

  @Get('passthrough/:change')
  passthrough(@Res({ passthrough: true }) res: Response): object {
    res.cookie('one', '1').cookie('two', '2');
    return {};
  }

  @Sse('sse/:change')
  events(@Req() req: Request): Observable<MessageEvent> {
    req.res?.cookie('one', '1').cookie('two', '2');
    return of({ data: 'event' });
  }
}

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ controllers: [Answers] });
});
afterAll(() => app.close());

const CASES: (readonly [string, string, string])[] = [
  ...Object.keys(WAYS).map((way) => [way, 'GET', `by/${encodeURIComponent(way)}`] as const),
  ['HEAD', 'HEAD', `by/${encodeURIComponent('res.cookie() and res.json()')}`],
  ['HEAD of a written response', 'HEAD', `by/${encodeURIComponent('res.write() and res.end()')}`],
  ['POST and redirect', 'POST', `by/${encodeURIComponent('res.cookie() and res.redirect()')}`],
  ['a StreamableFile', 'GET', 'file'],
  ['@Res({ passthrough: true })', 'GET', 'passthrough'],
  ['server-sent events', 'GET', 'sse'],
];

/** Returns the names of the cookies, with a minus in front of each cleared cookie. */
const told = ({ cookies }: Answer): string[] =>
  cookies.map((line) => `${/; Max-Age=0(;|$)/.test(line) ? '-' : ''}${line.split('=')[0]}`).toSorted();

const STATUS: Record<string, number> = { 'a 304': 304, 'res.cookie() and res.redirect()': 302 };
const statusOf = (name: string, method: string): number => STATUS[name] ?? (method === 'POST' ? 302 : 200);

const HEADERS = { 'if-none-match': '"known"' };

describe.each(CASES)('in a response (%s),', (name, method, path) => {
  const status = statusOf(name, method);

  it('the cookie of a login arrives beside the cookies of the application, except for HEAD', async () => {
    const browser = app.browser();
    const answer = await browser.request(method, `/answers/${path}/login`, { headers: HEADERS });
    // A HEAD request logs nobody in.
    const isLogin = method !== 'HEAD';
    expect([answer.status, told(answer)]).toEqual([status, ['one', ...(isLogin ? ['session'] : []), 'two']]);
    expect(answer.headers['cache-control']).toContain('no-store');
    expect((await browser.get('/protected')).status).toBe(isLogin ? 200 : 401);
  });

  it('the cookie of a new anonymous session arrives, and leads to the written value', async () => {
    const browser = app.browser();
    const answer = await browser.request(method, `/answers/${path}/write`, { headers: HEADERS });
    expect([answer.status, told(answer)]).toEqual([status, ['one', 'session-anonymous', 'two']]);
    expect((await browser.get('/values')).json).toEqual({ written: true });
  });

  it('the cookie of a login is cleared by a logout', async () => {
    const browser = app.browser();
    await browser.post('/login/ada');
    const answer = await browser.request(method, `/answers/${path}/logout`, { headers: HEADERS });
    expect([answer.status, told(answer)]).toEqual([status, ['-session', 'one', 'two']]);
  });
});

// Node 20 itself loses one of two equal names in a flat list.
const KEPT_BY_NODE = CASES.filter(([name]) => name !== 'res.writeHead() with a flat list');

it.each(KEPT_BY_NODE)(
  'in a response (%s), only the cookies of the application arrive if nothing has changed',
  async (name, method, path) => {
    const browser = app.browser();
    await browser.post('/login/ada');
    const answer = await browser.request(method, `/answers/${path}/nothing`, { headers: HEADERS });
    expect([answer.status, told(answer)]).toEqual([statusOf(name, method), ['one', 'two']]);
  },
);

it('the reason phrase of the application is kept', async () => {
  const way = encodeURIComponent('res.writeHead() with a reason');
  const answer = await fetch(`${app.origin}/answers/by/${way}/login`);
  expect([answer.statusText, answer.headers.get('cache-control')]).toEqual(['Fine', 'no-store']);
});
