/** No cache header of a handler shares an answer that depends on the user. Other answers keep their cache headers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Controller, Get, Header, Param, Query, Redirect, Req, Res, StreamableFile } from '@nestjs/common';
import type { Request, Response } from 'express';
import { CurrentUser, LoginManagerService, LoginRequired } from 'nestjs-login';
import type { Answer, Browser } from '../support/browser-client.js';
import { setNames } from '../support/set-cookie.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

const PUBLIC = 'public, max-age=300';
const folder = mkdtempSync(join(tmpdir(), 'nestjs-login-cache-'));
writeFileSync(join(folder, 'page.txt'), 'page');
afterAll(() => rmSync(folder, { recursive: true }));

/** Ways in which a handler says that everybody may keep its answer. */
const WAYS: Record<string, (res: Response) => unknown> = {
  'res.set()': (res) => res.set('Cache-Control', PUBLIC).send('page'),
  's-maxage': (res) => res.set('Cache-Control', 'private, s-maxage=60').send('page'),
  'private for one field alone': (res) => res.set('Cache-Control', 'private="x-own", max-age=300').send('page'),
  'private and public': (res) => res.set('Cache-Control', ['private', 'public'] as never).send('page'),
  'upper case': (res) => res.setHeader('CACHE-CONTROL', 'PUBLIC').end('page'),
  'a date alone': (res) => res.set('Expires', new Date(Date.now() + 300_000).toUTCString()).send('page'),
  'no word': (res) => res.send('page'),
  'writeHead()': (res) => res.writeHead(200, { 'cache-control': PUBLIC, vary: 'Accept' }).end('page'),
  'writeHead() with a reason': (res) => res.writeHead(200, 'Fine', { 'Cache-Control': PUBLIC }).end('page'),
  'writeHead() with no reason': (res) =>
    res.writeHead(200, undefined as never, { 'Cache-Control': PUBLIC, 'X-Own': 'kept' }).end('page'),
  'writeHead() with a list': (res) => res.writeHead(200, ['Cache-Control', PUBLIC, 'X-Own', 'kept']).end('page'),
  'writeHead() with a list in a list': (res) =>
    res.writeHead(200, ['Cache-Control', PUBLIC, 'Set-Cookie', ['a=1', 'b=2'], 'X-Own', 'kept'] as never).end('page'),
  'writeHead() after setHeader()': (res) => {
    res.setHeader('Cache-Control', 'no-cache');
    return res.writeHead(200, { 'Cache-Control': PUBLIC }).end('page');
  },
  'CDN-Cache-Control': (res) => res.set('CDN-Cache-Control', 'max-age=300').send('page'),
  'Surrogate-Control': (res) => res.set('Surrogate-Control', 'max-age=300').send('page'),
  'Cloudflare-CDN-Cache-Control': (res) => res.set('Cloudflare-CDN-Cache-Control', 'max-age=300').send('page'),
  'Vercel-CDN-Cache-Control': (res) => res.set('Vercel-CDN-Cache-Control', 'max-age=300').send('page'),
  'Netlify-CDN-Cache-Control': (res) => res.set('Netlify-CDN-Cache-Control', 'max-age=300').send('page'),
  'X-LiteSpeed-Cache-Control': (res) => res.set('X-LiteSpeed-Cache-Control', PUBLIC).send('page'),
  'Edge-Control': (res) => res.set('Edge-Control', 'cache-maxage=5m').send('page'),
  'X-Accel-Expires': (res) => res.set('X-Accel-Expires', '300').send('page'),
  'sendFile()': (res) => res.sendFile(join(folder, 'page.txt'), { maxAge: '1h', immutable: true }),
  'a stream': (res) => Readable.from(['pa', 'ge']).pipe(res.set('Cache-Control', PUBLIC)),
  'flushHeaders()': (res) => {
    res.set('Cache-Control', PUBLIC).flushHeaders();
    return res.end('page');
  },
  'a redirect for ever': (res) => res.set('Vary', 'Accept').redirect(301, '/elsewhere'),
  'Vary as a list': (res) => res.setHeader('Vary', ['Origin', 'Accept']).end('page'),
};

/** Header names by which a cache is told something. */
const FOR_CACHES = /cache-control$|^surrogate-control$|^edge-control$|^x-accel-expires$/;

const respond = (way: string, res: Response): unknown => WAYS[way]?.(res);

@Controller('cache')
class CacheController {
  constructor(
    private readonly login: LoginManagerService,
    private readonly users: TestUsers,
  ) {}

  @Get('guarded/:way')
  @LoginRequired()
  guarded(@Res() res: Response, @Param('way') way: string): void {
    respond(way, res);
  }

  @Get('greets/:way')
  greet(@CurrentUser() _user: object | null, @Res() res: Response, @Param('way') way: string): void {
    respond(way, res);
  }

  @Get('logs-in/:way')
  async logIn(@Req() req: Request, @Res() res: Response, @Param('way') way: string): Promise<void> {
    res.set('Cache-Control', PUBLIC);
    await this.login.loginUser(req, this.users.table.get('ada') as object, { remember: true });
    respond(way, res);
  }

  @Get('logs-out/:way')
  async logOut(@Req() req: Request, @Res() res: Response, @Param('way') way: string): Promise<void> {
    await this.login.logoutUser(req);
    respond(way, res);
  }

  @Get('writes/:way')
  write(@Req() req: Request, @Res() res: Response, @Param('way') way: string): void {
    (req as unknown as { session: Record<string, unknown> }).session.seen = true;
    respond(way, res);
  }

