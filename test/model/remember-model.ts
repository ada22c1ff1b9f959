/**
 * A model of one browser, one thief and one server: the cookies that they hold, the messages under way, and the next
 * possible steps.
 */
import { decideLogin } from '../../lib/logins/login-decision.js';
import { hashOf } from '../../lib/logins/login-id.js';
import type { LoginRecord, RememberPart } from '../../lib/logins/login-record.js';
import type { decideSession, decideToken, sendToken } from '../../lib/remember-me/remember-decision.js';
import type { Step } from './search.js';

/** The decisions that are explored. */
export interface Decisions {
  readonly decideToken: typeof decideToken;
  readonly decideSession: typeof decideSession;
  readonly sendToken: typeof sendToken;
}

/** How far the exploration goes. */
export interface Bounds {
  /** requests under way at once */
  readonly inFlight: number;
  /** answers that get lost, and messages that are under way while the clock moves on */
  readonly lostOrLate: number;
}

const GRACE = 60_000;
/**
 * A message survives one such step and not two, since none is under way for more than 60 seconds; burst and grace take
 * two.
 */
const TICK = 40_000;
const DAY = 86_400_000;
const LIMITS = { login: { idle: DAY }, remember: { idle: 14 * DAY, grace: GRACE }, notBefore: 0 };

type Who = 'browser' | 'thief';

/**
 * Cookies by name, of a jar, a request or a response. Null stands for none. Undefined in a response changes nothing.
 */
interface Cookies {
  readonly session: string | null;
  readonly token: string | null;
}
type Answer = Partial<Cookies>;

interface Request {
  readonly who: Who;
  readonly kind: 'visit' | 'login' | 'logout';
  readonly brings: Cookies;
  /** The cookies that the response sets, once there is one. */
  readonly sets: Answer | null;
  /** whether a step of the clock has passed since it set out */
  readonly isLate: boolean;
}

interface History {
  /** steps of the clock since it was sent; more than LONG_AGO are no more */
  readonly sent: number;
  /** and since its bearer first showed that it had arrived; null: nobody has */
  readonly shown: number | null;
  /**
   * True if the server sent a later token to a request with an older one, LONG_AGO after this token was sent and before
   * any party presented it.
   */
  readonly isOvertaken: boolean;
}

/**
 * The steps after which a party with an older token cannot have this one. A response and a request may take one grace
 * each.
 */
const LONG_AGO = 4;

/** Steps after which no request with an older token is under way any more. */
const GRACE_OVER = 2;

/** The whole state that the next steps depend on. */
export interface World {
  /** the one login there is; null: none */
  readonly record: LoginRecord | null;
  readonly browser: Cookies;
  readonly thief: Cookies;
  readonly requests: readonly Request[];
  /** The real history of each token, whatever the record says of it. */
  readonly history: ReadonlyMap<string, History>;
  /** the number of the login's first token, and of the next one that is made */
  readonly first: number;
  readonly named: number;
  readonly lostOrLate: number;
  readonly hasStolen: boolean;
  readonly hasLoggedOut: boolean;
  readonly hasLoggedInAgain: boolean;
}

const SENT: History = { sent: 0, shown: null, isOvertaken: false };
const NOTHING: Cookies = { session: null, token: null };

/** Any token of a login that has ended. */
const DEAD = 'dead';

const hashes = new Map<string, string>();
const names = new Map<string, string>();

/** The hash of a name, known in both directions. */
function hashed(name: string): string {
  let hash = hashes.get(name);
  if (hash === undefined) {
    hash = hashOf(name);
    hashes.set(name, hash);
    names.set(hash, name);
  }
  return hash;
}

function newRecord(session: string, token: string): LoginRecord {
  return {
    id: 'login',
    userId: 'ada',
    stampHash: null,
    session: { idHash: hashed(session), startedAt: 0, endsAt: 30 * DAY, tokenHash: null },
    remember: { base: hashed(token), candidates: [], previous: [], endsAt: 30 * DAY },
    createdAt: 0,
    authenticatedAt: 0,
    freshAt: null,
    lastSeenAt: 0,
    endsAt: 30 * DAY,
    identifier: '',
    userAgent: '',
    ip: '',
    submissionHash: null,
    version: 1,
  };
}

