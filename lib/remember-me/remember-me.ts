/** Remembered logins: what the remember cookie of a request is worth, and what follows from that. */
import { LoginEventStream } from '../events/login-event-stream.js';
import type { LoginRequest } from '../http/login-request.js';
import type { LiveLogin, SeenLogin, SessionLogin } from '../logins/live-login.js';
import { loginFacts } from '../logins/login-facts.js';
import type { LoginRegistry } from '../logins/login-registry.js';
import type { ResolvedLoginOptions } from '../options/resolved-login-options.js';
import type { LoginSession } from '../session/login-session.js';
import { RememberCookie } from './remember-cookie.js';
import { decideToken, issueToken } from './remember-decision.js';
import type { TokenDecision, TokenVerdict } from './remember-decision.js';
import { newRememberToken } from './remember-token.js';
import type { RememberToken } from './remember-token.js';

/** A token that a request has shown, and what it is worth. */
export interface ShownToken {
  readonly token: RememberToken;
  readonly verdict: TokenVerdict;
  /** the record that it names, where there is one */
  readonly seen: SeenLogin | null;
}

/** What became of a token that was to be let in: with a login, the request is from its user. */
export interface AcceptedToken extends ShownToken {
  readonly login: LiveLogin | null;
}

/** What the remember cookie beside a living session says. */
export interface TokenReceipt {
  /** null: there is no cookie for this login */
  readonly verdict: TokenVerdict | null;
  /** the login as it is now; null: the session is over in the meantime */
  readonly login: SessionLogin | null;
}

/** True where a token of this verdict lets its bearer in. */
export function isLetIn(verdict: TokenVerdict | null | undefined): boolean {
  return verdict === 'counts' || verdict === 'received' || verdict === 'grace';
}

/** A login of this request alone. Whoever comes by a remember cookie is not fresh, whatever another browser has confirmed. */
export function forOneRequest({ record, now }: SeenLogin): LiveLogin {
  return { record: { ...record, freshAt: null }, now, sessionId: null };
}

/** Remember cookies by request. Loads no user: that is for the resolver, between `look` and `accept`. */
export class RememberMe {
  readonly #cookie: RememberCookie;
  readonly #tokens = new WeakMap<LoginRequest, readonly RememberToken[]>();

  constructor(
    private readonly options: ResolvedLoginOptions,
    private readonly sessions: LoginSession,
    private readonly logins: LoginRegistry,
    private readonly events: LoginEventStream,
  ) {
    this.#cookie = new RememberCookie(options.rememberCookie, options.secrets);
  }

  /** The logins that remember cookies of this request name under a signature of ours, whether they still count or not. */
  held(request: LoginRequest): string[] {
    return this.#shown(request).map(({ loginId }) => loginId);
  }

