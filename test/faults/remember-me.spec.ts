/** Remembered logins under parallel tabs, cut connections and thieves, counted over many of them, by real HTTP. */
import { Agent } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import { memoryStorage } from 'nestjs-login';
import type { Browser } from '../support/browser-client.js';
import { NAVIGATION } from '../support/browser-client.js';
import { count } from '../support/counts.js';
import { CountingStorage } from '../support/counting-storage.js';
import { startTestApp } from '../support/test-app.js';
import type { TestApp, Whoami } from '../support/test-app.js';

const SECOND = 1000;
const GRACE = 60 * SECOND;

/** A proxy that breaks down. The request was served, and no byte of the response arrives. */
function cutConnections(app: NestExpressApplication): void {
  app.use((request: Request, response: Response, next: NextFunction) => {
    if (request.headers['x-cut'])
      response.end = (() => {
        response.socket?.destroy();
        return response;
      }) as never;
    next();
  });
}

const print = (line: string): boolean => process.stdout.write(`remember me: ${line}\n`);

/** How many users are at it at the same time. */
const SIDE_BY_SIDE = 100;
const inParallel = <Result>(count: number, work: (at: number) => Promise<Result>): Promise<Result[]> =>
  Promise.all(Array.from({ length: count }, (_, at) => work(at)));
const isIn = async (browser: Browser): Promise<boolean> => (await browser.get('/protected')).status === 200;
/** One trial has fewer logins than the cap, and the cap ends the logins of earlier trials. */
const MANY = { login: { maxLogins: 1_000 } };
const [CUTS, THEFTS, LATE] = [count(10_000, 1_000), count(2_000, 300), count(1_000, 200)];
const told = (app: TestApp, wanted: string): number => app.events.filter(({ name }) => name === wanted).length;