/** The browser has just logged in, to be remembered. */
export function start(): World {
  return {
    record: newRecord('s0', 't0'),
    browser: { session: 's0', token: 't0' },
    thief: NOTHING,
    requests: [],
    history: new Map([['t0', SENT]]),
    first: 0,
    named: 1,
    lostOrLate: 0,
    hasStolen: false,
    hasLoggedOut: false,
    hasLoggedInAgain: false,
  };
}

/** Every step that is possible. */
export function stepsOf(world: World, decisions: Decisions, bounds: Bounds): Step<World>[] {
  return [...possible(world, decisions, bounds)];
}

function* possible(world: World, decisions: Decisions, bounds: Bounds): Generator<Step<World>> {
  // Without a login and without a way to another one, nobody is let in any more.
  const mayLogIn = !world.hasLoggedInAgain || world.requests.some(({ kind, sets }) => kind === 'login' && !sets);
  if (!world.record && !mayLogIn) return;
  yield* deeds(world, bounds);
  for (const [at, request] of world.requests.entries()) {
    const { who, sets } = request;
    if (!sets) {
      const served = serve(world, at, decisions);
      yield { ...served, next: settled(served.next) };
      continue;
    }
    const arrived = { ...world, requests: world.requests.filter((_, other) => other !== at) };
    yield step(() => `the ${who} gets the answer ${shown(sets)}`, { ...arrived, [who]: { ...world[who], ...sets } });
    if (world.lostOrLate < bounds.lostOrLate)
      yield step(() => `the answer to the ${who} gets lost ${shown(sets)}`, {
        ...arrived,
        lostOrLate: world.lostOrLate + 1,
      });
  }
  yield* timePasses(world, decisions, bounds);
}

/** The steps of browser and thief without the server. */
function* deeds(world: World, bounds: Bounds): Generator<Step<World>> {
  const { browser, thief, requests } = world;
  if (browser.session !== null)
    yield step(() => 'the browser is closed', { ...world, browser: { ...browser, session: null } });
  if (!world.hasStolen && browser.token !== null)
    for (const loot of browser.session === null ? [browser] : [browser, { ...browser, session: null }])
      yield step(() => `the thief copies ${shown(loot)}`, { ...world, thief: loot, hasStolen: true });
  if (thief.session !== null && thief.token !== null) {
    yield step(() => 'the thief drops the session', { ...world, thief: { ...thief, session: null } });
    yield step(() => 'the thief drops the token', { ...world, thief: { ...thief, token: null } });
  }
  if (requests.length >= bounds.inFlight) return;
  if (browser.token !== null) yield sent(world, 'browser', 'visit');
  if (thief.token !== null || thief.session !== null) yield sent(world, 'thief', 'visit');
  if (!world.hasLoggedOut) yield sent({ ...world, hasLoggedOut: true }, 'browser', 'logout');
  if (!world.hasLoggedInAgain) yield sent({ ...world, hasLoggedInAgain: true }, 'browser', 'login');
}

function sent(world: World, who: Who, kind: Request['kind']): Step<World> {
  const { session, token } = world[who];
  const isHeld = session !== null || (token !== null && token !== DEAD);
  // For a login or logout only the login in the browser matters, and not the cookie that names it.
  const brings = kind === 'visit' ? world[who] : { session: null, token: isHeld ? `t${world.first}` : null };
  const request: Request = { who, kind, brings, sets: null, isLate: false };
  return step(() => `the ${who} asks (${kind}) ${shown(world[who])}`, {
    ...world,
    requests: [...world.requests, request],
  });
}

