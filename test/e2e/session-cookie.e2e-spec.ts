/** The session cookie: what is sent, what is accepted, and what anything else a client may send does: nothing. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { jest } from '@jest/globals';
import { Body, Controller, Get, Post, Req, Res, Session, UnauthorizedException } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { parseCookie } from 'cookie';
import type { Request, Response } from 'express';
import fc from 'fast-check';
import { LoginManagerService, memoryStorage } from 'nestjs-login';
import type { LoginFault, LoginModuleOptions } from 'nestjs-login';
import { newAnonymousSessionId, newLoginId, newLoginSessionId } from '../../lib/logins/login-id.js';
import { Browser, NAVIGATION } from '../support/browser-client.js';
import { CountingStorage } from '../support/counting-storage.js';
import { SECRET, startTestApp } from '../support/test-app.js';
import type { TestApp, TestAppSettings } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

jest.setTimeout(60_000);

const OTHER_SECRET = 'Zk3Wm8Tq1Xc6Vb9Nr4Ls7Pd2Gh5Jf0Ye';
const DAY = 86_400_000;
/** A browser on https, behind a proxy on this machine. */
const TLS = { ...NAVIGATION, 'x-forwarded-proto': 'https' };
const HOSTILE_KEYS = ['__proto__', 'constructor', 'prototype'];

@Controller()
class CookieController {
  constructor(
    readonly login: LoginManagerService,
    readonly users: TestUsers,
  ) {}

  /** Answers the code that loginUser rejects with. */
  @Post('try-login')
  async tryLogin(@Req() req: Request): Promise<{ code: string | null }> {
    const code = await this.login.loginUser(req, this.users.table.get('ada') as object).then(
      () => null,
      (error: LoginFault) => error.code,
    );
    return { code };
  }

  /** A form with a password. */
  @Post('sign-in')
  async signIn(@Req() req: Request, @Body() form: { id?: unknown; password?: unknown } | undefined): Promise<object> {
    const user = form?.password === 'the real one' ? this.users.table.get(form.id as string) : undefined;
    if (!user) throw new UnauthorizedException();
    await this.login.loginUser(req, user);
    return { next: this.login.nextUrl(req) ?? null };
  }

  /** Puts whatever the body holds into the session, as keys of its own. */
  @Post('keep')
  keep(@Session() session: object, @Body() body: object): { ok: boolean } {
    const own = Object.entries(body).filter(([key]) => !Object.hasOwn(session, key));
    for (const [key, value] of own)
      Object.defineProperty(session, key, { value, enumerable: true, configurable: true, writable: true });
    return { ok: true };
  }

  @Get('go')
  go(@Req() req: Request, @Res() res: Response): void {
    res.redirect(this.login.nextUrl(req) ?? '/home');
  }

  @Get('app/whoami')
  async whoamiInside(@Req() req: Request): Promise<{ id: string | null }> {
    return { id: ((await this.login.currentUser(req)) as { id: string } | null)?.id ?? null };
  }
}

const start = (settings: TestAppSettings = {}): Promise<TestApp> =>
  startTestApp({ ...settings, controllers: [CookieController] });

/** In production, behind a proxy on this machine that ends TLS. */
const startInProduction = (login: Partial<LoginModuleOptions> = {}, settings: TestAppSettings = {}): Promise<TestApp> =>
  start({ ...settings, login: { production: true, ...login }, setup: trustLoopback });

const trustLoopback = (app: NestExpressApplication): unknown => app.set('trust proxy', 'loopback');

/** What cookie-parser does: express-session would look into `req.cookies` as well. */
const parseCookies = (app: NestExpressApplication): unknown =>
  app.use((req: Request, _res: Response, next: () => void) => {
    req.cookies = parseCookie(req.headers.cookie ?? '');
    next();
  });

function signatureOf(text: string, secret: string, encoding: 'base64' | 'base64url' | 'hex' = 'base64'): string {
  return createHmac('sha256', secret).update(text).digest(encoding).replace(/=+$/, '');
}

/** A session cookie's value as it is signed and sent. */
const signed = (id: string, secret: string = SECRET): string =>
  encodeURIComponent(`s:${id}.${signatureOf(id, secret)}`);

/** The session id in a session cookie's value. */
const idIn = (value: string): string =>
  decodeURIComponent(value)
    .slice(2)
    .replace(/\.[^.]*$/, '');

interface SetCookie {
  readonly name: string;
  readonly value: string;
  readonly attributes: Readonly<Record<string, string | true>>;
}

function parsed(line: string): SetCookie {
  const [pair = '', ...rest] = line.split('; ');
  const attributes = rest.map((part): [string, string | true] => {
    const at = part.indexOf('=');
    return at < 0 ? [part.toLowerCase(), true] : [part.slice(0, at).toLowerCase(), part.slice(at + 1)];
  });
  return {
    name: pair.slice(0, pair.indexOf('=')),
    value: pair.slice(pair.indexOf('=') + 1),
    attributes: Object.fromEntries(attributes),
  };
}

/** Milliseconds for which a browser keeps a cookie; null: until it is closed. */
function lifetimeOf({ attributes }: SetCookie): number | null {
  if (attributes['max-age'] !== undefined) return Number(attributes['max-age']) * 1000;
  return attributes.expires === undefined ? null : Date.parse(String(attributes.expires)) - Date.now();
}

