/** Makes the login records of a benchmark, of the shape and size that an application has after some days. */
import { hashOf, newLoginId, newLoginSessionId, newVerifier } from '../../lib/logins/login-id.js';
import type { LoginRecord } from '../../lib/logins/login-record.js';

/** A login as `LoginStore.insert` takes it. */
export interface MadeLogin {
  readonly record: LoginRecord;
  readonly values: string | null;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** As Chrome sends them; they name no exact version of the system, so the length is always about this. */
const USER_AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36',
] as const;

/** Three users in a row have one login, two logins and three logins. */
const USER_OF = [0, 1, 1, 2, 2, 2] as const;

/** The user of this login. */
export const userOf = (login: number): number => Math.floor(login / 6) * 3 + (USER_OF[login % 6] ?? 0);

/**
 * A login by its number: always of the same user, each time with a new id. Every second one is remembered, half of
 * these came back by it once; every fourth has session values.
 * @param now the store's clock
 */
export function makeLogin(login: number, now: number): MadeLogin {
  const user = String(userOf(login)).padStart(12, '0');
  const userId = `7c9e6679-7425-40de-944b-${user}`;
  const id = newLoginId(userId, '');
  const isRemembered = login % 2 === 0;
  const base = hashOf(newVerifier());
  const isRestored = login % 4 === 0;
  const lastSeenAt = now - (login % 59) * MINUTE;
  const createdAt = lastSeenAt - (login % 7) * DAY;
  const startedAt = isRestored ? lastSeenAt : createdAt;
  const remember = {
    base,
    candidates: [],
    previous: isRestored ? [{ hash: hashOf(newVerifier()), graceEndsAt: lastSeenAt + MINUTE }] : [],
    endsAt: createdAt + 30 * DAY,
  };
  const record = {
    id,
    userId,
    stampHash: hashOf(userId).slice(0, 22),
    session: {
      idHash: hashOf(newLoginSessionId(id)),
      startedAt,
      endsAt: createdAt + 30 * DAY,
      tokenHash: isRestored ? base : null,
    },
    remember: isRemembered ? remember : null,
    createdAt,
    authenticatedAt: createdAt,
    freshAt: isRestored ? null : createdAt,
    lastSeenAt,
    endsAt: lastSeenAt + (isRemembered ? 14 : 1) * DAY,
    identifier: hashOf(user).slice(0, 22),
    userAgent: USER_AGENTS[login % USER_AGENTS.length] as string,
    ip: login % 5 ? `203.0.113.${login % 256}` : `2001:db8:85a3:8d3:1319:8a2e:${(login % 65536).toString(16)}:7348`,
    submissionHash: null,
    version: isRestored ? 3 : 1,
  };
  const values = { locale: 'en-GB', csrfSecret: id.slice(16), basket: [4711, 815] };
  return { record, values: login % 4 === 1 ? JSON.stringify(values) : null };
}
