/** Decides about the remember cookie of a request, and carries the decision out. */
import type { LoginContext } from '../context/login-context.js';
import { loginFacts } from '../logins/event-facts.js';
import type { LoginRecord, SentToken } from '../logins/login-record.js';
import { timeAt } from '../logins/login-snapshot.js';
import type { ActiveLogin, LoginSnapshot, SessionLogin } from '../logins/login-snapshot.js';
import type { Decision } from '../logins/record-decision.js';
import { toJson } from '../logins/session-values-json.js';
import { decideSession, decideToken, isLetIn, sendToken } from '../remember-me/remember-decision.js';
import type { TokenDecision, TokenVerdict } from '../remember-me/remember-decision.js';
import { newRememberToken } from '../remember-me/remember-token.js';
import type { RememberToken } from '../remember-me/remember-token.js';
import type { TokenOutcome } from '../remember-me/token-outcome.js';
import type { ResolverServices } from './resolver-services.js';

/** The share of the grace that the handler of a restoring request may use. The rest is for the network. */
const HANDLER_SHARE = 1 / 4;

/**
 * The maximum number of logins in the remember cookies of one request. If there are more, none is checked. A change of
 * path and domain leaves no more behind.
 */
const MAX_LOGINS = 3;

/** The result of a redeemed token. If it has a login, the request comes from the user of that login. */
export interface RedeemedToken extends TokenOutcome {
  readonly login: ActiveLogin | null;
}

/** The result of a remember cookie that came with a session. */
export interface TokenReceipt {
  /** null if there is no cookie for this login */
  readonly verdict: TokenVerdict | null;
  /** the login as it is now; null if the session has ended in the meantime */
  readonly login: SessionLogin | null;
}

/** A change of the remembered part of a record, with the verdict that led to it. */
interface TokenChange extends Decision {
  readonly verdict: TokenVerdict | null;
}

/** Returns the login for this request only. It is not fresh, even if another browser has confirmed it. */
export function asEphemeral(snapshot: LoginSnapshot): ActiveLogin {
  return { ...snapshot, record: { ...snapshot.record, freshAt: null }, sessionId: null };
}

/**
 * Decides about tokens, and carries the decisions out. It loads no user, because its caller does so between
 * `findPresented` and `redeem`.
 */
export class RememberedLogins {
  constructor(private readonly services: ResolverServices) {}