  /** What the remember cookie of a request without a session is worth: one round trip, or none without a genuine one. */
  async look(request: LoginRequest): Promise<ShownToken | null> {
    const token = this.#presented(request);
    if (!token) return null;
    const seen = (await this.sessions.seen(request, token.loginId)) ?? (await this.logins.look(token.loginId));
    return { token, seen, verdict: this.#decide(seen, token).verdict };
  }

  /** Takes note that the browser of a living session has received its newest token. */
  async receive(request: LoginRequest, login: SessionLogin): Promise<TokenReceipt> {
    const token = this.#presented(request);
    if (token?.loginId !== login.record.id) return { verdict: null, login };
    let { verdict } = this.#decide(login, token);
    let now: SessionLogin | null = login;
    if (verdict === 'received') {
      const { seen } = await this.logins.change(login, (record, time) => {
        const decision = this.#decide({ record, now: time }, token);
        ({ verdict } = decision);
        return decision.verdict === 'received' ? { record: { ...record, remember: decision.remember } } : null;
      });
      now = seen && this.logins.isAlive(seen, login.sessionId) ? { ...seen, sessionId: login.sessionId } : null;
      if (now) this.sessions.update(request, now);
    }
    // A token that is over must not land in the browser again.
    if (now && this.options.refreshEachRequest && (verdict === 'counts' || verdict === 'received'))
      this.#write(request, token, now);
    return { verdict, login: now };
  }

  /**
   * Lets the bearer of a token in: with a new session and the next token, for one of the requests that show it; the others,
   * and those whose answer can set no cookie, for themselves alone, with a session that is thrown away.
   */
  async accept(request: LoginRequest, shown: ShownToken): Promise<AcceptedToken> {
    await this.sessions.open(request);
    const { token, seen: lost } = shown;
    if (!lost) return { ...shown, login: null };
    const canRestore = this.sessions.canSetCookie(request);
    const next = newRememberToken(token.loginId);
    const values = this.sessions.valuesToKeep(request);
    let { verdict } = shown;
    const { seen, login } = await this.logins.restore(lost, this.sessions.client(request), values, (record, now) => {
      const decision = this.#decide({ record, now }, token);
      ({ verdict } = decision);
      if (!('remember' in decision)) return null;
      if (canRestore && decision.isDue)
        return { remember: issueToken(decision.remember, next.verifier, now), isRestored: true };
      return verdict === 'received' ? { remember: decision.remember, isRestored: false } : null;
    });
    if (login) {
      await this.sessions.forgetAnonymous(request);
      this.sessions.become(request, login, values);
      this.#write(request, next, login);
      return { token, verdict, seen, login };
    }
    if (!seen) return { token, seen, login: null, verdict: 'gone' };
    if (!isLetIn(verdict)) return { token, verdict, seen, login: null };
    this.sessions.throwAway(request);
    return { token, verdict, seen, login: forOneRequest(seen) };
  }

  /** A token that is over was shown again: the login ends, since one of its two bearers is a thief, and nobody is let in. */
  async alarm(request: LoginRequest, { record, now }: SeenLogin): Promise<void> {
    this.clear(request);
    if (!(await this.logins.end(record.id, now))) return;
    const { createdAt, lastSeenAt, ip: lastIp, userAgent: lastUserAgent } = record;
    const known = { createdAt, lastSeenAt, lastIp, lastUserAgent };
    this.events.emit('rememberTokenTheft', { ...loginFacts(request, record), ...known });
  }

  /** Sets the cookie of a login that was just made to be remembered. */
  begin(request: LoginRequest, token: RememberToken, login: SeenLogin): void {
    this.#tokens.set(request, []);
    this.#write(request, token, login);
  }

  /**
   * The browser forgets; from now on the request shows no token.
   * @param always also where the request brings no cookie: its path may be another
   */
  clear(request: LoginRequest, always = false): void {
    this.#tokens.set(request, []);
    if (always || this.#cookie.isPresent(request)) this.#cookie.clear(request);
    else this.#cookie.withdraw(request);
  }

  /** Nothing is set by this answer after all: what it was to stand for was not stored. */
  withdraw(request: LoginRequest): void {
    this.#cookie.withdraw(request);
  }

  #decide(seen: SeenLogin | null, { verifier }: RememberToken): TokenDecision {
    return seen ? decideToken(seen.record, verifier, seen.now, this.options) : { verdict: 'gone' };
  }

  #write(request: LoginRequest, token: RememberToken, { record, now }: SeenLogin): void {
    if (record.remember) this.#cookie.write(request, token, record.remember.endsAt - now);
  }

  /** The one token of a request; two different ones contradict each other, and none counts. */
  #presented(request: LoginRequest): RememberToken | undefined {
    const [token, ...others] = this.#shown(request);
    return others.length ? undefined : token;
  }

  #shown(request: LoginRequest): readonly RememberToken[] {
    let tokens = this.#tokens.get(request);
    if (!tokens) this.#tokens.set(request, (tokens = this.#cookie.read(request)));
    return tokens;
  }
}
