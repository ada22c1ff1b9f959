/** The login record: one row for each login on each device, and the truth about it. */

/**
 * One login of one user on one device. All times are milliseconds on the store's clock. A record holds no secret, and
 * nothing of the user but the id.
 */
export interface LoginRecord {
  /** the key of its user, 16 characters, then 22 random ones; also the selector of the remember token */
  readonly id: string;
  /** as the user loader receives it */
  readonly userId: string;
  /**
   * a hash of the user's security stamp at the login or its last confirmation; null where the user had none. Another
   * stamp ends the login
   */
  readonly stampHash: string | null;
  /** the part that a session cookie uses */
  readonly session: SessionPart;
  /** the part that a remember cookie uses; null for a login that is not remembered */
  readonly remember: RememberPart | null;
  readonly createdAt: number;
  /** the time of the last authentication */
  readonly authenticatedAt: number;
  /** the time since which the login is fresh; null for a login that is not fresh */
  readonly freshAt: number | null;
  /** the last use that was written; the idle limits count from here */
  readonly lastSeenAt: number;
  /** the time at which the record expires; from then on a store may delete it */
  readonly endsAt: number;
  /** a hash of the client's address prefix and user agent, for session protection */
  readonly identifier: string;
  readonly userAgent: string;
  readonly ip: string;
  /** a hash of the cookie of ours that the login request brought. A form that is sent twice brings it twice */
  readonly submissionHash: string | null;
  /** counts the writes, for compare-and-set */
  readonly version: number;
}

/** The part of a login that a session cookie uses. */
export interface SessionPart {
  /** SHA-256 of the one session id that may use this login */
  readonly idHash: string;
  /** the time at which a login or a restore began this session and its values. A confirmation does not move it */
  readonly startedAt: number;
  /**
   * counted from the login, from its last confirmation, or from the restore that began this session. Use never moves it
   * (OWASP ASVS 7.3.2)
   */
  readonly endsAt: number;
  /**
   * the hash of the remember token that came in the same response as this session. A use of the session shows that the
   * browser received the token. Null stands for none
   */
  readonly tokenHash: string | null;
}

/**
 * The part of a login that a remember cookie uses. It stores a token as the SHA-256 of its verifier (OWASP ASVS
 * 11.4.3).
 */
export interface RememberPart {
  /** the token that counts: the last one that the browser is known to have received */
  readonly base: string;
  /** tokens that were sent since and have not come back yet, oldest first */
  readonly candidates: readonly SentToken[];
  /** tokens that a received one has replaced. Requests under way may still bring them */
  readonly previous: readonly SupersededToken[];
  /** moved by an authentication alone */
  readonly endsAt: number;
}

/** A token on its way to the browser. */
export interface SentToken {
  readonly hash: string;
  readonly sentAt: number;
}

/** A replaced token. Only requests that were under way may still bring it. */
export interface SupersededToken {
  readonly hash: string;
  /**
   * the end of its grace. Until then it lets a request in, and after that it is evidence of a theft. Null stands for a
   * token that was taken back with the security stamp. It lets nobody in
   */
  readonly graceEndsAt: number | null;
}
