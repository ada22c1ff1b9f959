/** The first touch of `req.session` after the response never fails, because nobody could handle the error. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { request as send } from 'node:http';
import { Browser } from '../support/browser-client.js';

const PROGRAM = 'build/test/support/late-touch-app.js';

/** An application in a process of its own, which ends at an uncaught error. */
class LateApp {
  private constructor(
    private readonly child: ChildProcess,
    readonly origin: string,
  ) {}

  static async start(): Promise<LateApp> {
    const child = spawn(process.execPath, [PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    return new LateApp(child, line.toString().trim());
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  browser(): Browser {
    return new Browser(this.origin);
  }

  /** Waits until a touch was noted, and returns the touched properties. */
  async touched(): Promise<string[]> {
    for (let tries = 0; tries < 1_000 && this.isAlive; tries += 1) {
      const { json } = await this.browser().get('/late/touched');
      if ((json as string[]).length) return json;
    }
    throw new Error('Nothing was touched.');
  }

  async stop(): Promise<void> {
    if (!this.isAlive) return;
    const exit = once(this.child, 'exit');
    this.child.kill();
    await exit;
  }
}

/** Sends a request, and hangs up once the server has it. */
async function hangUp(browser: Browser, headers: Record<string, string>): Promise<void> {
  const { hostname, port } = new URL(browser.origin);
  const hanging = async (): Promise<number> => {
    const { json } = await browser.get('/late/hanging', { cookie: null });
    return (json as { hanging: number }).hanging;
  };
  const before = await hanging();

  const all = { ...headers, cookie: browser.cookieHeader(), 'content-length': '100' };
  const request = send({ hostname, port, path: '/late/hangs', method: 'POST', headers: all, agent: false });
  request.on('error', () => undefined);
  request.write('some of');
  for (let tries = 0; tries < 1_000 && (await hanging()) === before; tries += 1);
  request.destroy();
}

const VISITORS: [string, (browser: Browser) => Promise<unknown>][] = [
  ['a stranger', async () => undefined],
  ['an anonymous visitor', (browser) => browser.get('/set?earlier=1')],
  ['a user', (browser) => browser.post('/login/ada')],
];
const PROPERTIES = ['session', 'sessionID', 'sessionStore'];

describe.each(['up', 'down'])('with the store %s,', (state) => {
  let app: LateApp;
  beforeAll(async () => {
    app = await LateApp.start();
  }, 30_000);
  afterAll(() => app.stop());

  async function visitor(arrive: (browser: Browser) => Promise<unknown>): Promise<Browser> {
    const browser = app.browser();
    await app.browser().post('/late/store/up');
    await arrive(browser);
    await app.browser().post(`/late/store/${state}`);
    return browser;
  }

  it.each(VISITORS)('a listener of the response may touch the session of %s', async (_, arrive) => {
    const browser = await visitor(arrive);
    for (const property of PROPERTIES)
      for (const event of ['prefinish', 'finish', 'close']) {
        const { status, cookies } = await browser.get('/public', { headers: { 'x-late': `res ${event} ${property}` } });
        expect([status, cookies]).toEqual([200, []]);
        expect(await app.touched()).toEqual([expect.stringMatching(`^${property}: `)]);
      }
    expect(app.isAlive).toBe(true);
  });

  it.each(VISITORS)('an async filter may touch the session of %s after its response', async (_, arrive) => {
    const browser = await visitor(arrive);
    expect((await browser.get('/late/filter')).status).toBe(418);
    const touched: string[] = [];
    while (touched.length < PROPERTIES.length) touched.push(...(await app.touched()));
    expect(touched.map((line) => line.split(':')[0])).toEqual(PROPERTIES);
  });

  it.each(VISITORS)('a listener may touch the session of %s when the client hangs up', async (_, arrive) => {
    const browser = await visitor(arrive);
    for (const property of PROPERTIES)
      for (const moment of ['req aborted', 'req close', 'res close']) {
        await hangUp(browser, { 'x-late': `${moment} ${property}` });
        expect(await app.touched()).toEqual([expect.stringMatching(`^${property}: `)]);
      }
    expect(app.isAlive).toBe(true);
  });

  it('a value that a listener writes after the response is not stored, and no cookie is set', async () => {
    const browser = await visitor(VISITORS[0]?.[1] as never);
    await browser.get('/public', { headers: { 'x-late': 'res finish session' } });
    expect(await app.touched()).toEqual(['session: object']);
    await browser.post('/late/store/up');
    expect([(await browser.get('/values')).json, browser.jar.size]).toEqual([{}, 0]);
  });
});
