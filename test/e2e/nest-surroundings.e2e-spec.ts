/** Prefixes, versions, CORS, helmet, interceptors and scopes beside LoginModule. */
import { Readable } from 'node:stream';
import {
  Controller,
  Get,
  Header,
  Inject,
  Injectable,
  Req,
  Res,
  Scope,
  StreamableFile,
  VersioningType,
} from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { APP_INTERCEPTOR, REQUEST } from '@nestjs/core';
import type { Request, Response } from 'express';
import helmet from 'helmet';
import { CurrentUser, LoginManagerService, LoginRequired } from 'nestjs-login';
import type { TestAppSettings } from '../support/test-app.js';
import type { TestUser } from '../support/users.js';
import { LOGIN_VIEW, FETCH, BOTH, start, member, holds } from '../support/nest-surroundings.js';
import type { UserHolder } from '../support/nest-surroundings.js';

describe.each(BOTH)('under guard: %s', (guard) => {
  it('a global prefix is part of the page to go on to, and leaves excluded paths alone', async () => {
    @Controller()
    class Excluded {
      @Get('excluded')
      @LoginRequired()
      excluded(): string {
        return 'page';
      }
    }
    const app = await start({
      controllers: [Excluded],
      login: { guard },
      setup: (nest) => nest.setGlobalPrefix('api', { exclude: ['excluded'] }),
    });
    await holds(app, '/api/protected', { door: '/api/door/in' });
    await holds(app, '/excluded', { door: '/api/door/in' });
    expect((await app.browser().get('/protected')).status).toBe(404);
  });

  it('versions in the address or in a header change nothing', async () => {
    @Controller({ path: 'versioned', version: '2' })
    class Versioned {
      @Get()
      @LoginRequired()
      page(@CurrentUser('id') id: string): unknown {
        return { id };
      }
    }
    const address = await start({
      controllers: [Versioned],
      login: { guard },
      setup: (nest) => nest.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
    });
    expect((await holds(address, '/v2/versioned', { door: '/v1/door/in' })).json).toEqual({ id: 'ada' });
    await address.close();
    const setup: TestAppSettings['setup'] = (nest) =>
      nest.enableVersioning({ type: VersioningType.HEADER, header: 'x-version', defaultVersion: ['1', '2'] });
    const header = await start({ controllers: [Versioned], login: { guard }, setup });
    expect((await holds(header, '/versioned', { headers: { 'x-version': '2' } })).json).toEqual({ id: 'ada' });
    expect((await header.browser().get('/versioned', { headers: { 'x-version': '3' } })).status).toBe(404);
  });

  it('CORS: a preflight passes, and a page of another origin can read the 401', async () => {
    const origin = 'https://spa.example';
    const app = await start({ login: { guard }, setup: (nest) => nest.enableCors({ origin, credentials: true }) });
    await holds(app, '/protected');
    const preflight = await app.browser(FETCH).request('OPTIONS', '/protected', {
      headers: { origin, 'access-control-request-method': 'POST' },
    });
    expect([preflight.status, preflight.headers['access-control-allow-origin']]).toEqual([204, origin]);
    const refused = await app.browser(FETCH).get('/protected', { headers: { origin } });
    expect([refused.status, refused.headers['access-control-allow-origin']]).toEqual([401, origin]);
    expect(refused.headers['access-control-allow-credentials']).toBe('true');
    const vary = String(refused.headers.vary).split(/,\s*/);
    expect(vary).toEqual(expect.arrayContaining(['Origin', 'Cookie']));
  });

  it('helmet: its headers stand on redirect and 401', async () => {
    const app = await start({ login: { guard }, setup: (nest) => void nest.use(helmet()) });
    await holds(app, '/protected');
    for (const browser of [app.browser(), app.browser(FETCH)]) {
      const { headers } = await browser.get('/protected');
      expect([headers['x-content-type-options'], headers['cache-control']]).toEqual(['nosniff', 'no-store']);
    }
  });

  it('helmet: a form on plain http whose origin the browser hides can still log in where it says same-origin', async () => {
    const app = await start({ setup: (nest) => void nest.use(helmet()) });
    const browser = app.browser();
    const headers = { origin: 'null', 'sec-fetch-site': 'same-origin' };
    expect((await browser.post('/login/ada', { headers })).json).toEqual({ ok: true });
  });

  it('global interceptors find req.user', async () => {
    const seen: unknown[] = [];
    @Injectable()
    class Audit implements NestInterceptor {
      intercept(context: ExecutionContext, next: CallHandler): ReturnType<NestInterceptor['intercept']> {
        const request = context.switchToHttp().getRequest<UserHolder>();
        if (request.path === '/protected') seen.push(request.user?.id);
        return next.handle();
      }
    }
    const settings: TestAppSettings[] = [
      { providers: [{ provide: APP_INTERCEPTOR, useClass: Audit }] },
      { setup: (nest) => nest.useGlobalInterceptors(new Audit()) },
    ];
    for (const one of settings) {
      const app = await start({ ...one, login: { guard } });
      await holds(app, '/protected');
      await app.close();
    }
    expect(seen).toEqual(['ada', 'ada']);
  });

  it('controllers and providers per request work with guard and @CurrentUser()', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Basket {
      constructor(@Inject(REQUEST) readonly request: UserHolder) {}
      owner(): string | undefined {
        return this.request.user?.id;
      }
    }
    @Controller({ path: 'scoped', scope: Scope.REQUEST })
    class Scoped {
      constructor(
        readonly basket: Basket,
        readonly login: LoginManagerService,
      ) {}
      @Get()
      @LoginRequired()
      async page(
        @CurrentUser() user: TestUser,
        @CurrentUser('name') name: string,
        @Req() req: Request,
      ): Promise<unknown> {
        return [user.id, name, this.basket.owner(), ((await this.login.currentUser(req)) as TestUser).id];
      }
    }
    const app = await start({ controllers: [Scoped], providers: [Basket], login: { guard } });
    expect((await holds(app, '/scoped')).json).toEqual(['ada', 'ADA', 'ada', 'ada']);
    expect(app.users.loads).toHaveLength(1);
  });

  it('answers of every kind: @Res() with and without passthrough, a stream, HEAD', async () => {
    @LoginRequired()
    @Controller('kinds')
    class Kinds {
      @Get('passthrough')
      passthrough(@Res({ passthrough: true }) res: Response): unknown {
        res.setHeader('x-own', '1');
        return { kind: 'passthrough' };
      }
      @Get('manual')
      manual(@Res() res: Response): void {
        res.send('manual');
      }
      @Get('stream')
      @Header('content-type', 'text/plain')
      stream(): StreamableFile {
        return new StreamableFile(Readable.from(['a ', 'stream']));
      }
      @Get('promise')
      async later(): Promise<string> {
        return 'later';
      }
    }
    const app = await start({ controllers: [Kinds], login: { guard } });
    const passed = await holds(app, '/kinds/passthrough');
    expect([passed.json, passed.headers['x-own']]).toEqual([{ kind: 'passthrough' }, '1']);
    expect((await holds(app, '/kinds/manual')).text).toBe('manual');
    expect((await holds(app, '/kinds/stream')).text).toBe('a stream');
    expect((await holds(app, '/kinds/promise')).text).toBe('later');
    for (const path of ['/kinds/passthrough', '/kinds/manual', '/kinds/stream', '/kinds/promise']) {
      const stranger = await app.browser().request('HEAD', path);
      expect([stranger.status, stranger.headers.location]).toEqual([302, `${LOGIN_VIEW}?next=${path}`]);
      expect((await app.browser(FETCH).request('HEAD', path)).status).toBe(401);
      const answer = await (await member(app)).request('HEAD', path);
      expect([answer.status, answer.text, answer.headers['cache-control']]).toEqual([200, '', 'no-store']);
    }
  });
});
