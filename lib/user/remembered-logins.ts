/** Remembered logins: what the remember cookie of a request is worth, and what follows from it. */
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

/** The part of the grace that the handler of a restoring request may take. The rest is the network's. */
const HANDLER_SHARE = 1 / 4;

/** So many logins in the cookies of one request are looked at: a change of path and domain leaves no more behind. */
const MOST_LOGINS = 3;

/** What became of a token that was to be let in. With a login, the request is from its user. */
export interface RedeemedToken extends TokenOutcome {
  readonly login: ActiveLogin | null;
}

/** What the remember cookie beside a living session says. */
export interface TokenReceipt {
  /** null: there is no cookie for this login */
  readonly verdict: TokenVerdict | null;
  /** the login as it is now; null: the session has ended in the meantime */
  readonly login: SessionLogin | null;
}

/** What a remembered part of a record becomes, and why. */
interface TokenChange extends Decision {
  readonly verdict: TokenVerdict | null;
}

/** Counts a login for this request alone. It is not fresh, whatever another browser has confirmed. */
export function forThisRequest(snapshot: LoginSnapshot): ActiveLogin {
  return { ...snapshot, record: { ...snapshot.record, freshAt: null }, sessionId: null };
}

/** Decides about tokens and carries it out. Loads no user: that happens between `findPresented` and `redeem`. */
export class RememberedLogins {
  constructor(private readonly services: ResolverServices) {}

  /**
   * Returns what the remember cookie of a request is worth: one round trip, or none without a genuine one. Where a
   * change of path or domain has left cookies of several logins, the one that counts; null where two count, which
   * contradict each other.
   */
  async findPresented(context: LoginContext): Promise<TokenOutcome | null> {
    const ids = context.tokens.loginIds;
    if (!ids.length || ids.length > MOST_LOGINS) return null;

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

  /** True where a login is remembered, or the request brings a remember cookie beside it. */
  concerns(context: LoginContext, { record }: SessionLogin): boolean {
    return record.remember !== null || context.exchange.hasCookie(this.services.options.rememberCookie.name);
  }

  /** Takes note of what the browser of a living session has received: its token shows it, and so does the session. */
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
   * Lets the bearer of a token in. One of the requests that present it gets a new session and the next token. The
   * others, and those whose response can set no cookie, are let in for themselves alone, with an ephemeral session.
   */
  async redeem(context: LoginContext, outcome: TokenOutcome & { snapshot: LoginSnapshot }): Promise<RedeemedToken> {
    const { exchange, session } = context;
    const { token } = outcome;
    await session.load();
    const canRestore = exchange.canSetCookie(this.services.options.sessionCookie);
    const next = newRememberToken(token.loginId);
    const values = session.valuesToKeep();
    const stored = { values, json: toJson(values) };

    // The user was loaded since: what is sent now must not look as if it had been on its way for so long.
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
    if (!snapshot) return { token, snapshot, login: null, verdict: 'gone' };
    if (!isLetIn(verdict)) return { token, verdict, snapshot, login: null };
    context.keepToThisRequest();
    return { token, verdict, snapshot, login: forThisRequest(snapshot) };
  }

  /**
   * Deletes a login whose superseded token was presented, because one of its two bearers is a thief. Lets nobody in.
   */
  async revokeStolen(context: LoginContext, { record, now }: LoginSnapshot): Promise<void> {
    // Cleared afterwards: where the login cannot be deleted, the evidence stays in the browser and comes again.
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
    // A browser that brings an earlier token has not kept the newer one, although its session has arrived.
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
   * Deletes other logins of a cookie that has a path of its own. The cookie of an earlier user is not sent to the login
   * page, and appears beside the session of the next user.
   */
  async #deleteOthers(context: LoginContext, { record }: SessionLogin): Promise<void> {
    const others = context.tokens.loginIds.filter((id) => id !== record.id);
    if (!context.tokens.isUnderOwnPath || !others.length || others.length > MOST_LOGINS) return;
    await Promise.all(others.map((id) => this.services.logins.delete(id)));
    context.forgetToken();
  }

  /**
   * True where the cookie is sent again. Not towards the end of a session: another request may restore it while this
   * response is under way, and a superseded token must not land in the browser.
   */
  #mayRefresh({ record, now }: SessionLogin): boolean {
    const { refreshEachRequest, idle, grace } = this.services.options;
    return refreshEachRequest && Math.min(record.session.endsAt, record.lastSeenAt + idle) > now + 2 * grace;
  }

  /**
   * Takes session and token back where the handler takes so long that the response may arrive after the grace. It
   * counts as lost, because other requests cannot wait for it any longer.
   */
  #dropIfLate(context: LoginContext, token: RememberToken): void {
    const restoredAt = performance.now();
    context.exchange.beforeHead(() => {
      const isLate = performance.now() - restoredAt > this.services.options.grace * HANDLER_SHARE;
      if (isLate && context.tokens.issued === token) context.keepToThisRequest();
    });
  }

  #decide(seen: { record: LoginRecord; now: number } | null, { verifier }: RememberToken): TokenDecision {
    if (!seen) return { verdict: 'gone' };
    return decideToken(seen.record, verifier, { now: seen.now, limits: this.services.options });
  }

  /** Returns the token that a request presents of this login; of several in one browser, the one that counts. */
  #tokenOf(context: LoginContext, loginId: string, snapshot: LoginSnapshot | null): RememberToken | undefined {
    const tokens = context.tokens.presented.filter((token) => token.loginId === loginId);
    if (tokens.length < 2) return tokens[0];
    return tokens.find((token) => isLetIn(this.#decide(snapshot, token).verdict)) ?? tokens[0];
  }
}
