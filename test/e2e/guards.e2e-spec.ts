/** The guard under every mark on handler and controller. */
import type { LoginModuleOptions } from 'nestjs-login';
import { Controller, Get, Post, UseGuards } from '@nestjs/common';
import { CurrentUser, Fresh, LoginRequired, LoginRequiredGuard, Public } from 'nestjs-login';
import type { Browser } from '../support/browser-client.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

type Guard = NonNullable<LoginModuleOptions['guard']>;

type Mark = 'none' | 'guard' | 'login' | 'fresh' | 'fresh10m' | 'public';

type Wanted = 'public' | 'login' | 'fresh' | 'fresh10m';

const MARKS: Record<Mark, () => MethodDecorator & ClassDecorator> = {
  none: () => () => undefined,
  guard: () => UseGuards(LoginRequiredGuard) as MethodDecorator & ClassDecorator,
  login: () => LoginRequired(),
  fresh: () => Fresh(),
  fresh10m: () => Fresh({ maxAge: '10m' }),
  public: () => Public(),
};

/** A controller with these marks: the first stands highest. */
function controller(path: string, onClass: Mark[], onMethod: Mark[]) {
  class Marked {
    page(): string {
      return 'the page';
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Marked.prototype, 'page') as PropertyDescriptor;
  for (const mark of onMethod.toReversed()) MARKS[mark]()(Marked.prototype, 'page', descriptor);
  Get(path)(Marked.prototype, 'page', descriptor);
  for (const mark of onClass.toReversed()) MARKS[mark]()(Marked);
  Controller()(Marked);
  return Marked;
}

/** The responses to each visitor of a page with this access. */
const SEES: Record<Wanted, Record<string, number>> = {
  public: { stranger: 200, stale: 200, confirmedLongAgo: 200, fresh: 200 },
  login: { stranger: 401, stale: 200, confirmedLongAgo: 200, fresh: 200 },
  fresh: { stranger: 401, stale: 401, confirmedLongAgo: 200, fresh: 200 },
  fresh10m: { stranger: 401, stale: 401, confirmedLongAgo: 401, fresh: 200 },
};

/** A stranger, a login that is not fresh, one that was fresh 11 minutes ago, and one of just now. */
async function visitors(app: TestApp): Promise<Record<string, Browser>> {
  const all = {
    stranger: app.browser(),
    stale: app.browser(),
    confirmedLongAgo: app.browser(),
    fresh: app.browser(),
  };
  await all.stale.post('/login/ada?fresh=0');
  await all.confirmedLongAgo.post('/login/ada');
  app.clock.now += 11 * 60_000;
  await all.fresh.post('/login/ada');
  return all;
}

/** Marks on the class, marks on the handler, and the allowed visitors with guard: manual and with guard: global. */
const TABLE: [Mark[], Mark[], Wanted, Wanted][] = [
  [[], [], 'public', 'login'],
  [[], ['guard'], 'login', 'login'],
  [[], ['login'], 'login', 'login'],
  [[], ['fresh'], 'fresh', 'fresh'],
  [[], ['fresh10m'], 'fresh10m', 'fresh10m'],
  [[], ['public'], 'public', 'public'],
  [['guard'], [], 'login', 'login'],
  [['guard'], ['guard'], 'login', 'login'],
  [['guard'], ['login'], 'login', 'login'],
  [['guard'], ['fresh'], 'fresh', 'fresh'],
  [['guard'], ['fresh10m'], 'fresh10m', 'fresh10m'],
  [['guard'], ['public'], 'public', 'public'],
  [['login'], [], 'login', 'login'],
  [['login'], ['guard'], 'login', 'login'],
  [['login'], ['fresh'], 'fresh', 'fresh'],
  [['login'], ['fresh10m'], 'fresh10m', 'fresh10m'],
  [['login'], ['public'], 'public', 'public'],
  [['fresh'], [], 'fresh', 'fresh'],
  [['fresh'], ['guard'], 'fresh', 'fresh'],
  [['fresh'], ['login'], 'login', 'login'],
  [['fresh'], ['fresh10m'], 'fresh10m', 'fresh10m'],
  [['fresh'], ['public'], 'public', 'public'],
  [['fresh10m'], [], 'fresh10m', 'fresh10m'],
  [['fresh10m'], ['guard'], 'fresh10m', 'fresh10m'],
  [['fresh10m'], ['fresh'], 'fresh', 'fresh'],
  [['fresh10m'], ['login'], 'login', 'login'],
  [['fresh10m'], ['public'], 'public', 'public'],
  [['public'], [], 'public', 'public'],
  [['public'], ['guard'], 'login', 'login'],
  [['public'], ['login'], 'login', 'login'],
  [['public'], ['fresh'], 'fresh', 'fresh'],
  [['public'], ['fresh10m'], 'fresh10m', 'fresh10m'],
  [['public'], ['public'], 'public', 'public'],
];

/** Two marks in one place, in either order: the stricter one counts. */
const TOGETHER: [Mark[], Wanted][] = [
  [['guard', 'login'], 'login'],
  [['guard', 'fresh'], 'fresh'],
  [['login', 'fresh'], 'fresh'],
  [['login', 'fresh10m'], 'fresh10m'],
  [['fresh', 'fresh10m'], 'fresh10m'],
  [['public', 'login'], 'login'],
  [['public', 'fresh'], 'fresh'],
];

const named = (marks: Mark[]): string => marks.join(' and ') || 'nothing';

describe.each<[Guard, 2 | 3]>([
  ['manual', 2],
  ['global', 3],
])('I3 with guard: %s', (guard, column) => {
  const rows = [
    ...TABLE.map((row) => [row[0], row[1], row[column]] as const),
    ...TOGETHER.flatMap(([marks, wanted]) =>
      [marks, marks.toReversed()].flatMap((order) => [[order, [], wanted] as const, [[], order, wanted] as const]),
    ),
  ].map(([onClass, onMethod, wanted], index) => ({
    path: `/page-${index}`,
    onClass: [...onClass],
    onMethod: [...onMethod],
    wanted,
  }));
  let app: TestApp;
  let people: Record<string, Browser>;
  beforeAll(async () => {
    const controllers = rows.map((row) => controller(row.path, row.onClass, row.onMethod));
    app = await startTestApp({ controllers, imports: [], login: { guard: 'manual' } });
    people = await visitors(app);
    if (guard === 'manual') return;
    // The test routes for logging in are guarded under 'global', so the logins are made before, in the same storage.
    const { storage } = app;
    const global = await startTestApp({ controllers, storage, login: { guard } });
    const first = app;
    for (const [name, browser] of Object.entries(people)) {
      const moved = global.browser();
      for (const cookie of browser.jar) moved.jar.set(...cookie);
      people[name] = moved;
    }
    app = {
      ...global,
      close: async () => {
        await global.close();
        await first.close();
      },
    };
  });
  afterAll(() => app.close());

  it.each(rows.map((row) => [named(row.onClass), named(row.onMethod), row.wanted, row] as const))(
    '%s on the controller and %s on the handler is for: %s',
    async (_class, _method, _wanted, { path, wanted }) => {
      const seen: Record<string, number> = {};
      for (const [name, browser] of Object.entries(people)) seen[name] = (await browser.get(path)).status;
      expect(seen).toEqual(SEES[wanted]);
    },
  );
});

describe('marks and classes', () => {
  it('are inherited: a mark on the base controller or its handler guards what derives from it', async () => {
    @LoginRequired()
    class Base {
      @Get('inherited')
      inherited(): string {
        return 'page';
      }

      @Get('inherited-fresh')
      @Fresh()
      fresh(): string {
        return 'page';
      }
    }
    @Controller('derived')
    class Derived extends Base {}
    @Public()
    @Controller('opened')
    class Opened extends Base {}
    const app = await startTestApp({ controllers: [Derived, Opened] });
    const stale = app.browser();
    await stale.post('/login/ada?fresh=0');
    const statuses = async (browser: Browser): Promise<number[]> => {
      const paths = ['/derived/inherited', '/derived/inherited-fresh', '/opened/inherited', '/opened/inherited-fresh'];
      const answers = [];
      for (const path of paths) answers.push((await browser.get(path)).status);
      return answers;
    };
    expect(await statuses(app.browser())).toEqual([401, 401, 200, 401]);
    expect(await statuses(stale)).toEqual([200, 401, 200, 401]);
    await app.close();
  });

  it('ask for the user once, however many guards stand in front of a handler', async () => {
    @LoginRequired()
    @Controller()
    class Guarded {
      @Get('thrice')
      @Fresh()
      @UseGuards(LoginRequiredGuard)
      thrice(@CurrentUser('id') id: string, @CurrentUser() user: { id: string }): unknown {
        return [id, user.id];
      }
    }
    const app = await startTestApp({ controllers: [Guarded] });
    const browser = app.browser();
    await browser.post('/login/ada');
    app.users.loads.length = 0;
    expect((await browser.get('/thrice')).json).toEqual(['ada', 'ada']);
    expect(app.users.loads).toEqual(['ada']);
    expect(app.events.filter(({ name }) => name === 'accessed')).toHaveLength(1);
    await app.close();
  });

  it('@Fresh() says at once where its age cannot be read', () => {
    expect(() => Fresh({ maxAge: 'ten minutes' as never })).toThrow('ERR_LOGIN_INVALID_DURATION');
  });

  it('an inactive user is refused, and @CurrentUser() on a public page shows them', async () => {
    @Controller()
    class Open {
      @Get('shown')
      shown(@CurrentUser('id') id: string): unknown {
        return { id };
      }
    }
    const app = await startTestApp({ controllers: [Open] });
    const browser = app.browser();
    await browser.post('/login/eve?force=1');
    expect((await browser.get('/protected')).status).toBe(401);
    expect((await browser.get('/shown')).json).toEqual({ id: 'eve' });
    await app.close();
  });
});

describe('the global guard', () => {
  it('leaves unknown pages a 404, for strangers and members, and guards methods that exist', async () => {
    @Controller()
    class Door {
      @Post('only-post')
      onlyPost(): string {
        return 'page';
      }
    }
    const app = await startTestApp({ controllers: [Door], login: { guard: 'global', loginView: '/login' } });
    const browser = app.browser();
    expect((await browser.get('/no-such-page')).status).toBe(404);
    expect((await browser.get('/only-post')).status).toBe(404);
    expect((await browser.post('/only-post')).status).toBe(303);
    expect((await browser.get('/public')).status).toBe(302);
    await app.close();
  });

  it('lets everybody pass under loginDisabled, and @CurrentUser() gives null then', async () => {
    const app = await startTestApp({ login: { guard: 'global', loginDisabled: true } });
    expect((await app.browser().get('/public')).status).toBe(200);
    expect((await app.browser().post('/protected')).json).toEqual({ id: null });
    await app.close();
  });
});
