/** Copies of a request, derived objects and proxies in its place, and inspectors that look at it from outside. */
import { inspect } from 'node:util';
import { Controller, Get, Req } from '@nestjs/common';
import type { Request } from 'express';
import { LoginManagerService, memoryStorage } from 'nestjs-login';
import { CountingStorage } from '../support/counting-storage.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { expectTouch, TouchBook, VISITORS } from '../support/touch-book.js';

const book = new TouchBook();

/** Wraps a request as nestjs-cls and request-scoped providers do. */
const proxyOf = (req: Request): Request => new Proxy(req, {});

/** Returns whether the session is built. The request then has it as a value of its own. */
const isBuilt = (req: Request): boolean => {
  const property = Object.getOwnPropertyDescriptor(req, 'session');
  return property !== undefined && 'value' in property;
};

@Controller('view')
class Views {
  constructor(private readonly login: LoginManagerService) {}

  @Get('derived')
  derived(@Req() req: Request): object {
    book.touch(Object.create(req) as object);
    return { built: isBuilt(req) };
  }

  @Get('derived-twice')
  derivedTwice(@Req() req: Request): object {
    book.touch(Object.create(Object.create(req) as object) as object);
    return { built: isBuilt(req) };
  }

  @Get('proxy')
  proxy(@Req() req: Request): object {
    book.touch(proxyOf(req));
    return { built: isBuilt(req) };
  }

  @Get('proxy-of-derived')
  proxyOfDerived(@Req() req: Request): object {
    book.touch(proxyOf(Object.create(req) as Request));
    return { built: isBuilt(req) };
  }

  @Get('in')
  in(@Req() req: Request): object {
    return { found: 'session' in req, built: isBuilt(req) };
  }

  @Get('copies')
  async copies(@Req() req: Request): Promise<object> {
    // oxlint-disable-next-line typescript/no-misused-spread -- GraphQL servers do this
    const copies = [{ ...req }, Object.assign({}, req)] as Request[];
    const users = await Promise.all(copies.map((copy) => this.login.currentUser(copy)));
    const sessions = await Promise.all(copies.map((copy) => this.login.session(copy)));
    return {
      copied: copies.map((copy) => 'session' in copy || 'sessionID' in copy),
      users: users.map((user) => (user as { id: string } | null)?.id ?? null),
      same: sessions.every((session) => session === req.session),
    };
  }

  @Get('keys')
  keys(@Req() req: Request): object {
    const names = [...Object.keys(req), ...Object.entries(req).map(([name]) => name)];
    return { named: names.filter((name) => name.startsWith('session')), built: isBuilt(req) };
  }

  @Get('inspect')
  inspect(@Req() req: Request): object {
    const texts = [inspect(req), inspect(req, { depth: 5, showHidden: true }), inspect(proxyOf(req))];
    return { lengths: texts.map((text) => text.length > 100), built: isBuilt(req) };
  }

  @Get('inspect-getters')
  inspectGetters(@Req() req: Request): object {
    return { text: inspect(req, { depth: 0, getters: true }).length > 100 };
  }

  @Get('of-views')
  async ofViews(@Req() req: Request): Promise<object> {
    const views = [proxyOf(req), Object.create(req) as Request];
    const users = await Promise.all(views.map((view) => this.login.currentUser(view)));
    return { users: users.map((user) => (user as { id: string } | null)?.id ?? null) };
  }

  @Get('assigned')
  assigned(@Req() req: Request): object {
    (Object.create(req) as { session: unknown }).session = null;
    return { session: req.session as unknown };
  }
}

const inner = memoryStorage();
const storage = new CountingStorage(inner);
let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ controllers: [Views], storage });
});
afterAll(async () => {
  await app.close();
  inner.close();
});

async function member() {
  const browser = app.browser();
  await browser.post('/login/ada');
  await browser.get('/set?earlier=1');
  return browser;
}

describe('the first touch of the session', () => {
  describe.each([
    ['on Object.create(req)', '/view/derived'],
    ['on an object two levels below the request', '/view/derived-twice'],
    ['on a proxy', '/view/proxy'],
    ['on a proxy of Object.create(req)', '/view/proxy-of-derived'],
  ])('%s', (_how, path) => {
    it.each(VISITORS)('shows %s the stored values, and stores a new one', (_, visitor) =>
      expectTouch(app, book, { path, visitor }),
    );

    it('builds the session of the request itself', async () => {
      expect((await (await member()).get(path, { headers: { 'x-touch': '1' } })).json).toEqual({ built: true });
    });
  });
});

describe('a request', () => {
  it("has the property 'session' from the start, without building a session", async () => {
    expect((await (await member()).get('/view/in')).json).toEqual({ found: true, built: false });
  });

  it('shows no session among its keys before the first touch', async () => {
    expect((await (await member()).get('/view/keys')).json).toEqual({ named: [], built: false });
  });

  it('is copied without its session, and the service finds user and session by the copy', async () => {
    const { json } = await (await member()).get('/view/copies');
    expect(json).toEqual({ copied: [false, false], users: ['ada', 'ada'], same: true });
  });

  it('can be inspected without building a session', async () => {
    expect((await (await member()).get('/view/inspect')).json).toEqual({ lengths: [true, true, true], built: false });
  });

  it('can be inspected with its getters, and stores nothing', async () => {
    const browser = app.browser();
    storage.reset();
    expect((await browser.get('/view/inspect-getters')).json).toEqual({ text: true });
    expect([storage.writes, browser.jar.size]).toEqual([0, 0]);
  });

  it('is found by the service behind a proxy and behind a derived object', async () => {
    expect((await (await member()).get('/view/of-views')).json).toEqual({ users: ['ada', 'ada'] });
  });

  it('loses its session if a derived object gets null as its session', async () => {
    const browser = await member();
    expect((await browser.get('/view/assigned')).json).toEqual({ session: null });
    expect((await browser.get('/values')).json).toEqual({ earlier: '1' });
  });
});