  /**
   * Returns the verdict about the remember cookie of a request. Takes one round trip, or none without a genuine cookie.
   * A change of path or domain may leave cookies of several logins. Then the login that counts is returned, or null if
   * two count, because they contradict each other.
   */
  async findPresented(context: LoginContext): Promise<TokenOutcome | null> {
    const ids = context.tokens.loginIds;
    if (!ids.length || ids.length > MAX_LOGINS) return null;

    const outcomes = await Promise.all(
      ids.map(async (id) => {
        const read = await context.session.snapshotOf(id);
        const snapshot = read === undefined ? await this.services.logins.findById(id) : read;
        const token = this.#tokenOf(context, id, snapshot) as RememberToken;
        return { token, snapshot, verdict: this.#decide(snapshot, token).verdict };
      }),
    );
    const counting = outcomes.filter(({ verdict }) => isLetIn(verdict));
    if (counting.length > 1) return null;
    return counting[0] ?? outcomes.find(({ verdict }) => verdict === 'theft') ?? outcomes[0] ?? null;
  }

  /** Tells whether the login is remembered, or the request carries a remember cookie beside it. */
  mayRemember(context: LoginContext, { record }: SessionLogin): boolean {
    return record.remember !== null || context.exchange.hasCookie(this.services.options.remember.cookie.name);
  }

  /**
   * Notes that the browser has received its token. The token itself shows it, or else the session that came with the
   * token.
   */
  async confirmReceipt(context: LoginContext, login: SessionLogin): Promise<TokenReceipt> {
    const token = this.#tokenOf(context, login.record.id, login);
    if (!token) await this.#deleteOthers(context, login);

    const { snapshot, decision } = await this.services.logins.change(login, (record, now) =>
      this.#decideReceipt({ record, now }, token),
    );
    const { verdict } = decision;
    const isAlive = snapshot && this.services.logins.isAlive(snapshot.record, snapshot.now, login.sessionId);
    const latest = isAlive ? { ...snapshot, sessionId: login.sessionId } : null;
    if (latest && decision.change) context.updateLogin(latest);
    if (latest && token && (verdict === 'counts' || verdict === 'received') && this.#mayRefresh(latest))
      context.extendToken(token, latest);
    return { verdict, login: latest };
  }

  /**
   * Redeems a token and lets its bearer in. One of the requests with this token gets a new session and the next token.
   * The other requests are let in only for themselves, with an ephemeral session. The same applies to a request if its
   * response cannot set cookies.
   */
  async redeem(context: LoginContext, outcome: TokenOutcome & { snapshot: LoginSnapshot }): Promise<RedeemedToken> {
    const { exchange, session } = context;
    const { token } = outcome;
    await session.load();
    const canRestore = exchange.canSetCookie(this.services.options.session.cookie);
    const next = newRememberToken(token.loginId);
    const values = session.valuesToKeep();
    const stored = { values, json: toJson(values) };

    // Loading the user has taken time. The next token is sent now, so its grace has to start now.
    const seen = { ...outcome.snapshot, now: timeAt(outcome.snapshot) };
    const { snapshot, login, decision } = await this.services.logins.restore(seen, {
      client: session.client,
      values: Object.keys(values).length ? stored.json : null,
      decide: (record, now) => this.#decideRestore({ record, now }, token, canRestore ? next : null),
    });
    const { verdict } = decision;

    if (login) {
      await session.deleteAnonymous();
      context.restore(login, stored, next);
      this.#dropIfLate(context, next);
      return { token, verdict, snapshot, login };
    }
    if (!snapshot) return { token, snapshot, login: null, verdict: 'not-found' };
    if (!isLetIn(verdict)) return { token, verdict, snapshot, login: null };
    context.makeEphemeral();
    return { token, verdict, snapshot, login: asEphemeral(snapshot) };
  }

  /**
   * Deletes a login after its superseded token was presented, because one of the two bearers is a thief. Lets nobody
   * in.
   */
  async revokeStolen(context: LoginContext, { record, now }: LoginSnapshot): Promise<void> {
    // Clear the cookie only afterwards. If the login cannot be deleted, the evidence stays in the browser and comes
    // again.
    const isDeleted = await this.services.logins.delete(record.id, now);
    context.forgetToken();
    if (!isDeleted) return;

    const { createdAt, lastSeenAt, ip: lastIp, userAgent: lastUserAgent } = record;
    const known = { createdAt, lastSeenAt, lastIp, lastUserAgent };
    this.services.events.emit('rememberTokenTheft', () => ({ ...loginFacts(context.exchange, record), ...known }));
  }

  #decideReceipt(seen: { record: LoginRecord; now: number }, token: RememberToken | undefined): TokenChange {
    const { record, now } = seen;
    if (!token) {
      const remember = decideSession(record, now, this.services.options);
      return { verdict: null, change: remember && { record: { ...record, remember } } };
    }
    // A browser that presents an earlier token has not kept the newer one, although the session of the newer one has
    // arrived.
    const decision = this.#decide(seen, token);
    const remember = decision.verdict === 'received' ? decision.remember : null;
    return { verdict: decision.verdict, change: remember && { record: { ...record, remember } } };
  }

  #decideRestore(seen: { record: LoginRecord; now: number }, token: RememberToken, next: RememberToken | null) {
    const decision = this.#decide(seen, token);
    const { verdict } = decision;
    if (!('remember' in decision)) return { verdict, change: null };

    if (next && decision.isDue) {
      const remember = sendToken(decision.remember, next.verifier, seen.now);
      const { hash } = remember.candidates.at(-1) as SentToken;
      return { verdict, change: { remember, tokenHash: hash } };
    }
    return { verdict, change: verdict === 'received' ? { remember: decision.remember } : null };
  }

  /**
   * Deletes other logins that a remember cookie with a path other than `/` names. The browser does not send the cookie
   * of an earlier user to the login page. That cookie then appears beside the session of the next user.
   */
  async #deleteOthers(context: LoginContext, { record }: SessionLogin): Promise<void> {
    const others = context.tokens.loginIds.filter((id) => id !== record.id);
    if (!context.tokens.isUnderOwnPath || !others.length || others.length > MAX_LOGINS) return;
    await Promise.all(others.map((id) => this.services.logins.delete(id)));
    context.forgetToken();
  }

  /**
   * Tells whether the cookie may be sent again. It may not near the end of a session. Another request may then restore
   * the login while this response is in transit, and the browser must not receive a superseded token.
   */
  #mayRefresh({ record, now }: SessionLogin): boolean {
    const { login, remember } = this.services.options;
    const sessionEndsAt = Math.min(record.session.endsAt, record.lastSeenAt + login.idle);
    return remember.refreshEachRequest && sessionEndsAt > now + 2 * remember.grace;
  }

  /**
   * Removes the session and the token from the response if the handler takes too long. The response may then arrive
   * after the grace. It counts as lost, because other requests cannot wait for it any longer.
   */
  #dropIfLate(context: LoginContext, token: RememberToken): void {
    const restoredAt = performance.now();
    context.exchange.beforeHead(() => {
      const isLate = performance.now() - restoredAt > this.services.options.remember.grace * HANDLER_SHARE;
      if (isLate && context.tokens.issued === token) context.makeEphemeral();
    });
  }

  #decide(seen: { record: LoginRecord; now: number } | null, { verifier }: RememberToken): TokenDecision {
    if (!seen) return { verdict: 'not-found' };
    return decideToken(seen.record, verifier, { now: seen.now, limits: this.services.options });
  }

  /** Returns the token of this login that the request presents. If it presents several, returns the one that counts. */
  #tokenOf(context: LoginContext, loginId: string, snapshot: LoginSnapshot | null): RememberToken | undefined {
    const tokens = context.tokens.presented.filter((token) => token.loginId === loginId);
    if (tokens.length < 2) return tokens[0];
    return tokens.find((token) => isLetIn(this.#decide(snapshot, token).verdict)) ?? tokens[0];
  }
}
