/** The security events of each account, written down as they happen, for 90 days. */
import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import type { Request } from 'express';
import { OnLogin } from 'nestjs-login';
import type { LoginEvents } from 'nestjs-login';
import { AccountsDatabase } from '../stores/accounts-database.js';

/** Milliseconds that an event is kept. */
const KEPT = 90 * 24 * 60 * 60_000;

/** The texts of the events for users. */
const TEXTS = {
  loggedIn: 'Logged in',
  loggedInRemembered: 'Logged in, and remembered on this device',
  loggedOut: 'Logged out',
  loginConfirmed: 'Proved the password again',
  loginEnded: 'A device was logged out',
  loginEndedByChange: 'A device was logged out because the password or the second factor changed',
  loginEndedByCap: 'The oldest login was ended, there were too many',
  loginSentTwice: 'The login form was sent twice, and the first login was ended',
  otherBrowser: 'A login was used from another address or browser',
  stolen: 'A copied remember cookie was used: that login has ended',
  wrongPassword: 'A wrong password was tried',
  wrongCode: 'A wrong code was tried',
  passwordChanged: 'The password was changed',
  secondFactorOn: 'The second factor was switched on',
  secondFactorOff: 'The second factor was switched off',
  endedByAdmin: 'An administrator logged out all devices',
  disabled: 'An administrator disabled the account',
  enabled: 'An administrator enabled the account',
} as const;

/** The event of a login that was ended, by its reason. */
const KIND_OF_END = {
  revoked: 'loginEnded',
  stamp: 'loginEndedByChange',
  cap: 'loginEndedByCap',
  duplicate: 'loginSentTwice',
} as const;

type Kind = keyof typeof TEXTS;
type Client = Pick<LoginEvents['loggedIn'], 'ip' | 'userAgent'>;

/** An event as the user sees it. */
interface SecurityEvent {
  readonly text: string;
  /** ISO */
  readonly at: string;
  readonly ip: string;
  readonly userAgent: string;
  readonly isWarning: boolean;
}

@Injectable()
export class SecurityEvents {
  readonly #logger = new Logger('SecurityEvents');

  constructor(private readonly database: AccountsDatabase) {}

  /**
   * Returns the newest events of an account first. Warnings that the user has not dismissed come before them, so that
   * many wrong passwords cannot hide them.
   */
  async recent(accountId: string, most = 20): Promise<SecurityEvent[]> {
    const rows = await this.database
      .selectFrom('events')
      .selectAll()
      .where('accountId', '=', accountId)
      .orderBy('isNew', 'desc')
      .orderBy('at', 'desc')
      .limit(most)
      .execute();

    return rows.map(({ kind, at, ip, userAgent }) => ({
      text: TEXTS[kind as Kind] ?? kind,
      at,
      ip,
      userAgent,
      isWarning: kind === 'stolen',
    }));
  }

  /** Whether there is a warning that the user has not yet put away. */
  async hasWarning(accountId: string): Promise<boolean> {
    const row = await this.database
      .selectFrom('events')
      .select('id')
      .where('accountId', '=', accountId)
      .where('isNew', '=', 1)
      .executeTakeFirst();
    return row !== undefined;
  }

  async putWarningsAway(accountId: string): Promise<void> {
    await this.database.updateTable('events').set({ isNew: 0 }).where('accountId', '=', accountId).execute();
  }

  /**
   * Records an event that only the application knows, such as a wrong password. If that fails, the action itself has
   * still happened.
   */
  async note(req: Request, accountId: string | null, kind: Kind): Promise<void> {
    const client = { ip: req.ip ?? '', userAgent: req.get('user-agent') ?? '' };
    await this.#write(accountId, kind, client).catch((error: unknown) => this.#logger.error(error));
  }

  @OnLogin('loggedIn')
  async loggedIn({ userId, remembered, theftSeenAt, ...client }: LoginEvents['loggedIn']): Promise<void> {
    await this.#write(userId, remembered ? 'loggedInRemembered' : 'loggedIn', client);
    // The storage keeps a theft until this login, even if the node that detected it stopped before it recorded the
    // event.
    if (theftSeenAt !== null && !(await this.#knowsTheft(userId, theftSeenAt)))
      await this.#write(userId, 'stolen', { ip: '', userAgent: '' }, theftSeenAt);
  }

  @OnLogin('loggedOut')
  async loggedOut({ userId, ...client }: LoginEvents['loggedOut']): Promise<void> {
    await this.#write(userId, 'loggedOut', client);
  }

  @OnLogin('loginConfirmed')
  async loginConfirmed({ userId, ...client }: LoginEvents['loginConfirmed']): Promise<void> {
    await this.#write(userId, 'loginConfirmed', client);
  }

  @OnLogin('loginRevoked')
  async loginRevoked({ userId, reason, ...client }: LoginEvents['loginRevoked']): Promise<void> {
    await this.#write(userId, KIND_OF_END[reason], client);
  }

  @OnLogin('sessionProtected')
  async sessionProtected({ userId, ...client }: LoginEvents['sessionProtected']): Promise<void> {
    await this.#write(userId, 'otherBrowser', client);
  }

  @OnLogin('rememberTokenTheft')
  async rememberTokenTheft({ userId, ...client }: LoginEvents['rememberTokenTheft']): Promise<void> {
    await this.#write(userId, 'stolen', client);
  }

  /** Whether a theft is written down already. Its time is the storage's, and this one's may differ by a minute. */
  async #knowsTheft(accountId: string, seenAt: number): Promise<boolean> {
    const row = await this.database
      .selectFrom('events')
      .select('id')
      .where('accountId', '=', accountId)
      .where('kind', '=', 'stolen')
      .where('at', '>', new Date(seenAt - 60_000).toISOString())
      .executeTakeFirst();
    return row !== undefined;
  }

  /** @param at milliseconds */
  async #write(
    accountId: string | null,
    kind: Kind,
    { ip, userAgent }: Client,
    at: number = Date.now(),
  ): Promise<void> {
    await this.database
      .insertInto('events')
      .values({
        id: randomUUID(),
        accountId,
        kind,
        at: new Date(at).toISOString(),
        ip,
        userAgent: userAgent.slice(0, 200),
        isNew: kind === 'stolen' ? 1 : 0,
      })
      .execute();

    await this.database
      .deleteFrom('events')
      .where('at', '<', new Date(Date.now() - KEPT).toISOString())
      .execute();
  }
}
