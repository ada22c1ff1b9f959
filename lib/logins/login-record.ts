/** The login record: one row per device login, and the truth about it. */

/** One login of one user on one device. All times are milliseconds on the store's clock. Holds no secret and nothing of the user but the id. */
export interface LoginRecord {
  /** the key of its user, 16 characters, then 22 random ones; also the selector of the remember token */
  readonly id: string;
  /** as the user loader gets it */
  readonly userId: string;
  /** a hash of the user's security stamp as it was; null: they had none. Another stamp ends the login */
  readonly stampHash: string | null;
  /** how this login may be used by a session cookie */
  readonly session: SessionPart;
  /** how it may be used by a remember cookie; null: not at all */
  readonly remember: RememberPart | null;
  readonly createdAt: number;
  /** the last time the user proved who they are */
  readonly authenticatedAt: number;
  /** since when the login is fresh; null: it is not */
  readonly freshAt: number | null;
  /** the last use that was noted; the idle ends count from here */
  readonly lastSeenAt: number;
  /** from then on the record is of no use to anybody, and a store may drop it */
  readonly endsAt: number;
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
  /** when this session began, at a login or a restore: its values date from then. A confirmation does not move it */
  readonly startedAt: number;
  /** counted from the login, its last confirmation, or the restore that began this session; use never moves it (OWASP ASVS 7.3.2) */
  readonly endsAt: number;
  /** the remember token that the same answer brought: whoever uses this session has received it. null: none */
  readonly tokenHash: string | null;
}

/** The part of a login that a remember cookie uses. Tokens are known by the SHA-256 of their verifier alone (OWASP ASVS 11.4.3). */
export interface RememberPart {
  /** the token that counts: the last one that the browser is known to have received */
  readonly base: string;
  /** tokens sent since and not seen back yet, oldest first */
  readonly candidates: readonly SentToken[];
  /** tokens that a received one has taken the place of, while requests under way may still bring them */
  readonly previous: readonly SupersededToken[];
  /** never moved but by a real authentication */
  readonly endsAt: number;
}

/** A token on its way to the browser. */
export interface SentToken {
  readonly hash: string;
  readonly sentAt: number;
}

/** A token that is over, but for requests that were under way. */
export interface SupersededToken {
  readonly hash: string;
  /**
   * until then, its bearer is let in; after that it is evidence of a theft. null: it was taken back with the security stamp,
   * and lets nobody in
   */
  readonly graceEndsAt: number | null;
}
