/** Encodes a login record as a short text. A store keeps the values that it compares or sorts by beside the text. */
import type { LoginRecord, RememberPart } from '../logins/login-record.js';

/** The values that a store keeps beside the text. */
export interface RecordHead {
  readonly version: number;
  /** of the session, see `SessionPart` */
  readonly startedAt: number;
  readonly lastSeenAt: number;
  readonly endsAt: number;
}

/** The first item of every text. It tells this form from later ones. */
const FORM = 1;

/**
 * The parts that user agents have in common. Encoding replaces each one by `~` and its place here. Otherwise the user
 * agent would be the largest part of a record. The order of the list belongs to the form.
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

const shortenUserAgent = (userAgent: string): string =>
  userAgent.replaceAll(ANY_COMMON, (part) => `~${COMMON.indexOf(part).toString(36)}`);

const expandUserAgent = (shorter: string): string =>
  shorter
    .split('~')
    .reduce((before, part) => before + asString(COMMON[Number.parseInt(part.charAt(0), 36)]) + part.slice(1));

/**
 * Returns the hashes of all tokens. The token of the session is usually one of them, and its place then replaces it.
 */
const hashesOf = ({ base, candidates, previous }: RememberPart): string[] => [
  base,
  ...[...candidates, ...previous].map(({ hash }) => hash),
];

/**
 * Returns everything except the id and the head. To keep the text short, times are differences from `createdAt`, and
 * that one is a difference from the head.
 */
export function encodeRecord(record: LoginRecord): string {
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
    shortenUserAgent(record.userAgent),
    record.submissionHash,
  ]);
}

/**
 * Reads the record of a text. Returns null for a text that `encodeRecord` cannot have made, because it is damaged,
 * foreign or of a later version.
 */
export function decodeRecord(id: string, head: RecordHead, text: string): LoginRecord | null {
  try {
    const items = JSON.parse(text) as unknown[];
    const isKnown = items[0] === FORM && items.length === 12 && Object.values(head).every(Number.isSafeInteger);
    return isKnown ? recordOf(id, head, items) : null;
  } catch {
    return null;
  }
}

/** Makes the record of the items. @throws TypeError for an item of another type */
function recordOf(id: string, head: RecordHead, items: readonly unknown[]): LoginRecord {
  const [, userId, stampHash, session, remember, createdAt, authenticatedAt, freshAt, ...client] = items;
  const [identifier, ip, userAgent, submissionHash] = client;
  const base = head.startedAt + asTime(createdAt);
  const since = (value: unknown): number => base + asTime(value);

  const [idHash, endsAt, token] = asList(session);
  const remembered = remember === null ? null : rememberOf(asList(remember), since);
  const tokenHash = typeof token === 'number' && remembered ? hashesOf(remembered)[token] : token;

  return {
    id,
    userId: asString(userId),
    stampHash: stampHash === null ? null : asString(stampHash),
    session: {
      idHash: asString(idHash),
      startedAt: head.startedAt,
      endsAt: since(endsAt),
      tokenHash: tokenHash === null ? null : asString(tokenHash),
    },
    remember: remembered,
    createdAt: base,
    authenticatedAt: since(authenticatedAt),
    freshAt: freshAt === null ? null : since(freshAt),
    lastSeenAt: head.lastSeenAt,
    endsAt: head.endsAt,
    identifier: asString(identifier),
    userAgent: expandUserAgent(asString(userAgent)),
    ip: asString(ip),
    submissionHash: submissionHash === null ? null : asString(submissionHash),
    version: head.version,
  };
}

function rememberOf(items: readonly unknown[], since: (value: unknown) => number): RememberPart {
  const [base, candidates, previous, endsAt] = items;
  const pairs = (value: unknown): unknown[][] => asList(value).map(asList);
  return {
    base: asString(base),
    candidates: pairs(candidates).map(([hash, at]) => ({ hash: asString(hash), sentAt: since(at) })),
    previous: pairs(previous).map(([hash, at]) => ({
      hash: asString(hash),
      graceEndsAt: at === null ? null : since(at),
    })),
    endsAt: since(endsAt),
  };
}

// An item of another type was not written here, and the whole text counts as damaged.
function asString(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError('no text');
}

function asTime(value: unknown): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw new TypeError('no time');
}

function asList(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError('no list');
}
