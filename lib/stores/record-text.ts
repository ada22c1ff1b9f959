/** A login record as a short text, for stores that keep texts: what they have to compare or to sort by stands beside it. */
import type { LoginRecord, RememberPart } from '../logins/login-record.js';

/** What a store keeps beside the text. */
export interface RecordHead {
  readonly version: number;
  /** of the session, see `SessionPart` */
  readonly startedAt: number;
  readonly lastSeenAt: number;
  readonly endsAt: number;
}

/** The first item of every text, so that a later form can be told from this one. */
const FORM = 1;

/**
 * What user agents have in common, each kept as `~` and its place here: of a record it would be the largest part. The order
 * belongs to the form.
 */
const COMMON = [
  '~',
  'Mozilla/5.0 (',
  'Windows NT 10.0; Win64; x64',
  'Macintosh; Intel Mac OS X 10_15_7',
  'X11; Linux x86_64',
  'Linux; Android 10; K',
  'iPhone; CPU iPhone OS ',
  ' like Mac OS X',
  ') AppleWebKit/537.36 (KHTML, like Gecko) Chrome/',
  ') AppleWebKit/605.1.15 (KHTML, like Gecko) Version/',
  '.0.0.0',
  ' Mobile',
  ' Safari/',
  ') Gecko/20100101 Firefox/',
];
const ANY_COMMON = new RegExp(COMMON.map((part) => part.replaceAll(/[.()]/g, String.raw`\$&`)).join('|'), 'g');

const shortened = (userAgent: string): string =>
  userAgent.replaceAll(ANY_COMMON, (part) => `~${COMMON.indexOf(part).toString(36)}`);
const whole = (shorter: string): string =>
  shorter
    .split('~')
    .reduce((before, part) => before + words(COMMON[Number.parseInt(part.charAt(0), 36)]) + part.slice(1));

/** The token of the session is one of these as a rule, and then its place stands for it. */
const hashesOf = ({ base, candidates, previous }: RememberPart): string[] => [
  base,
  ...[...candidates, ...previous].map(({ hash }) => hash),
];

/** Everything but the id and what stands in the head. Times are differences, from the head's or from `createdAt`: shorter. */
export function textOf(record: LoginRecord): string {
  const { createdAt, session, remember } = record;
  const after = (time: number): number => time - createdAt;
  const place = remember && session.tokenHash !== null ? hashesOf(remember).indexOf(session.tokenHash) : -1;
  return JSON.stringify([
    FORM,
    record.userId,
    record.stampHash,
    [session.idHash, after(session.endsAt), place < 0 ? session.tokenHash : place],
    remember && [
      remember.base,
      remember.candidates.map(({ hash, sentAt }) => [hash, after(sentAt)]),
      remember.previous.map(({ hash, graceEndsAt }) => [hash, graceEndsAt === null ? null : after(graceEndsAt)]),
      after(remember.endsAt),
    ],
    createdAt - session.startedAt,
    after(record.authenticatedAt),
    record.freshAt === null ? null : after(record.freshAt),
    record.identifier,
    record.ip,
    shortened(record.userAgent),
  ]);
}

/** The record of a text; null for one that `textOf` cannot have made: damaged, somebody else's, or of a later version. */
export function recordOf(id: string, head: RecordHead, text: string): LoginRecord | null {
  try {
    const items = JSON.parse(text) as unknown[];
    const [form, userId, stampHash, session, remember, createdAt, authenticatedAt, freshAt, identifier, ip, userAgent] =
      items;
    if (form !== FORM || items.length !== 11 || !Object.values(head).every(Number.isSafeInteger)) return null;
    const base = head.startedAt + time(createdAt);
    const since = (value: unknown): number => base + time(value);
    const [idHash, endsAt, token] = list(session);
    const remembered = remember === null ? null : rememberOf(list(remember), since);
    const tokenHash = typeof token === 'number' && remembered ? hashesOf(remembered)[token] : token;
    return {
      id,
      userId: words(userId),
      stampHash: stampHash === null ? null : words(stampHash),
      session: {
        idHash: words(idHash),
        startedAt: head.startedAt,
        endsAt: since(endsAt),
        tokenHash: tokenHash === null ? null : words(tokenHash),
      },
      remember: remembered,
      createdAt: base,
      authenticatedAt: since(authenticatedAt),
      freshAt: freshAt === null ? null : since(freshAt),
      lastSeenAt: head.lastSeenAt,
      endsAt: head.endsAt,
      identifier: words(identifier),
      userAgent: whole(words(userAgent)),
      ip: words(ip),
      version: head.version,
    };
  } catch {
    return null;
  }
}

function rememberOf(items: readonly unknown[], since: (value: unknown) => number): RememberPart {
  const [base, candidates, previous, endsAt] = items;
  const pairs = (value: unknown): unknown[][] => list(value).map(list);
  return {
    base: words(base),
    candidates: pairs(candidates).map(([hash, at]) => ({ hash: words(hash), sentAt: since(at) })),
    previous: pairs(previous).map(([hash, at]) => ({ hash: words(hash), graceEndsAt: at === null ? null : since(at) })),
    endsAt: since(endsAt),
  };
}

// What is of another type is not ours: the whole text counts as damaged.
function words(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError('no text');
}

function time(value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw new TypeError('no time');
}

function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError('no list');
}