describe('a remembered login', () => {
  it('E3 X9: of 1,000 parallel requests with one cookie all are let in, one gets a session and the next token, none is accused', async () => {
    const inner = memoryStorage();
    const storage = new CountingStorage(inner);
    const app = await startTestApp({ storage, login: { storeTimeout: '30s' } });
    const agent = new Agent({ maxSockets: 1_000 });
    for (let burst = 1; burst <= 5; burst += 1) {
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      browser.close();
      // All of them read the record before any of them writes it.
      let arrived = 0;
      let open = (): void => undefined;
      const all = new Promise<void>((resolve) => (open = resolve));
      storage.disturb({ after: () => (arrived++ < 999 ? all : open()) }, 'logins.find');
      const tabs = Array.from({ length: 1_000 }, () => browser.clone());
      const visits: ReturnType<Browser['get']>[] = [];
      for (const tab of tabs) {
        visits.push(tab.get('/whoami', { agent }));
        // Not so many connections at once that the system refuses some.
        if (visits.length % 100 === 0) while (arrived < visits.length) await new Promise(setImmediate);
      }
      const answers = await Promise.all(visits);
      storage.recover();
      const winners = tabs.filter((_, at) => answers[at]?.cookies.length);
      expect(answers.map(({ json }) => (json as Whoami).id)).toEqual(tabs.map(() => 'ada'));
      expect(winners).toHaveLength(1);
      expect(told(app, 'rememberTokenRotated')).toBe(burst);
      // The winner goes on with the session, and so does the browser with the former cookie.
      expect(await inParallel(2, (at) => isIn((at ? browser : winners[0]) as Browser))).toEqual([true, true]);
    }
    print(`1000 requests at once, five times: ${told(app, 'rememberTokenRotated')} rotations, all let in, 0 alarms`);
    expect(told(app, 'rememberTokenTheft')).toBe(0);
    agent.destroy();
    await app.close();
    inner.close();
  }, 60_000);

  it('E4 X10: answers that were cut before a byte of them arrived accuse nobody, and all are remembered at the next visit', async () => {
    const app = await startTestApp({ setup: cutConnections, login: MANY });
    const browsers = await inParallel(SIDE_BY_SIDE, async () => {
      const browser = app.browser();
      await browser.post('/login/ada?remember=1');
      return browser;
    });
    let [cut, remembered] = [0, 0];
    for (let round = 0; round < CUTS / SIDE_BY_SIDE; round += 1) {
      app.clock.now += GRACE + SECOND;
      await inParallel(SIDE_BY_SIDE, async (at) => {
        const visit = (browsers[at] as Browser).close().get('/protected', { headers: { 'x-cut': '1' } });
        await visit.catch(() => (cut += 1));
      });
      app.clock.now += GRACE + SECOND;
      await inParallel(SIDE_BY_SIDE, async (at) => {
        if (await isIn((browsers[at] as Browser).close())) remembered += 1;
        // Every other browser is closed again before it has presented its new token.
        if (at % 2) await isIn(browsers[at] as Browser);
      });
    }
    print(`${cut} answers cut, ${remembered} remembered at the next visit, ${told(app, 'rememberTokenTheft')} alarms`);
    expect({ cut, remembered, alarms: told(app, 'rememberTokenTheft') }).toEqual({
      cut: CUTS,
      remembered: CUTS,
      alarms: 0,
    });
    expect(app.storage.logins.size).toBe(SIDE_BY_SIDE);
    await app.close();
  }, 120_000);

  it.each([
    ['the thief', 'the user'],
    ['the user', 'the thief'],
  ])(
    "E5 E9 X13: every theft where %s has shown the next token is seen at the next use of %s, and the user's other devices go on",
    async (first) => {
      const app = await startTestApp({ login: MANY });
      let [seen, othersIn] = [0, 0];
      for (let trial = 0; trial < THEFTS; trial += SIDE_BY_SIDE) {
        const pairs = await inParallel(SIDE_BY_SIDE, async () => {
          const [browser, other] = [app.browser(), app.browser()];
          await browser.post('/login/ada?remember=1');
          await other.post('/login/ada?remember=1');
          browser.close();
          const thief = browser.clone({ ...NAVIGATION, 'user-agent': 'thief' });
          const [one, two] = first === 'the thief' ? [thief, browser] : [browser, thief];
          await isIn(one);
          await isIn(one);
          return { one, two, other };
        });
        const before = told(app, 'rememberTokenTheft');
        app.clock.now += GRACE + SECOND;
        await inParallel(SIDE_BY_SIDE, async (at) => {
          const { one, two, other } = pairs[at] as (typeof pairs)[number];
          const second = await isIn(two);
          const both = [await isIn(one), await isIn(one.close()), await isIn(two)];
          if (!second && !both.includes(true)) seen += 1;
          if ((await isIn(other)) && (await isIn(other.close()))) othersIn += 1;
        });
        expect(told(app, 'rememberTokenTheft') - before).toBe(SIDE_BY_SIDE);
      }
      print(`${seen} of ${THEFTS} thefts seen where ${first} came first, ${othersIn} other devices untouched`);
      expect({ seen, othersIn }).toEqual({ seen: THEFTS, othersIn: THEFTS });
      await app.close();
    },
    120_000,
  );

  it('E7 X14: a former token counts a second before the end of the grace, with nothing set, and is a theft a second after it', async () => {
    const app = await startTestApp({ login: MANY });
    let [accepted, cookies, refused] = [0, 0, 0];
    for (let trial = 0; trial < LATE; trial += SIDE_BY_SIDE) {
      const late = await inParallel(2 * SIDE_BY_SIDE, async () => {
        const browser = app.browser();
        await browser.post('/login/ada?remember=1');
        const former = browser.close().clone();
        await isIn(browser);
        await isIn(browser);
        return former;
      });
      const show = (from: number, take: (answer: { status: number; cookies: readonly string[] }) => void) =>
        inParallel(SIDE_BY_SIDE, async (at) => take(await (late[from + at] as Browser).get('/protected')));
      app.clock.now += GRACE - SECOND;
      await show(0, (answer) => {
        if (answer.status === 200) accepted += 1;
        cookies += answer.cookies.length;
      });
      app.clock.now += 2 * SECOND;
      await show(SIDE_BY_SIDE, ({ status }) => (refused += Number(status === 401)));
    }
    expect({ accepted, cookies, refused, alarms: told(app, 'rememberTokenTheft') }).toEqual({
      accepted: LATE,
      cookies: 0,
      refused: LATE,
      alarms: LATE,
    });
    await app.close();
  }, 120_000);
});