/** Messages under way become late by this step. A message that is late already would be later than any real message. */
function* timePasses(world: World, decisions: Decisions, bounds: Bounds): Generator<Step<World>> {
  const { record, requests, history } = world;
  if (!record?.remember) return;
  const { remember } = record;
  const lostOrLate = world.lostOrLate + requests.length;
  if (lostOrLate <= bounds.lostOrLate && !requests.some(({ isLate }) => isLate))
    yield step(() => `${TICK / 1000} seconds pass`, {
      ...world,
      record: {
        ...record,
        remember: {
          ...remember,
          candidates: aged(remember.candidates),
          previous: remember.previous.map(({ hash, graceEndsAt }) => ({
            hash,
            graceEndsAt: (graceEndsAt ?? 0) - TICK,
          })),
        },
      },
      history: new Map([...history].map(([name, token]) => [name, older(token)])),
      requests: requests.map((request) => ({ ...request, isLate: true })),
      lostOrLate,
    });
  // After the end there is one thing to know: that none of all these tokens lets anybody in.
  if (requests.length > 0) return;
  for (const token of tokensOf(world)) {
    const { verdict } = decisions.decideToken(record, token, { now: remember.endsAt, limits: LIMITS });
    if (verdict !== 'expired')
      yield {
        what: () => `the absolute end passes, and ${token} is shown`,
        next: world,
        broken: `it counts as ${verdict}`,
      };
  }
}

const older = ({ sent, shown, isOvertaken }: History): History => ({
  sent: Math.min(sent + 1, LONG_AGO),
  shown: shown === null ? null : Math.min(shown + 1, GRACE_OVER),
  isOvertaken,
});

/** Times that lie further back, or further apart, than matters are cut to the limit. */
function aged(candidates: RememberPart['candidates']): RememberPart['candidates'] {
  let later = 0;
  return candidates
    .toReversed()
    .map(({ hash, sentAt }) => {
      later = Math.max(sentAt - TICK, later - LONG_AGO * TICK);
      return { hash, sentAt: later };
    })
    .toReversed();
}

/**
 * It takes effect at one moment, because every change is written by compare-and-set. The loser of a race reads and
 * decides again.
 */
function serve(world: World, at: number, decisions: Decisions): Step<World> {
  const request = world.requests[at] as Request;
  const { brings, kind, who } = request;
  const { record } = world;
  const answered = (sets: Answer, change: Partial<World> = {}): World =>
    replaced({ ...world, ...change }, at, { ...request, sets });

  if (kind === 'logout') {
    const holds = brings.token !== null && brings.token !== DEAD;
    return step(() => 'the server logs out', answered(NOTHING, holds ? { record: null } : {}));
  }
  if (kind === 'login') {
    const jar = { session: `s${world.named}`, token: `t${world.named}` };
    const record = newRecord(jar.session, jar.token);
    const fresh = { record, history: new Map([[jar.token, SENT]]), first: world.named, named: world.named + 1 };
    return step(() => `the server logs in ${shown(jar)}`, answered(jar, fresh));
  }

  const hasSession =
    record && brings.session !== null && decideLogin(record, brings.session, { now: 0, limits: LIMITS }) === 'alive';
  const { token } = brings;
  if (token === null) {
    if (!record?.remember || !hasSession)
      return step(
        () => `the server knows no session of the ${who}`,
        answered(brings.session === null ? {} : { session: null }),
      );
    const remember = decisions.decideSession(record, 0, LIMITS);
    const change = remember ? { record: { ...record, remember } } : {};
    const seen = arrived(world, names.get(record.session.tokenHash ?? ''));
    return step(() => `the server reads for the ${who}: session alone`, answered({}, { ...change, ...seen }));
  }

  // A token of a login that has ended names no record.
  const isNamed = record !== null && token !== DEAD;
  const decision = decisions.decideToken(isNamed ? record : null, token, { now: 0, limits: LIMITS });
  const { verdict } = decision;
  const what = (): string => `the server reads for the ${who}: ${hasSession ? 'session, ' : ''}${token} ${verdict}`;
  const tell = (next: World): Step<World> => ({ what, next, broken: wrong(world, who, token, isNamed, verdict) });

  if (!record || !('remember' in decision)) {
    const cleared = { token: null, ...(hasSession && { session: null }) };
    if (verdict === 'theft') return tell(answered(cleared, { record: null }));
    return tell(answered(hasSession ? {} : { token: null }));
  }
  const { remember, isDue } = decision;
  const seen = hashed(token) === remember.base ? arrived(world, token) : { history: world.history };
  if (hasSession || !isDue) return tell(answered({}, { record: { ...record, remember }, ...seen }));
  const sets = { session: `s${world.named}`, token: `t${world.named}` };
  const session = { ...record.session, idHash: hashed(sets.session), tokenHash: hashed(sets.token) };
  const restored = { ...record, session, remember: decisions.sendToken(remember, sets.token, 0) };
  const history = overtakenBy(token, seen.history);
  history.set(sets.token, SENT);
  const told = tell(answered(sets, { record: restored, history, named: world.named + 1 }));
  return { ...told, what: () => `${what()}, restored ${shown(sets)}` };
}

