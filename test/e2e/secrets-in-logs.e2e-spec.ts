/** No secret is in an event, a log line, an error body or an address. */
import { createHash } from 'node:crypto';
import { Controller, Get, Param, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import Database from 'libsql';
import { CurrentUser, Fresh, LoginManagerService, LoginRequired } from 'nestjs-login';
import type { LoginDevice } from 'nestjs-login';
import { migrateLoginTables, sqlStorage } from 'nestjs-login/sql';
import type { Answer, Browser } from '../support/browser-client.js';
import { CountingStorage, fails } from '../support/counting-storage.js';
import { LogBook } from '../support/log-book.js';
import { SECRET } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { OTHER_AGENT, DAY, start, names, ByKey, EVERY, raise } from '../support/event-apps.js';

@Controller()
class Traps {
  @Get('fails')
  fails(): never {
    throw new Error('the handler failed');
  }

  @Get('fails-guarded')
  @LoginRequired()
  failsGuarded(): never {
    throw new Error('the guarded handler failed');
  }

  @Get('never-fresh')
  @Fresh({ maxAge: 1 })
  neverFresh(): string {
    return 'page';
  }
}

@Controller('devices')
class Devices {
  constructor(private readonly login: LoginManagerService) {}

  @Get()
  @LoginRequired()
  list(@Req() req: Request, @CurrentUser('id') id: string): Promise<LoginDevice[]> {
    return this.login.logins(id, req);
  }

  @Post('revoke/:id')
  @LoginRequired()
  revoke(@Param('id') loginId: string, @CurrentUser('id') id: string): Promise<boolean> {
    return this.login.revoke(id, loginId);
  }

  @Post('others')
  others(@Req() req: Request): Promise<number> {
    return this.login.logoutOthers(req);
  }
}

/** The methods of the login store that fail. A step of `unstoredVisit` calls each of them. */
const FAILING = ['find', 'insert', 'replace', 'saveValues', 'listByUser', 'deleteByUser', 'delete'] as const;

describe('A5 no secret', () => {
  const secrets = new Set<string>();
  const book = new LogBook();
  const said: string[] = [];
  const clock = { now: Date.now() };
  const database = new Database(':memory:');
  let storage: CountingStorage;
  let app: TestApp;
  let browser: Browser;
  beforeAll(async () => {
    await migrateLoginTables(database);
    const inner = sqlStorage(database, { clock: () => clock.now });
    inner.close();
    storage = new CountingStorage(inner);
  });
  afterAll(() => database.close());

  /** Notes the values of a browser's cookies, as sent and decoded, session ids and tokens, but no record ids. */
  function keepSecrets({ jar }: Browser): void {
    for (const [name, value] of jar) {
      const decoded = decodeURIComponent(value);
      const unsigned = decoded.slice(0, decoded.lastIndexOf('.')).replace(/^s:/, '');
      const parts = decoded.replace(/^(s:|v1\.)/, '').split('.');
      const inParts =
        name === 'session' || name === 'remember' ? [unsigned, ...parts.filter(({ length }) => length !== 38)] : [];
      for (const secret of [value, decoded, ...inParts]) secrets.add(secret);
    }
  }

  /** Returns the secrets that a text contains, in plain text or as a hash. 20 equal characters are no accident. */
  const secretsIn = (text: string): string[] =>
    [...secrets].filter((secret) => {
      const hash = createHash('sha256').update(secret).digest();
      const spellings = (['base64', 'base64url', 'hex'] as const).map((notation) =>
        hash.toString(notation).slice(0, 20),
      );
      return [secret, ...spellings].some((spelling) => text.includes(spelling));
    });

  async function step(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    by = browser,
  ): Promise<Answer> {
    const answer = await by.request(method, path, { headers });
    keepSecrets(by);
    const { 'set-cookie': _, ...others } = answer.headers;
    said.push(`${path} ${answer.status} ${answer.text} ${JSON.stringify(others)}`);
    return answer;
  }

  async function ordinaryVisit(): Promise<void> {
    const routes = [
      ['GET', '/public'], ['GET', '/protected'], ['GET', '/set?color=red'], ['GET', '/values'], ['GET', '/whoami'],
      ['POST', '/login/eve'], ['POST', '/login/ada?fresh=0'], ['GET', '/protected'], ['POST', '/protected'],
      ['GET', '/fresh'], ['GET', '/fresh-10m'], ['GET', '/never-fresh'], ['GET', '/set?color=blue'], ['GET', '/values'],
      ['GET', '/fails'], ['GET', '/fails-guarded'], ['GET', '/no-such-page'], ['POST', '/confirm'], ['GET', '/fresh'],
      ['GET', '/next'], ['POST', '/next'], ['GET', '/flashes'], ['POST', '/login/bob'], ['POST', '/login/nobody'],
    ] as const; // prettier-ignore
    for (const [method, path] of routes) await step(method, path);
    await step('POST', '/login/ada', { 'sec-fetch-site': 'cross-site' });
    await step('GET', '/protected', { 'x-key': 'ada-key' }, app.browser());
    app.users.failure = new Error('the database is away');
    await step('GET', '/protected');
    app.users.failure = undefined;
    await step('GET', '/fresh', OTHER_AGENT);
    await step('POST', '/logout');
    await step('POST', '/login/ada');
    clock.now += 40 * DAY;
    await step('GET', '/protected');
  }

  /** Restores a login, rotates its token, steals it, lists the devices and ends the other ones. */
  async function rememberedVisit(): Promise<void> {
    await step('POST', '/login/ada?remember=1');
    const thief = browser.close().clone();
    for (let visits = 0; visits < 2; visits += 1) await step('GET', '/protected');
    clock.now += 61_000;
    await step('GET', '/protected', {}, thief);
    await step('POST', '/login/ada?remember=1');
    for (const other of [app.browser(), app.browser()]) await step('POST', '/login/ada?remember=1', {}, other);
    const devices: LoginDevice[] = (await step('GET', '/devices')).json;
    expect(devices).toHaveLength(3);
    await step('POST', `/devices/revoke/${devices.find(({ isCurrent }) => !isCurrent)?.loginId}`);
    await step('POST', '/devices/others');
  }

  /** Damages the stored records and values. A record that is cut off still begins with hashes. */
  async function damagedVisit(): Promise<void> {
    for (const damage of ['record = substr(record, 1, 100)', "session_values = '{' || session_values"]) {
      await step('POST', '/login/ada?remember=1');
      await step('GET', '/set?color=grey');
      database.exec(`UPDATE login_records SET ${damage}`);
      for (const path of ['/protected', '/values', '/devices']) await step('GET', path);
      await step('GET', '/protected', {}, browser.close());
    }
  }

  /** Makes each call to the store fail once. */
  async function unstoredVisit(): Promise<void> {
    for (const method of FAILING) {
      await step('POST', '/login/ada?remember=1');
      storage.reset();
      storage.disturb(fails, `logins.${method}`);
      for (const path of ['/set?color=green', '/devices', '/protected']) await step('GET', path);
      for (const path of ['/confirm', '/devices/others', '/login/bob', '/logout']) await step('POST', path);
      await step('GET', '/protected', {}, browser.close());
      expect([method, storage.count(`logins.${method}`)]).not.toEqual([method, 0]);
      storage.recover();
    }
    await step('POST', '/login/ada?remember=1');
    database.exec('ALTER TABLE login_records RENAME TO elsewhere');
    await step('GET', '/protected');
    await step('POST', '/login/bob', {}, app.browser());
    database.exec('ALTER TABLE elsewhere RENAME TO login_records');
  }

  it('stands in an event, a log line, an error body or an address', async () => {
    app = await start({
      providers: [ByKey],
      controllers: [Traps, Devices],
      storage,
      login: { nextIn: 'cookie' },
      setup: (nest) => nest.useLogger(book),
    });
    app.login.events.on('loggedIn', () => raise(new Error('a listener failed')));
    browser = app.browser();
    for (const visit of [ordinaryVisit, rememberedVisit, damagedVisit, unstoredVisit]) await visit();

    const told = ['loadedFromCookie', 'rememberTokenRotated', 'rememberTokenTheft', 'loginRevoked'];
    expect(new Set(names(app))).toEqual(new Set([...EVERY, ...told]));
    const logged = [
      'the database is away',
      'the guarded handler failed',
      'a listener failed',
      'is damaged: nobody is logged in by it',
      'are damaged: this session logs nobody in',
      'The store is down',
      'no such table: login_records',
    ];
    expect(logged.filter((words) => !book.text().includes(words))).toEqual([]);
    // The search finds secrets: the database holds hashes of the current ones.
    expect(secrets.size).toBeGreaterThan(100);
    expect(secretsIn(JSON.stringify(database.prepare('SELECT * FROM login_records').all()))).not.toEqual([]);
    secrets.add(SECRET);
    const everything = { events: JSON.stringify(app.events), log: book.text(), answers: said.join('\n') };
    const leaks = Object.entries(everything).map(([place, text]) => ({ place, leaks: secretsIn(text) }));
    expect(leaks).toEqual(Object.keys(everything).map((place) => ({ place, leaks: [] })));
  });
});