  @Get('tells/:way')
  tell(@Req() req: Request, @Res() res: Response, @Param('way') way: string): void {
    this.login.flashes(req);
    respond(way, res);
  }

  @Get('plain/:way')
  plain(@Res() res: Response, @Param('way') way: string): void {
    respond(way, res);
  }

  @Get('decorated')
  @LoginRequired()
  @Header('Cache-Control', PUBLIC)
  decorated(): string {
    return 'page';
  }

  @Get('moved')
  @LoginRequired()
  @Redirect('/elsewhere', 301)
  moved(): void {}

  @Get('file')
  @LoginRequired()
  @Header('Cache-Control', PUBLIC)
  file(): StreamableFile {
    return new StreamableFile(Readable.from([Buffer.from('page')]));
  }

  @Get('own')
  @LoginRequired()
  own(@Res() res: Response, @Query('says') says: string): void {
    res.set('Cache-Control', says).set('CDN-Cache-Control', 'max-age=300').send('page');
  }
}

describe('an answer', () => {
  let app: TestApp;
  let stranger: Browser;
  let visitor: Browser;
  let ada: Browser;
  let restoring: Browser;

  beforeAll(async () => {
    app = await startTestApp({ controllers: [CacheController] });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    [stranger, visitor, ada, restoring] = [app.browser(), app.browser(), app.browser(), app.browser()];
    await visitor.get('/set?colour=red');
    await ada.post('/login/ada');
    await restoring.post('/login/ada?remember=1');
    restoring.close();
  });

  const words = (text: string | undefined): string[] => (text ?? '').split(',').map((word) => word.trim());

  /** Returns the cache headers of an answer, beside Vary. */
  const told = ({ headers }: Answer): Record<string, unknown> =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => FOR_CACHES.test(name)));

  function expectPrivate(answer: Answer): void {
    expect(told(answer)).toEqual({ 'cache-control': 'no-store' });
    expect(words(answer.headers.vary)).toContain('Cookie');
  }

  describe.each(Object.keys(WAYS))('with %s', (way) => {
    const path = (route: string): string => `/cache/${route}/${encodeURIComponent(way)}`;

    it('is kept out of shared caches where it depends on the user', async () => {
      for (const browser of [stranger, visitor, ada]) {
        for (const route of ['greets', 'logs-out', 'tells']) expectPrivate(await browser.clone().get(path(route)));
        expectPrivate(await browser.get(path('guarded')));
      }
      for (const browser of [visitor, ada]) expectPrivate(await browser.get(path('writes')));
    });

    it('is kept out of shared caches where it carries a cookie of ours', async () => {
      const answers: [Answer, string[]][] = [
        [await stranger.get(path('writes')), ['session-anonymous']],
        [await restoring.get(path('guarded')), ['remember', 'session']],
        [await visitor.get(path('logs-in')), ['remember', 'session']],
      ];
      for (const [answer, names] of answers) {
        expect(setNames(answer).filter((name) => /session|remember/.test(name))).toEqual(names);
        expectPrivate(answer);
      }
    });

    it('is otherwise what the handler made of it', async () => {
      const [open, guarded] = [await stranger.get(path('plain')), await ada.get(path('guarded'))];
      expect([guarded.status, guarded.text]).toEqual([open.status, open.text]);
      const { headers } = guarded;
      expect([headers['x-own'], headers['set-cookie'], headers.location, headers['content-type']]).toEqual([
        open.headers['x-own'],
        open.headers['set-cookie'],
        open.headers.location,
        open.headers['content-type'],
      ]);
      expect(words(headers.vary)).toEqual(expect.arrayContaining(open.headers.vary ? words(open.headers.vary) : []));
    });

    it('says what the handler says where it depends on nobody', async () => {
      const open = await stranger.get(path('plain'));
      for (const browser of [visitor, ada, restoring]) {
        const answer = await browser.get(path('plain'));
        expect([told(answer), answer.headers.vary]).toEqual([told(open), open.headers.vary]);
      }
    });
  });

  it.each(['decorated', 'moved', 'file'])(
    'by the decorators of Nest is kept out of shared caches: %s',
    async (route) => {
      expectPrivate(await ada.get(`/cache/${route}`));
      const restored = await restoring.get(`/cache/${route}`);
      expect(setNames(restored)).toEqual(['remember', 'session']);
      expectPrivate(restored);
    },
  );

  it.each(['private', 'private, max-age=60', 'max-age=60, private', 'no-store', 'no-store, no-cache', 'Private'])(
    'keeps what the handler says where that is private as well: %s',
    async (says) => {
      const answer = await ada.get(`/cache/own?says=${encodeURIComponent(says)}`);
      expect([told(answer), words(answer.headers.vary)]).toEqual([{ 'cache-control': says }, ['Cookie']]);
    },
  );

  it('that says 304 says so to this browser alone', async () => {
    const { headers } = await ada.get('/cache/guarded/no%20word');
    const answer = await ada.get('/cache/guarded/no%20word', { headers: { 'if-none-match': headers.etag as string } });
    expect(answer.status).toBe(304);
    expectPrivate(answer);
  });

  it('to HEAD and to a refused navigation is kept out of shared caches as well', async () => {
    expectPrivate(await ada.request('HEAD', '/cache/decorated'));
    expectPrivate(await stranger.get('/cache/decorated'));
  });
});