/** Its bearer shows that a token has arrived. */
function arrived({ history }: World, token: string | undefined): { readonly history: ReadonlyMap<string, History> } {
  const past = token === undefined ? undefined : history.get(token);
  if (token === undefined || !past || past.shown !== null) return { history };
  return { history: new Map([...history, [token, { ...past, shown: 0 }]]) };
}

/** A token goes to the request with this one. A party that received a later token long ago would have used that one. */
function overtakenBy(asked: string, history: ReadonlyMap<string, History>): Map<string, History> {
  const isOlder = (name: string): boolean => Number(asked.slice(1)) < Number(name.slice(1));
  const overtaken = (name: string, past: History): History =>
    isOlder(name) && past.shown === null && past.sent >= LONG_AGO ? { ...past, isOvertaken: true } : past;
  return new Map([...history].map(([name, past]) => [name, overtaken(name, past)]));
}

/** True where two must hold this token, or it and a later one: nobody alone can show it now. */
function provesTheft({ history }: World, token: string): boolean {
  const isLater = ([name, { shown: since }]: [string, History]): boolean =>
    Number(name.slice(1)) > Number(token.slice(1)) && since !== null && since >= GRACE_OVER;
  return history.get(token)?.isOvertaken === true || [...history].some(isLater);
}

/** Returns the promise that a verdict breaks. The real history decides, and not the record. */
function wrong(world: World, who: Who, token: string, isNamed: boolean, verdict: string): string | undefined {
  const isIn = ['counts', 'received', 'grace'].includes(verdict);
  if (verdict === 'theft' && !world.hasStolen) return 'an alarm, although nobody has stolen anything';
  if (!isNamed) return isIn ? 'a token of a login that has ended lets somebody in' : undefined;
  if (provesTheft(world, token))
    return verdict === 'theft' ? undefined : `a token that two must hold counts as ${verdict}: the theft goes unseen`;
  if (!isIn && !world.hasStolen && who === 'browser') return 'an honest browser is refused';
  return undefined;
}

const step = (what: () => string, next: World): Step<World> => ({ what, next });

const replaced = (world: World, at: number, request: Request): World => ({
  ...world,
  requests: world.requests.map((other, place) => (place === at ? request : other)),
});

/**
 * Removes the parts that cannot matter any more: expired sessions, tokens of ended logins, and responses that set
 * nothing.
 */
function settled(world: World): World {
  const { record, first, requests } = world;
  const session = record ? names.get(record.session.idHash) : undefined;
  const still = <Some extends Answer>(cookies: Some): Some => {
    const isOver = cookies.session && cookies.session !== session;
    const isDead = cookies.token && cookies.token !== DEAD && (!record || Number(cookies.token.slice(1)) < first);
    if (!isOver && !isDead) return cookies;
    return { ...cookies, ...(isOver && { session: null }), ...(isDead && { token: DEAD }) };
  };
  const stillUnderWay: Request[] = [];
  for (const request of requests) {
    const [brings, sets] = [still(request.brings), request.sets && still(request.sets)];
    if (sets && sets.session === undefined && sets.token === undefined) continue;
    const isSame = brings === request.brings && sets === request.sets;
    stillUnderWay.push(isSame ? request : { ...request, brings, sets });
  }
  const settledWorld = { ...world, browser: still(world.browser), thief: still(world.thief), requests: stillUnderWay };
  return { ...settledWorld, history: remembered(settledWorld) };
}

