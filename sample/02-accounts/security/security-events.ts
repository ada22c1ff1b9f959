/** The security events of each account, written down as they happen, for 90 days. */
import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { OnLogin } from 'nestjs-login';
import type { LoginEvents } from 'nestjs-login';
import { AccountsDatabase } from '../stores/accounts-database.js';

/** Milliseconds that an event is kept. */
const KEPT = 90 * 24 * 60 * 60_000;

/** What the user reads of each. */
const TEXTS = {
  loggedIn: 'Logged in',
  loggedInRemembered: 'Logged in, and remembered on this device',
  loggedOut: 'Logged out',
  loginConfirmed: 'Proved the password again',
  loginEnded: 'A device was logged out from another one',
  loginEndedByChange: 'A device was logged out because the password or the second factor changed',
  loginEndedByCap: 'The oldest login was ended, there were too many',
  otherBrowser: 'A login was used from another address or browser',
  stolen: 'A copied remember cookie was used: that login has ended',
  wrongPassword: 'A wrong password was tried',
  wrongCode: 'A wrong code was tried',
  passwordChanged: 'The password was changed',
  secondFactorOn: 'The second factor was switched on',
  secondFactorOff: 'The second factor was switched off',
  disabled: 'An administrator disabled the account',
  enabled: 'An administrator enabled the account',
} as const;

type Kind = keyof typeof TEXTS;
type Client = Pick<LoginEvents['loggedIn'], 'ip' | 'userAgent'>;

/** An event as the user sees it. */
export interface SecurityEvent {
  readonly text: string;
  /** ISO */
  readonly at: string;
  readonly ip: string;
  readonly userAgent: string;
  readonly isWarning: boolean;
}

@Injectable()
export class SecurityEvents {
  constructor(private readonly database: AccountsDatabase) {}

  /** The newest of an account first. */
  async recent(accountId: string, most = 20): Promise<SecurityEvent[]> {
    const rows = await this.database
      .selectFrom('events')
      .selectAll()
      .where('accountId', '=', accountId)
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

  /** Writes down what only the application knows, such as a wrong password. */
  async note(req: Request, accountId: string | null, kind: Kind): Promise<void> {
    await this.#write(accountId, kind, { ip: req.ip ?? '', userAgent: req.get('user-agent') ?? '' });
  }

  @OnLogin('loggedIn')
  async loggedIn({ userId, remembered, theftSeenAt, ...client }: LoginEvents['loggedIn']): Promise<void> {
    await this.#write(userId, remembered ? 'loggedInRemembered' : 'loggedIn', client);
    // The storage keeps a theft until this moment, also one whose event went down with the node that saw it.
    if (theftSeenAt !== null && !(await this.hasWarning(userId))) await this.#write(userId, 'stolen', client);
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
    const kinds = { revoked: 'loginEnded', stamp: 'loginEndedByChange', cap: 'loginEndedByCap' } as const;
    await this.#write(userId, kinds[reason], client);
  }

  @OnLogin('sessionProtected')
  async sessionProtected({ userId, ...client }: LoginEvents['sessionProtected']): Promise<void> {
    await this.#write(userId, 'otherBrowser', client);
  }

  @OnLogin('rememberTokenTheft')
  async rememberTokenTheft({ userId, ...client }: LoginEvents['rememberTokenTheft']): Promise<void> {
    await this.#write(userId, 'stolen', client);
  }

  async #write(accountId: string | null, kind: Kind, { ip, userAgent }: Client): Promise<void> {
    const now = Date.now();
    await this.database
      .insertInto('events')
      .values({
        id: randomUUID(),
        accountId,
        kind,
        at: new Date(now).toISOString(),
        ip,
        userAgent: userAgent.slice(0, 200),
        isNew: kind === 'stolen' ? 1 : 0,
      })
      .execute();
    await this.database
      .deleteFrom('events')
      .where('at', '<', new Date(now - KEPT).toISOString())
      .execute();
  }
}
