/**
 * Many honest users of remember-me on a bad network: whom does an application accuse? Driven through a whole
 * application.
 */
import type { startTestApp } from '../support/test-app.js';
import { inject } from '../support/inject.js';

/** How the users are, and how their network is. */
export interface Habits {
  readonly users: number;
  readonly visits: number;
  /** of a hundred answers so many never arrive */
  readonly lostPercent: number;
  readonly seed: number;
}

/** The result of the visits. */
export interface Report {
  readonly requests: number;
  /** users of whom a token was taken for stolen at least once */
  readonly accused: number;
  /** The number of visits in which the user had to log in again. */
  readonly loggedOut: number;
}

const HOUR = 3_600_000;
/** Users with overlapping visits. */
const AT_ONCE = 20;

/**
 * Each visit opens a closed browser with one to five tabs at once, then reads on. Every random choice comes from the
 * seed.
 */
export async function honestUsers(
  start: typeof startTestApp,
  { users, visits, lostPercent, seed }: Habits,
): Promise<Report> {
  const app = await start({ login: { login: { maxLogins: 1_000 } } });
  // To the application 500 of them are one user.
  const accountOf = (number: number): string => `account-${Math.floor(number / 500)}`;
  for (let number = 0; number < users; number += 500)
    app.users.table.set(accountOf(number), { id: accountOf(number), name: '', isActive: true });
  const accused = new Set<string>();
  app.login.events.on('rememberTokenTheft', ({ userAgent }) => accused.add(userAgent));
  let [requests, loggedOut] = [0, 0];

  const browsers = Array.from({ length: users }, (_, number) => {
    const random = generator(seed * users + number);
    const below = (limit: number): number => Math.floor(random() * limit);
    return { jar: new Map<string, string>(), name: `user ${number}`, account: accountOf(number), below };
  });
  type Browser = (typeof browsers)[number];
  const ask = (browser: Browser, method: string, path: string) => {
    requests += 1;
    const cookie = [...browser.jar].map(([name, value]) => `${name}=${value}`).join('; ');
    return inject(app.app, method, path, { 'user-agent': browser.name, ...(cookie && { cookie }) });
  };
  const keep = ({ jar }: Browser, lines: readonly string[]): void => {
    for (const [, name = '', value = ''] of lines.map((line) => /^([^=]*)=([^;]*)/.exec(line) ?? []))
      if (value) jar.set(name, value);
      else jar.delete(name);
  };
  const logIn = async (browser: Browser): Promise<void> =>
    keep(browser, (await ask(browser, 'POST', `/login/${browser.account}?remember=1`)).cookies);

  const visitBy = async (browser: Browser): Promise<void> => {
    const { jar, below } = browser;
    const arrives = (): boolean => below(100) >= lostPercent;
    jar.delete('session');
    const tabs = await Promise.all(Array.from({ length: 1 + below(5) }, () => ask(browser, 'GET', '/protected')));
    if (tabs.some(({ status }) => status === 401)) loggedOut += 1;
    for (const answer of shuffled(tabs, below)) if (arrives()) keep(browser, answer.cookies);
    for (let read = 1 + below(2); read > 0; read -= 1) {
      const answer = await ask(browser, 'GET', '/protected');
      if (arrives()) keep(browser, answer.cookies);
      if (answer.status === 401) await logIn(browser);
    }
  };

  for (const browser of browsers) await logIn(browser);
  for (let visit = 0; visit < visits; visit += 1)
    for (let first = 0; first < users; first += AT_ONCE) {
      await Promise.all(browsers.slice(first, first + AT_ONCE).map(visitBy));
      // The clock of all moves on a little: half a day from one visit of a user to the next.
      app.clock.now += (12 * HOUR * AT_ONCE) / users;
    }
  await app.close();
  return { requests, accused: accused.size, loggedOut };
}

function shuffled<Item>(items: readonly Item[], below: (limit: number) => number): Item[] {
  const rest = [...items];
  return items.map(() => rest.splice(below(rest.length), 1)[0] as Item);
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