/** Among tokens that nobody holds, only the latest presented one matters, for each time since. */
function remembered(world: World): ReadonlyMap<string, History> {
  const held = tokensOf(world);
  const latest = new Map<number | null, string>();
  for (const [name, { shown: since }] of world.history)
    if (since !== null && Number(name.slice(1)) > Number((latest.get(since) ?? 't-1').slice(1)))
      latest.set(since, name);
  const kept = new Set([...held, ...latest.values()]);
  return new Map([...world.history].filter(([name]) => kept.has(name)));
}

/**
 * A canonical text of the state. Names follow the order of their appearance, and tokens that nobody holds have none.
 */
export function keyOf(world: World): string {
  const { record, requests, browser, thief, history } = world;
  const held = [...new Set(tokensOf(world))].toSorted((one, other) => Number(one.slice(1)) - Number(other.slice(1)));
  const name = (token: string | null | undefined): string =>
    !token || token === DEAD ? (token === undefined ? '' : token === null ? '-' : 'x') : String(held.indexOf(token));
  const ofRecord = (hash: string): string => {
    const token = names.get(hash) as string;
    return held.includes(token) ? name(token) : '_';
  };
  const jar = ({ session, token }: Answer): string => (session ? 's' : session === null ? '-' : '') + name(token);
  const flags = Number(world.hasStolen) + 2 * Number(world.hasLoggedOut) + 4 * Number(world.hasLoggedInAgain);
  let key = `${world.lostOrLate}${flags}|${jar(browser)}|${jar(thief)}|`;
  const { remember } = record ?? {};
  if (remember) {
    key += ofRecord(remember.base);
    for (const { hash, sentAt } of remember.candidates) key += `+${ofRecord(hash)}${-sentAt / TICK}`;
    if (record?.session.tokenHash) key += `s${placeIn(remember, record.session.tokenHash)}`;
    const previous = remember.previous
      .filter(({ graceEndsAt }) => (graceEndsAt ?? 0) > 0)
      .map(({ hash, graceEndsAt }) => `<${ofRecord(hash)}${graceEndsAt === GRACE ? '' : "'"}`);
    key += previous.sort().join('');
  }
  for (const token of held) key += `|${pastOf(history, token)}`;
  const forms = requests.map(({ who, kind, isLate, brings, sets }) =>
    [who[0], sets ? '' : kind[3], isLate ? "'" : '', jar(sets ?? brings)].join(''),
  );
  return `${key}|${forms.sort().join()}`;
}

const placeIn = ({ candidates }: RememberPart, wanted: string): number =>
  candidates.findIndex(({ hash }) => hash === wanted);

/** The remaining facts about a token: whether it was presented, and the time of a later one. */
function pastOf(history: ReadonlyMap<string, History>, token: string): string {
  const { sent, shown: since, isOvertaken } = history.get(token) as History;
  let later = -1;
  for (const [name, other] of history)
    if (Number(name.slice(1)) > Number(token.slice(1)) && other.shown !== null) later = Math.max(later, other.shown);
  return `${isOvertaken ? 'o' : ''}${since === null ? sent : 's'}${later < 0 ? '' : `<${later}`}`;
}

/** Every token of the login that somebody holds, or that is under way. */
function tokensOf({ browser, thief, requests }: World): string[] {
  const underWay = requests.map(({ kind, brings, sets }) => sets ?? (kind === 'visit' ? brings : {}));
  const tokens: string[] = [];
  for (const { token } of [browser, thief, ...underWay] as Answer[]) if (token && token !== DEAD) tokens.push(token);
  return tokens;
}

const shown = ({ session, token }: Answer): string =>
  `(${[session, token].map((name) => (name === undefined ? '' : (name ?? '-'))).join(' ')})`;