/** Sends bytes that no HTTP client would, one byte a character; answers the first line and what follows. */
function sendRaw(origin: string, path: string, headerLines: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(origin).port), '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('error', reject);
    socket.once('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    const lines = [`GET ${path} HTTP/1.1`, 'Host: 127.0.0.1', 'Connection: close', ...headerLines, '', ''];
    socket.write(Buffer.from(lines.join('\r\n'), 'latin1'));
  });
}

/** Does all of it, at most 50 at once. */
async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}

describe('the session cookie', () => {
  const running: TestApp[] = [];
  const started = async (app: Promise<TestApp>): Promise<TestApp> => {
    running.push(await app);
    return app;
  };
  afterEach(async () => {
    for (const app of running.splice(0)) await app.close();
  });

  /** An application on counted stores with a clock of its own. */
  async function counted(settings: TestAppSettings = {}) {
    const clock = { now: Date.now() };
    const memory = memoryStorage({ clock: () => clock.now });
    memory.close();
    const storage = new CountingStorage(memory);
    return { app: await started(start({ ...settings, storage })), clock, memory, storage };
  }

  describe('that is sent', () => {
    it('B1 is in production a __Host- cookie: Secure, HttpOnly, SameSite=Lax, Path=/, without Domain', async () => {
      const app = await started(startInProduction({ loginView: '/login-page', nextIn: 'cookie' }));
      const browser = app.browser(TLS);
      const lines: string[] = [];
      const note = async (answer: Promise<{ cookies: readonly string[] }>): Promise<void> => {
        lines.push(...(await answer).cookies);
      };
      await note(browser.get('/protected'));
      await note(browser.get('/set?colour=red'));
      await note(browser.post('/login/ada'));
      await note(browser.post('/confirm'));
      await note(browser.get('/set?colour=blue'));
      await note(browser.get('/flashes'));
      await note(browser.post('/login/bob'));
      await note(browser.post('/logout'));
      const cookies = lines.map(parsed);
      const names = ['__Host-session', '__Host-session-anonymous', '__Host-login-notice'];
      expect(new Set(cookies.map(({ name }) => name))).toEqual(new Set(names));
      for (const name of names) expect(cookies.filter((cookie) => cookie.name === name).length).toBeGreaterThan(1);
      for (const { attributes } of cookies)
        expect(attributes).toEqual({
          ...('expires' in attributes && { expires: attributes.expires }),
          ...('max-age' in attributes && { 'max-age': attributes['max-age'] }),
          secure: true,
          httponly: true,
          samesite: 'Lax',
          path: '/',
        });
      expect(browser.jar.size).toBe(0);
    });

    it('B1 lives until the browser is closed, and is sent at the login alone', async () => {
      const app = await started(startInProduction());
      const browser = app.browser(TLS);
      const cookies = (await browser.post('/login/ada')).cookies.map(parsed);
      expect(cookies.map(({ name }) => name)).toEqual(['__Host-session']);
      expect(lifetimeOf(cookies[0] as SetCookie)).toBeNull();
      app.clock.now += 3_600_000;
      for (const path of ['/protected', '/whoami', '/set?colour=red', '/values', '/public'])
        expect((await browser.get(path)).cookies).toEqual([]);
    });

    it('lives, as a persistent one, until the absolute end: said once, not moved by use, anew at a confirmation', async () => {
      const app = await started(
        start({ login: { login: { absolute: '20d' }, session: { cookie: { persistent: true } } } }),
      );
      const browser = app.browser();
      const [atLogin] = (await browser.post('/login/ada')).cookies.map(parsed);
      expect(Math.abs((lifetimeOf(atLogin as SetCookie) as number) - 20 * DAY)).toBeLessThan(60_000);
      for (let day = 0; day < 3; day += 1) {
        app.clock.now += DAY / 2;
        for (const path of ['/protected', '/set?colour=red', `/set?day=${day}`, '/values', '/whoami'])
          expect((await browser.get(path)).cookies).toEqual([]);
      }
      const [atConfirmation] = (await browser.post('/confirm')).cookies.map(parsed);
      expect(Math.abs((lifetimeOf(atConfirmation as SetCookie) as number) - 20 * DAY)).toBeLessThan(60_000);
      const [atLogout] = (await browser.post('/logout')).cookies.map(parsed);
      expect(lifetimeOf(atLogout as SetCookie)).toBe(0);
    });

    it('is not persistent for who is not logged in', async () => {
      const app = await started(start({ login: { session: { cookie: { persistent: true } } } }));
      const [cookie] = (await app.browser().get('/set?colour=red')).cookies.map(parsed);
      expect(lifetimeOf(cookie as SetCookie)).toBeNull();
    });

    it('that is Secure does not go over plain http: loginUser rejects and says so, without cookie or row', async () => {
      const memory = memoryStorage();
      memory.close();
      const storage = new CountingStorage(memory);
      const app = await started(startInProduction({}, { storage }));
      const plain = app.browser();
      const told = await plain.post('/try-login');
      expect(told.json).toEqual({ code: 'ERR_LOGIN_INSECURE_CONNECTION' });
      expect(told.cookies).toEqual([]);
      const answer = await plain.post('/login/ada');
      expect(answer.status).toBe(500);
      expect(answer.cookies).toEqual([]);
      expect(storage.writes).toBe(0);
      expect((await app.browser(TLS).post('/try-login')).json).toEqual({ code: null });
    });

    it('that is Secure does not believe X-Forwarded-Proto of a proxy that nobody named', async () => {
      const app = await started(start({ login: { production: true } }));
      const answer = await app.browser(TLS).post('/try-login');
      expect(answer.json).toEqual({ code: 'ERR_LOGIN_INSECURE_CONNECTION' });
      expect(answer.cookies).toEqual([]);
    });

    it('carries its own path when the login happens outside of it, and works inside', async () => {
      const app = await started(start({ login: { session: { cookie: { path: '/app' } } } }));
      const browser = app.browser();
      const [atLogin] = (await browser.post('/login/ada')).cookies.map(parsed);
      expect(atLogin?.attributes.path).toBe('/app');
      expect((await browser.get('/app/whoami')).json).toEqual({ id: 'ada' });
      const [ofStranger] = (await app.browser().get('/set?colour=red')).cookies.map(parsed);
      expect(ofStranger?.attributes.path).toBe('/app');
      // Sent to /logout by a client that does not look at paths; the line must reach the cookie at /app.
      const { cookies } = await browser.post('/logout');
      const [atLogout] = cookies.filter((line) => line.startsWith('session=')).map(parsed);
      expect(atLogout?.attributes.path).toBe('/app');
      expect(lifetimeOf(atLogout as SetCookie)).toBe(0);
    });

    it('carries the domain that is configured, at login and at logout, and loses the __Host- prefix for it', async () => {
      const app = await started(startInProduction({ session: { cookie: { domain: 'app.example' } } }));
      const browser = app.browser(TLS);
      const [atLogin] = (await browser.post('/login/ada')).cookies.map(parsed);
      expect(atLogin?.name).toBe('__Secure-session');
      expect(atLogin?.attributes).toMatchObject({ domain: 'app.example', secure: true, httponly: true, path: '/' });
      expect((await browser.get('/whoami')).json).toMatchObject({ id: 'ada' });
      const [atLogout] = (await browser.post('/logout')).cookies.map(parsed);
      expect(atLogout?.attributes).toMatchObject({ domain: 'app.example', path: '/' });
      expect(lifetimeOf(atLogout as SetCookie)).toBe(0);
    });

    it('B7 is at most 256 bytes under the longest name, and the notice cookie at most 3,000 with the longest next', async () => {
      const name = `__Host-${'n'.repeat(57)}`;
      const app = await started(startInProduction({ session: { name }, loginView: '/login-page', nextIn: 'cookie' }));
      const longId = 'ä'.repeat(200);
      app.users.table.set(longId, { id: longId, name: 'Long', isActive: true });
      for (let round = 0; round < 20; round += 1) {
        const { cookies } = await app.browser(TLS).post(`/login/${encodeURIComponent(longId)}`);
        const [pair = ''] = (cookies[0] ?? '').split(';');
        expect(pair.startsWith(`${name}=s`)).toBe(true);
        expect(Buffer.byteLength(pair)).toBeLessThanOrEqual(256);
      }
      const browser = app.browser(TLS);
      const next = `/protected?${'q'.repeat(2037)}`;
      expect(next).toHaveLength(2048);
      for (let refusal = 0; refusal < 25; refusal += 1) {
        const { cookies } = await browser.get(next);
        expect(Buffer.byteLength((cookies[0] ?? '').split(';')[0] ?? '')).toBeLessThanOrEqual(3000);
      }
      expect((await browser.get('/next')).json).toEqual({ next });
      expect((await browser.get('/flashes')).json).toHaveLength(20);
      await browser.get(`/protected?${'q'.repeat(8000)}`);
      expect((browser.jar.get('__Host-login-notice') ?? '').length).toBeLessThanOrEqual(3000);
    });
  });

  describe('and its secrets', () => {
    it('B4 verifies under every secret of the list, is signed with the first, and ends with the removal of its own', async () => {
      const memory = memoryStorage();
      const withSecrets = (...secret: string[]): Promise<TestApp> =>
        started(start({ storage: memory, login: { secret } }));
      const before = await withSecrets(SECRET);
      const old = before.browser();
      await old.post('/login/ada');
      await old.get('/set?colour=red');
      const visitor = before.browser();
      await visitor.get('/set?colour=green');
      await before.close();

      const during = await withSecrets(OTHER_SECRET, SECRET);
      const oldDuring = moved(old, during);
      expect((await oldDuring.get('/protected')).json).toEqual({ id: 'ada' });
      expect((await oldDuring.get('/values')).json).toEqual({ colour: 'red' });
      expect((await moved(visitor, during).get('/values')).json).toEqual({ colour: 'green' });
      const young = during.browser();
      await young.post('/login/bob');
      const cookie = young.jar.get('session') as string;
      expect(cookie).toBe(signed(idIn(cookie), OTHER_SECRET));
      await during.close();

      const after = await withSecrets(OTHER_SECRET);
      expect((await moved(young, after).get('/protected')).json).toEqual({ id: 'bob' });
      expect((await moved(old, after).get('/protected')).status).toBe(401);
      expect((await moved(old, after).get('/values')).json).toEqual({});
      expect((await moved(visitor, after).get('/values')).json).toEqual({});
      memory.close();
    });

    /** The same browser, after the application came back on another port. */
    function moved(browser: Browser, app: TestApp): Browser {
      const copy = app.browser();
      for (const [name, value] of browser.jar) copy.jar.set(name, value);
      return copy;
    }
  });

  describe('that was tampered with', () => {
    it.each([
      ['alone', undefined],
      ['beside cookie-parser', parseCookies],
    ])('B5 is as good as none and costs no store call, in each of 14 ways (%s)', async (_case, setup) => {
      const { app, storage } = await counted(setup ? { setup } : {});
      const browser = app.browser();
      let value = '';
      // A signature with a character that base64url writes otherwise.
      while (!/[+/]/.test(decodeURIComponent(value))) {
        await browser.post('/login/ada');
        value = browser.jar.get('session') as string;
      }
      const stranger = app.browser();
      await stranger.get('/set?colour=red');
      await stranger.get('/flashes');
      const other = app.browser();
      await other.post('/login/bob');

      const text = decodeURIComponent(value);
      const id = idIn(value);
      const signature = signatureOf(id, SECRET);
      const otherSignature = signatureOf(idIn(other.jar.get('session') as string), SECRET);
      expect(text).toBe(`s:${id}.${signature}`);
      const e = encodeURIComponent;
      const flip = (line: string, bit: number): string => {
        const at = bit >> 3;
        return line.slice(0, at) + String.fromCharCode(line.charCodeAt(at) ^ (1 << (bit & 7))) + line.slice(at + 1);
      };
      // On the wire, apart from flips that spell the same value otherwise: %3A and %3a are one.
      const flippedOnTheWire = bits(value)
        .map((bit) => flip(value, bit))
        .filter((line) => !spellsTheSame(line, text));
      const classes: Record<string, string[]> = {
        'a bit flipped at every position': [
          ...flippedOnTheWire,
          ...bits(text).map((bit) => Array.from(Buffer.from(flip(text, bit), 'latin1'), percent).join('')),
        ],
        'cut at every position': Array.from(value, (_, at) => value.slice(0, at)),
        'no signature': [e(`s:${id}`), e(`s:${id}.`), e(`s:.${signature}`), e('s:'), e('s:.')],
        'the signature of another value': [e(`s:${id}.${otherSignature}`)],
        'another key': [signed(id, OTHER_SECRET), e(`s:${id}.${signatureOf(id, '')}`)],
        unsigned: [id, e(id), e(`j:${JSON.stringify(id)}`), e(JSON.stringify(text)), `${id}.${signature}`],
        's:s:': [e(`s:${text}`), e(`s:s:${id}.${signatureOf(`s:${id}`, SECRET)}`)],
        'base64 variants': [
          e(`s:${id}.${signatureOf(id, SECRET, 'base64url')}`),
          e(`s:${id}.${signatureOf(id, SECRET, 'hex')}`),
          e(`s:${Buffer.from(id).toString('base64')}.${signature}`),
        ],
        padding: [e(`${text}=`), e(`${text}==`), `${value}=`, e(`${text}===`)],
        spaces: [e(` ${text}`), e(`${text} `), e(`s: ${id}.${signature}`), e(`s:${id} .${signature}`), e(`${text}\n`)],
        'double encoding': [e(value), e(e(value)), e(text).replaceAll('%', '%2525')],
        NUL: [e(`${text}\0`), e(`s:${id}\0.${signature}`), e(`\0${text}`), `${value}%00`],
        case: [
          e(`S:${id}.${signature}`),
          e(`s:${swapCase(id)}.${signature}`),
          e(`s:${id}.${swapCase(signature)}`),
          e(text.toUpperCase()),
        ],
      };
      const cookies = Object.values(classes).flatMap((values) => values.map((bad) => `session=${bad}`));
      // Swapped names: our value elsewhere, and another cookie's value as ours.
      cookies.push(
        `login-notice=${value}`,
        `Session=${value}`,
        `SESSION=${value}`,
        `session2=${value}`,
        `__Host-session=${value}`,
        `%73ession=${value}`,
        `"session"=${value}`,
        `session="${value}"`,
        `session=session=${value}`,
        `session=j:${value}`,
      );
      expect(Object.keys(classes)).toHaveLength(13);
      expect(cookies.length).toBeGreaterThan(1800);
      expect((await sendRaw(app.origin, '/protected', [`Cookie: session=${value}`])).split('\r\n')[0]).toContain('200');

      storage.reset();
      const accepted: string[] = [];
      const crashed: string[] = [];
      await inParallel(cookies, async (cookie) => {
        const answer = await sendRaw(app.origin, '/protected', [`Cookie: ${cookie}`]);
        if (/^HTTP\/1.1 2/.test(answer)) accepted.push(cookie);
        if (!/^HTTP\/1.1 [24]/.test(answer)) crashed.push(cookie);
      });
      expect(accepted).toEqual([]);
      expect(crashed).toEqual([]);
      expect(storage.reads + storage.writes).toBe(0);
      expect((await browser.get('/protected')).json).toEqual({ id: 'ada' });
    });

    const spellsTheSame = (line: string, text: string): boolean => {
      try {
        return decodeURIComponent(line) === text;
      } catch {
        return false;
      }
    };
    const bits = (line: string): number[] => Array.from({ length: line.length * 8 }, (_, bit) => bit);
    const percent = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    const swapCase = (text: string): string =>
      text.replace(/[a-z]/gi, (letter) =>
        letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
      );
  });

  describe('beside a planted one', () => {
    /** What an attacker adds: NBSP, BOM and the like as the bytes that a browser sends. */
    const shapes: [string, (real: string, planted: string) => string[], string | null][] = [
      ['NBSP in front of the name', (r, p) => [`\xa0session=${p}; session=${r}`], 'ada'],
      ['NBSP in UTF-8 in front of the name', (r, p) => [`\xc2\xa0session=${p}; session=${r}`], 'ada'],
      ['NBSP behind the name', (r, p) => [`session\xa0=${p}; session=${r}`], 'ada'],
      ['NBSP behind the name, after the real one', (r, p) => [`session=${r}; session\xc2\xa0=${p}`], 'ada'],
      ['a byte order mark in front', (r, p) => [`\xef\xbb\xbfsession=${p}; session=${r}`], 'ada'],
      ['an em space in front', (r, p) => [`\xe2\x80\x83session=${p}; session=${r}`], 'ada'],
      ['a tab in front of the name', (r, p) => [`\tsession=${p}; session=${r}`], null],
      ['a tab behind the name', (r, p) => [`session\t=${p}; session=${r}`], null],
      ['a blank behind the name', (r, p) => [`session =${p}; session=${r}`], null],
      ['the planted one first', (r, p) => [`session=${p}; session=${r}`], null],
      ['the planted one last', (r, p) => [`session=${r}; session=${p}`], null],
      ['the planted one on both sides', (r, p) => [`session=${p}; session=${r}; session=${p}`], null],
      ['the planted one in a header line of its own', (r, p) => [`session=${p}`, `session=${r}`], null],
      ['the real one twice', (r) => [`session=${r}; session=${r}`], 'ada'],
      ['rubbish of the same name first', (r) => [`session=x; session=; session=s%3Ax.y; session=${r}`], 'ada'],
      ['a name in capitals', (r, p) => [`SESSION=${p}; session=${r}`], 'ada'],
      ['a cookie without a name', (r, p) => [`=session=${p}; session=${r}`], 'ada'],
      ['a comma between the two', (r, p) => [`session=${p}, session=${r}`], null],
    ];

    it.each([
      ['alone', undefined],
      ['beside cookie-parser', parseCookies],
    ])('B6 is the one that counts, or nobody is logged in; never the planted one (%s)', async (_case, setup) => {
      const { app } = await counted(setup ? { setup } : {});
      const victim = app.browser();
      await victim.post('/login/ada');
      await victim.get('/set?of=ada');
      const attacker = app.browser();
      await attacker.post('/login/bob');
      await attacker.get('/set?of=bob');
      const [real, planted] = [victim.jar.get('session') as string, attacker.jar.get('session') as string];
      const lines = (cookies: string[]): string[] => cookies.map((cookie) => `Cookie: ${cookie}`);
      const found: Record<string, unknown> = {};
      for (const [shape, make] of shapes) {
        const cookies = lines(make(real, planted));
        const whoami = await sendRaw(app.origin, '/whoami', cookies);
        const values = await sendRaw(app.origin, '/values', cookies);
        found[shape] = { id: /"id":(?:"(\w+)"|null)/.exec(whoami)?.[1] ?? null, values: bodyOf(values) };
      }
      const expected = shapes.map(([shape, , id]) => [shape, { id, values: id ? '{"of":"ada"}' : '{}' }]);
      expect(found).toEqual(Object.fromEntries(expected));
    });

    const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4);
  });

  describe('among a flood', () => {
    it('B7 huge and very many cookies are refused or ignored, and never a crash', async () => {
      const { app, storage } = await counted({
        // Node refuses more than 16 KB by itself; here all of it reaches us.
        setup: (nest) => Object.assign(nest.getHttpServer(), { maxHeaderSize: 1 << 20 }),
      });
      const browser = app.browser();
      await browser.post('/login/ada');
      const real = `session=${browser.jar.get('session')}`;
      const many = Array.from({ length: 5000 }, (_, at) => `n${at}=v`).join('; ');
      const same = Array.from({ length: 5000 }, () => 'session=s%3Ax.y').join('; ');
      storage.reset();
      const floods = [
        many,
        same,
        `session=${'x'.repeat(10_240)}`,
        `session=s%3A${'x'.repeat(10_240)}.${'y'.repeat(43)}`,
        `session=${'%'.repeat(10_240)}`,
        `login-notice=${'x'.repeat(10_240)}`,
        `filler=${'x'.repeat(16_384)}`,
        ';'.repeat(16_384),
        '='.repeat(16_384),
        `session=${'%41'.repeat(5_000)}`,
        `session=${'.'.repeat(10_240)}`,
      ];
      for (const cookie of floods) expect((await browser.get('/protected', { cookie })).status).toBe(401);
      expect(storage.reads + storage.writes).toBe(0);
      for (const cookie of floods)
        expect((await browser.get('/protected', { cookie: `${cookie}; ${real}` })).json).toEqual({ id: 'ada' });
    });

    it('B7 a header over the limit of Node is a 4xx', async () => {
      const { app } = await counted();
      const answer = await app.browser().get('/protected', { cookie: `filler=${'x'.repeat(20_000)}` });
      expect(answer.status).toBe(431);
      expect((await app.browser().get('/public')).status).toBe(200);
    });
  });

  describe('and what is not text', () => {
    const NAMES = HOSTILE_KEYS.flatMap((key) => [`${key}=1`, `${key}.polluted=1`, `${key}[polluted]=1`]);
    const BODIES = HOSTILE_KEYS.flatMap((key) => [
      `{"${key}":{"polluted":1}}`,
      `{"next":{"${key}":{"polluted":1}}}`,
      `{"next":"/a","nested":{"${key}":{"${key}":{"polluted":1}}}}`,
      `{"next":["${key}"]}`,
    ]);
    const QUERIES = HOSTILE_KEYS.flatMap((key) => [
      `next[${key}][polluted]=1`,
      `${key}[polluted]=1`,
      `${key}.polluted=1`,
    ]);

    it('B8 pollutes no prototype: 30 payloads in cookie names, next and session values', async () => {
      expect(NAMES.length + BODIES.length + QUERIES.length).toBe(30);
      const { app } = await counted({
        login: { session: { keepOnLogin: ['kept', ...HOSTILE_KEYS] }, loginView: '/login-page', nextIn: 'cookie' },
      });
      const snapshot = (): string =>
        JSON.stringify(
          [Object.prototype, Array.prototype, Function.prototype, Object].map((object) =>
            Reflect.ownKeys(object).map(String),
          ),
        );
      const before = snapshot();
      const statuses = new Set<number>();
      const ask = async (answer: Promise<{ status: number }>): Promise<void> => {
        statuses.add((await answer).status);
      };
      for (const name of NAMES) {
        await ask(app.browser().get('/whoami', { cookie: `${name}; login-notice=${name}; session=${name}` }));
        await ask(app.browser().get('/set?colour=red', { cookie: name }));
      }
      for (const query of QUERIES) {
        await ask(app.browser().get(`/next?${query}`));
        await ask(app.browser().get(`/protected?${query}`));
        await ask(app.browser().get(`/set?${query}`));
      }
      for (const json of BODIES) {
        const browser = app.browser();
        const body = JSON.parse(`{"kept":${json}}`) as object;
        await ask(browser.post('/keep', { body }));
        await ask(browser.post('/keep', { body: JSON.parse(json) as object }));
        await ask(browser.post('/login/ada'));
        await ask(browser.get('/values'));
        await ask(browser.post('/keep', { body: JSON.parse(json) as object }));
        await ask(browser.get('/values'));
        await ask(browser.post('/confirm'));
        expect((await browser.get('/values')).json).toMatchObject({ kept: {} });
        await ask(browser.post('/next', { body: JSON.parse(json) as object }));
      }
      expect([...statuses].filter((status) => status >= 500)).toEqual([]);
      expect(snapshot()).toBe(before);
      expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    });

    it('B8 a next that is no text, or more than one, is none', async () => {
      const { app } = await counted();
      const browser = app.browser();
      const nexts: unknown[] = [
        ['/protected'],
        [['/protected']],
        { toString: '/protected' },
        { 0: '/protected', length: 1 },
        1,
        0,
        true,
        null,
        {},
        [],
        '',
      ];
      for (const next of nexts)
        expect([next, (await browser.post('/next', { body: { next } })).json]).toEqual([next, { next: null }]);
      for (const query of ['next=/a&next=/b', 'next[]=/a', 'next[0]=/a', 'next[a]=/a', 'next', 'next=', 'NEXT=/a'])
        expect([query, (await browser.get(`/next?${query}`)).json]).toEqual([query, { next: null }]);
      for (const body of [['/a'], [{ next: '/a' }], {}])
        expect((await browser.post('/next', { body })).json).toEqual({ next: null });
      expect((await browser.post('/next', { body: { next: '/protected' } })).json).toEqual({ next: '/protected' });
    });

    it('B8 1,000 made-up bodies, queries and cookies: no 5xx, nobody is logged in', async () => {
      const { app, storage } = await counted();
      const browser = app.browser();
      const key = fc.oneof(fc.constantFrom('next', 'id', 'password', 'remember', ...HOSTILE_KEYS), fc.string());
      const value = fc.oneof(fc.constantFrom<unknown>('ada', '/a', '//evil.example', null, true), fc.jsonValue());
      const body = fc.oneof(fc.dictionary(key, value), fc.array(value), fc.jsonValue());
      const text = fc.oneof(fc.constantFrom('session', 'login-notice', 's%3A', ...HOSTILE_KEYS), fc.string());
      const pairs = fc.array(fc.tuple(text, text), { maxLength: 5 });
      const path = fc.constantFrom('/sign-in', '/next', '/confirm', '/logout', '/protected', '/keep');
      await fc.assert(
        fc.asyncProperty(path, body, pairs, pairs, async (page, form, query, cookies) => {
          const search = new URLSearchParams(query).toString();
          const cookie = cookies.map(([name, content]) => `${name}=${content}`).join('; ');
          const inHeader = cookie.replace(/[^\x20-\xff]/g, '');
          const answer = await browser.post(`${page}?${search}`, { body: form, cookie: inHeader });
          expect(answer.status).toBeLessThan(500);
        }),
        { numRuns: 1000, seed: 20_000 },
      );
      expect(storage.count('logins.insert')).toBe(0);
      expect(app.events.filter(({ name }) => name === 'loggedIn')).toEqual([]);
      await browser.post('/sign-in', { body: { id: 'ada', password: 'the real one' } });
      expect(storage.count('logins.insert')).toBe(1);
    });

    const CONTROLS = ['\r\nSet-Cookie: planted=1', '\nX-Planted: 1', '\rX-Planted: 1', '\0', '\r\n\r\n<script>'];
    const NEXTS = CONTROLS.flatMap((control) => [
      `/a${control}`,
      `/a?b=${control}`,
      `/a#${control}`,
      `${control}/a`,
      `/${control}/evil.example`,
    ]);

    it('B9 a next with CR, LF or NUL adds no header line, on the way to the login view and back', async () => {
      const { app } = await counted({ login: { loginView: '/login-page' } });
      const browser = app.browser();
      const clean = (answer: { headers: Record<string, unknown>; cookies: readonly string[] }): void => {
        expect(answer.headers).not.toHaveProperty('x-planted');
        expect(answer.cookies.filter((line) => line.startsWith('planted'))).toEqual([]);
        expect(answer.headers.location).toMatch(/^[\x21-\x7e]+$/);
      };
      for (const next of NEXTS) {
        const escaped = encodeURIComponent(next);
        const back = await browser.get(`/go?next=${escaped}`);
        expect([next, back.status, back.headers.location]).toEqual([next, 302, '/home']);
        clean(back);
        for (const page of [`/protected?q=${escaped}`, `/protected?next=${escaped}`]) {
          const refused = await browser.get(page);
          expect(refused.status).toBe(302);
          clean(refused);
          const forth = new URL(String(refused.headers.location), app.origin).searchParams.get('next');
          expect(forth).toBe(page);
        }
      }
    });

    it('B9 CR, LF, NUL and ; in name, path or domain of the cookie are refused at the start', async () => {
      const code = (cookie: LoginModuleOptions['session']): Promise<string> =>
        start({ login: { session: cookie ?? {} } }).then(
          async (app) => app.close().then(() => 'started'),
          (error: LoginFault) => error.code,
        );
      const bad = ['\r', '\n', '\0', ';', '\r\nSet-Cookie: a=b', '; Domain=evil.example', ' ', ',', '\t', '"'];
      for (const text of bad) {
        expect([text, await code({ name: `session${text}` })]).toEqual([text, 'ERR_LOGIN_COOKIE']);
        expect([text, await code({ cookie: { domain: `app.example${text}` } })]).toEqual([
          text,
          'ERR_LOGIN_INVALID_OPTION',
        ]);
      }
      for (const text of bad.filter((one) => one !== ',' && one !== '"'))
        expect([text, await code({ cookie: { path: `/${text}` } })]).toEqual([text, 'ERR_LOGIN_INVALID_OPTION']);
    });
  });

  describe('that names nothing', () => {
    it('B10 is rejected past the limit by the clock of the store, whatever expiry was taken off', async () => {
      const app = await started(
        start({ login: { login: { idle: '10d', absolute: '20d' }, session: { cookie: { persistent: true } } } }),
      );
      const browser = app.browser();
      await browser.post('/login/ada');
      const cookie = browser.cookieHeader();
      app.clock.now += 9 * DAY;
      expect((await browser.get('/protected', { cookie })).status).toBe(200);
      app.clock.now += 9 * DAY;
      expect((await browser.get('/protected', { cookie })).status).toBe(200);
      app.clock.now += 2 * DAY + 1000;
      expect((await browser.get('/protected', { cookie })).status).toBe(401);
      app.clock.now -= 3 * DAY;
      expect((await browser.get('/protected', { cookie })).status).toBe(401);
    });

    it('A3 10,000 made-up ids, unsigned or signed with other keys: no store call, nothing adopted or echoed', async () => {
      const { app, storage } = await counted({ login: { loginView: '/login-page' } });
      const ids = Array.from({ length: 10_000 }, (_, at) =>
        at % 2 ? newAnonymousSessionId() : newLoginSessionId(newLoginId(`user ${at}`, '')),
      );
      const cookieOf = (id: string, at: number): string =>
        [id, encodeURIComponent(`s:${id}`), signed(id, OTHER_SECRET), signed(id, randomBytes(32).toString('hex'))][
          at % 4
        ] as string;
      const echoed: string[] = [];
      const statuses = new Set<number>();
      await inParallel([...ids.entries()], async ([at, id]) => {
        const page = ['/protected', '/values', '/public', '/whoami', '/flashes'][at % 5] as string;
        const { status, headers, text } = await app
          .browser()
          .get(page, { cookie: `session=${cookieOf(id, at >> 1)}`, headers: { accept: 'application/json' } });
        statuses.add(status);
        if ((JSON.stringify(headers) + text).includes(id) || headers['set-cookie']?.some(isSession)) echoed.push(id);
      });
      expect(statuses).toEqual(new Set([200, 302]));
      expect(echoed).toEqual([]);
      expect(storage.reads + storage.writes).toBe(0);
    });

    it('A3 well-signed ids of nothing that exists: looked up, nothing written, never adopted', async () => {
      const { app, storage } = await counted();
      const ids = Array.from({ length: 1000 }, (_, at) =>
        at % 2 ? newAnonymousSessionId() : newLoginSessionId(newLoginId('ada', '')),
      );
      const sent = (id: string): string => `session=${signed(id)}; session-anonymous=${signed(id)}`;
      await inParallel([...ids.entries()], async ([at, id]) => {
        const page = ['/protected', '/values', '/public', '/whoami'][(at >> 1) % 4] as string;
        const answer = await app.browser().get(page, { cookie: sent(id) });
        expect(JSON.stringify(answer)).not.toContain(id);
        expect(answer.cookies.filter(isSession)).toEqual([]);
      });
      expect([storage.reads, storage.writes]).toEqual([1000, 0]);
      for (const id of ids.slice(0, 20)) {
        const { cookies } = await app.browser().get('/set?colour=red', { cookie: sent(id) });
        expect(cookies).toHaveLength(1);
        expect(idIn(parsed(String(cookies[0])).value)).not.toBe(id);
        const login = await app.browser().post('/login/ada', { cookie: sent(id) });
        expect(idIn(parsed(String(login.cookies[0])).value)).not.toBe(id);
        expect((await app.browser().get('/whoami', { cookie: sent(id) })).json).toMatchObject({ id: null });
      }
    });

    const isSession = (line: string): boolean => /^session(-anonymous)?=[^;]/.test(line);

    it('A4 a million ids of each kind have no double, and 128 random bits each', () => {
      const ids = new Set<string>();
      const loginId = newLoginId('ada', '');
      for (let count = 0; count < 500_000; count += 1) {
        ids.add(newAnonymousSessionId());
        ids.add(newLoginSessionId(loginId).slice(loginId.length + 1));
      }
      expect(ids.size).toBe(1_000_000);
      for (const id of [newAnonymousSessionId(), newLoginSessionId(loginId).slice(loginId.length + 1)])
        expect(Buffer.from(id, 'base64url')).toHaveLength(16);
      expect(Buffer.from(loginId.slice(16), 'base64url')).toHaveLength(16);
    });

    it('A4 a way of its own to make ids is refused by name', async () => {
      const session = { genid: () => 'mine' } as LoginModuleOptions['session'];
      await expect(start({ login: { session: session ?? {} } })).rejects.toMatchObject({
        code: 'ERR_LOGIN_RESERVED_OPTION',
        message: expect.stringContaining('genid') as string,
      });
    });
  });

  describe('and what is stored', () => {
    const firstLoginOf = (app: TestApp): string =>
      (app.events.find(({ name }) => name === 'loggedIn') as { event: { loginId: string } }).event.loginId;
    const PLANTED = 'role=admin&userId=bob&isAdmin=1&_user_id=bob&_fresh=1&passport=x&login=bob&loginId=x';

    it('A2 nothing that was in the session of a stranger is in that of the login', async () => {
      const { app, memory } = await counted();
      const browser = app.browser();
      await browser.get(`/set?${PLANTED}`);
      expect(Object.keys((await browser.get('/values')).json)).toHaveLength(8);
      await browser.post('/login/ada');
      expect((await browser.get('/values')).json).toEqual({});
      expect((await browser.get('/whoami')).json).toEqual({
        id: 'ada',
        authenticated: true,
        fresh: true,
        remembered: false,
      });
      expect(memory.sessions.size).toBe(0);
    });

    it('A2 but what keepOnLogin names', async () => {
      const { app } = await counted({ login: { session: { keepOnLogin: ['cart', 'language', 'never set'] } } });
      const browser = app.browser();
      await browser.get(`/set?${PLANTED}&cart=7&language=de`);
      await browser.post('/login/ada');
      expect((await browser.get('/values')).json).toEqual({ cart: '7', language: 'de' });
    });

    it('A9 the record holds this list of fields and no more, within 600 bytes; the session values nothing of ours', async () => {
      const { app, memory } = await counted();
      const browser = app.browser();
      await browser.post('/login/ada');
      await browser.get('/set?colour=red');
      await browser.get('/protected');
      const loginId = firstLoginOf(app);
      const { record, values } = await memory.logins.find(loginId, { values: true });
      expect(record && Object.keys(record).toSorted()).toEqual(
        [
          'authenticatedAt',
          'createdAt',
          'endsAt',
          'freshAt',
          'id',
          'identifier',
          'ip',
          'lastSeenAt',
          'remember',
          'session',
          'stampHash',
          'userAgent',
          'userId',
          'version',
        ].toSorted(),
      );
      expect(Object.keys(record?.session ?? {}).toSorted()).toEqual(['endsAt', 'idHash', 'startedAt', 'tokenHash']);
      expect(values).toBe('{"colour":"red"}');
      const json = JSON.stringify(record);
      expect(Buffer.byteLength(json)).toBeLessThanOrEqual(600);
      const secret = idIn(browser.jar.get('session') as string).slice(loginId.length + 1);
      expect(secret).toHaveLength(22);
      for (const text of [secret, 'ADA', 'isActive']) expect(json).not.toContain(text);
    });

    it('A9 the session of a stranger holds its cookie and the values of the application', async () => {
      const { app, memory } = await counted();
      const browser = app.browser();
      await browser.get('/set?colour=red');
      const id = idIn(browser.jar.get('session-anonymous') as string);
      expect(memory.sessions.size).toBe(1);
      const key = createHash('sha256').update(id).digest('base64url');
      const session = await new Promise<unknown>((resolve) =>
        memory.sessions.get(key, (_error, found) => resolve(found)),
      );
      expect(session).toEqual({ cookie: expect.any(Object) as object, colour: 'red' });
      expect(JSON.stringify(session)).not.toContain(id);
    });
  });
});
