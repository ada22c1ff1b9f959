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

/** Everything but the id and what stands in the head. Times are differences from `createdAt`, which is shorter. */
export function textOf(record: LoginRecord): string {
  const { createdAt, session, remember } = record;
  const after = (time: number): number => time - createdAt;
  return JSON.stringify([
    FORM,
    record.userId,
    record.stampHash,
    [session.idHash, after(session.endsAt), session.tokenHash],
    remember && [
      remember.base,
      remember.candidates.map(({ hash, sentAt }) => [hash, after(sentAt)]),
      remember.previous.map(({ hash, graceEndsAt }) => [hash, graceEndsAt === null ? null : after(graceEndsAt)]),
      after(remember.endsAt),
    ],
    createdAt,
    after(record.authenticatedAt),
    record.freshAt === null ? null : after(record.freshAt),
    record.identifier,
    record.ip,
    record.userAgent,
  ]);
}

/** The record of a text; null for one that `textOf` cannot have made: damaged, somebody else's, or of a later version. */
export function recordOf(id: string, head: RecordHead, text: string): LoginRecord | null {
  try {
    const items = JSON.parse(text) as unknown[];
    const [form, userId, stampHash, session, remember, createdAt, authenticatedAt, freshAt, identifier, ip, userAgent] =
      items;
    if (form !== FORM || items.length !== 11 || !Object.values(head).every(Number.isSafeInteger)) return null;
    const base = time(createdAt);
    const since = (value: unknown): number => base + time(value);
    const [idHash, endsAt, tokenHash] = list(session);
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
      remember: remember === null ? null : rememberOf(list(remember), since),
      createdAt: base,
      authenticatedAt: since(authenticatedAt),
      freshAt: freshAt === null ? null : since(freshAt),
      lastSeenAt: head.lastSeenAt,
      endsAt: head.endsAt,
      identifier: words(identifier),
      userAgent: words(userAgent),
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
