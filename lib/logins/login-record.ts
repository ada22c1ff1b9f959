/** The login record: one row per device login, and the truth about it. */

/** One login of one user on one device. All times are milliseconds on the store's clock. Holds no secret and nothing of the user but the id. */
export interface LoginRecord {
  /** `<userKey><random>`, see login-id.ts */
  readonly id: string;
  /** as the user loader gets it */
  readonly userId: string;
  /** how this login may be used by a session cookie */
  readonly session: SessionPart;
  readonly createdAt: number;
  /** the last time the user proved who they are; the absolute end counts from here */
  readonly authenticatedAt: number;
  /** since when the login is fresh; null: it is not */
  readonly freshAt: number | null;
  readonly lastSeenAt: number;
  /** session protection: hash of the client's address prefix and user agent */
  readonly identifier: string;
  readonly userAgent: string;
  readonly ip: string;
  /** counts the writes, for compare-and-set */
  readonly version: number;
}

/** The part of a login that a session cookie uses. */
export interface SessionPart {
  /** SHA-256 of the one session id that may use this login */
  readonly idHash: string;
  readonly issuedAt: number;
  /** moved on by use */
  readonly idleEndsAt: number;
  /** never moved but by a real authentication (OWASP ASVS 7.3.2) */
  readonly endsAt: number;
}

/** When the record is of no more use to anybody. */
export function recordEndsAt({ session }: LoginRecord): number {
  return Math.min(session.idleEndsAt, session.endsAt);
}
