/** Remembered logins: what the remember cookie of a request is worth, and what follows from that. */
import { LoginEventStream } from '../events/login-event-stream.js';
import { responseOf } from '../http/login-request.js';
import type { LoginRequest } from '../http/login-request.js';
import { beforeHead } from '../http/login-response.js';
import { timeAt } from '../logins/live-login.js';
import type { LiveLogin, SeenLogin, SessionLogin } from '../logins/live-login.js';
import { loginFacts } from '../logins/login-facts.js';
import { hashOf } from '../logins/login-id.js';
import type { LoginRegistry } from '../logins/login-registry.js';
import type { ResolvedLoginOptions } from '../options/resolved-login-options.js';
import type { LoginSession } from '../session/login-session.js';
import { RememberCookie } from './remember-cookie.js';
import { decideSession, decideToken, isLetIn, sendToken } from './remember-decision.js';
import type { TokenDecision, TokenVerdict } from './remember-decision.js';
import { newRememberToken } from './remember-token.js';
import type { RememberToken } from './remember-token.js';
import type { AcceptedToken, ShownToken, TokenReceipt } from './shown-token.js';

/** The part of the grace that the handler of a restoring request may take; the rest is the network's. */
const HANDLER_SHARE = 1 / 4;

/** So many logins in the cookies of one request are looked at: more than a change of path and domain leaves behind. */
const MOST_LOGINS = 3;

/** A login of this request alone. Whoever comes by a remember cookie is not fresh, whatever another browser has confirmed. */
export function forOneRequest(seen: SeenLogin): LiveLogin {
  return { ...seen, record: { ...seen.record, freshAt: null }, sessionId: null };
}

/** Remember cookies by request. Loads no user: that is for the resolver, between `look` and `accept`. */
export class RememberMe {
  readonly #cookie: RememberCookie;
  readonly #tokens = new WeakMap<LoginRequest, readonly RememberToken[]>();
  /** the token that this request's answer sets */
  readonly #written = new WeakMap<LoginRequest, RememberToken>();

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
    return [...new Set(this.#shown(request).map(({ loginId }) => loginId))];
  }

  /**
   * What the remember cookie of a request is worth: one round trip, or none without a genuine one. Of cookies of several logins
   * (the path or domain of the cookie was changed) the one that counts; null where two count, which contradict each other.
   */
  async look(request: LoginRequest): Promise<ShownToken | null> {
    const ids = this.held(request);
    if (ids.length > MOST_LOGINS) return null;
    const shown = await Promise.all(
      ids.map(async (id) => {
        const known = await this.sessions.seen(request, id);
        const seen = known === undefined ? await this.logins.look(id) : known;
        const token = this.#tokenOf(request, id, seen) as RememberToken;
        return { token, seen, verdict: this.#decide(seen, token).verdict };
      }),
    );
    const counting = shown.filter(({ verdict }) => isLetIn(verdict));
    if (counting.length > 1) return null;
    return counting[0] ?? shown.find(({ verdict }) => verdict === 'theft') ?? shown[0] ?? null;
  }

  /** Takes note of what the browser of a living session has received: its token shows it, and so does the session. */
  async receive(request: LoginRequest, login: SessionLogin): Promise<TokenReceipt> {
    const token = this.#tokenOf(request, login.record.id, login);
    let verdict: TokenVerdict | null = null;
    const decide = (seen: Pick<SeenLogin, 'record' | 'now'>): SeenLogin['record']['remember'] => {
      const decision = token ? this.#decide(seen, token) : null;
      verdict = decision?.verdict ?? null;
      if (decision?.verdict === 'received') return decision.remember;
      // Who brings a token of before has not kept the newer one, although its session has arrived.
      return decision ? null : decideSession(seen.record, seen.now, this.options);
    };
    if (!token) await this.#endOthers(request, login);
    let now: SessionLogin | null = login;
    if (decide(login)) {
      const { seen } = await this.logins.change(login, (record, time) => {
        const remember = decide({ record, now: time });
        return remember && { record: { ...record, remember } };
      });
      now =
        seen && this.logins.isAlive(seen.record, seen.now, login.sessionId)
          ? { ...seen, sessionId: login.sessionId }
          : null;
      if (now) this.sessions.update(request, now);
    }
    if (now && token && (verdict === 'counts' || verdict === 'received') && this.#mayRefresh(now))
      this.#write(request, token, now);
    return { verdict, login: now };
  }

  /**
   * Lets the bearer of a token in: with a new session and the next token, for one of the requests that show it; the others,
   * and those whose answer can set no cookie, for themselves alone, with a session that is thrown away.
   */
  async accept(request: LoginRequest, shown: ShownToken & { readonly seen: SeenLogin }): Promise<AcceptedToken> {
    await this.sessions.open(request);
    const { token } = shown;
    const canRestore = this.sessions.canSetCookie(request);
    const next = newRememberToken(token.loginId);
    const values = this.sessions.valuesToKeep(request);
    let { verdict } = shown;
    const { seen, login } = await this.logins.restore(
      // The user was loaded since: what is sent now must not look as if it had been on its way for so long.
      { ...shown.seen, now: timeAt(shown.seen) },
      this.sessions.client(request),
      values,
      (record, now) => {
        const decision = this.#decide({ record, now }, token);
        ({ verdict } = decision);
        if (!('remember' in decision)) return null;
        if (canRestore && decision.isDue)
          return { remember: sendToken(decision.remember, next.verifier, now), tokenHash: hashOf(next.verifier) };
        return verdict === 'received' ? { remember: decision.remember } : null;
      },
    );
    if (login) {
      await this.sessions.forgetAnonymous(request);
      this.sessions.become(request, login, values);
      this.#write(request, next, login);
      this.#dropIfLate(request, next);
      return { token, verdict, seen, login };
    }
    if (!seen) return { token, seen, login: null, verdict: 'gone' };
    if (!isLetIn(verdict)) return { token, verdict, seen, login: null };
    this.sessions.throwAway(request);
    return { token, verdict, seen, login: forOneRequest(seen) };
  }

  /** A token that is over was shown again: the login ends, since one of its two bearers is a thief, and nobody is let in. */
  async alarm(request: LoginRequest, { record, now }: SeenLogin): Promise<void> {
    // Cleared afterwards: where the end cannot be stored, the evidence stays in the browser and is shown again.
    const isEnded = await this.logins.end(record.id, now);
    this.clear(request);
    if (!isEnded) return;
    const { createdAt, lastSeenAt, ip: lastIp, userAgent: lastUserAgent } = record;
    const known = { createdAt, lastSeenAt, lastIp, lastUserAgent };
    this.events.emit('rememberTokenTheft', { ...loginFacts(request, record), ...known });
  }

  /** Sets the cookie of a login that was just made to be remembered. */
  begin(request: LoginRequest, token: RememberToken, login: SeenLogin): void {
    this.#tokens.set(request, []);
    this.#write(request, token, login);
  }

  /** The end of a login has moved: a cookie that this answer sets lasts as long. */
  prolong(request: LoginRequest, login: SeenLogin): void {
    const token = this.#written.get(request);
    if (token?.loginId === login.record.id) this.#write(request, token, login);
  }

  /**
   * The browser forgets; from now on the request shows no token.
   * @param always also where the request brings no cookie. One with a path of its own may be there unseen, and always goes
   */
  clear(request: LoginRequest, always = false): void {
    this.#tokens.set(request, []);
    this.#written.delete(request);
    const isSentHere = this.options.rememberCookie.attributes.path === '/';
    if (always || !isSentHere || this.#cookie.isPresent(request)) this.#cookie.clear(request);
    else this.#cookie.withdraw(request);
  }

  /** Nothing is set by this answer after all: what it was to stand for was not stored. */
  withdraw(request: LoginRequest): void {
    this.#written.delete(request);
    this.#cookie.withdraw(request);
  }

  /** Under a path of its own the cookie of who was here before is not sent to the login, and shows up beside the next one's session. */
  async #endOthers(request: LoginRequest, { record }: SessionLogin): Promise<void> {
    const others = this.held(request).filter((id) => id !== record.id);
    const isUnseen = this.options.rememberCookie.attributes.path !== '/';
    if (!isUnseen || !others.length || others.length > MOST_LOGINS) return;
    await Promise.all(others.map((id) => this.logins.end(id)));
    this.clear(request);
  }

  /**
   * Whether the cookie is sent again. Not towards the end of a session: another request may restore it while this answer is
   * under way, and a token that is over by then must not land in the browser.
   */
  #mayRefresh({ record, now }: SessionLogin): boolean {
    const { refreshEachRequest, idle, grace } = this.options;
    return refreshEachRequest && Math.min(record.session.endsAt, record.lastSeenAt + idle) > now + 2 * grace;
  }

  /**
   * An answer whose handler takes so long that it may arrive after the grace brings neither session nor token: it counts as
   * lost, since other requests cannot wait for it any longer.
   */
  #dropIfLate(request: LoginRequest, token: RememberToken): void {
    const restoredAt = performance.now();
    beforeHead(responseOf(request), () => {
      const isLate = performance.now() - restoredAt > this.options.grace * HANDLER_SHARE;
      if (!isLate || this.#written.get(request) !== token) return;
      this.withdraw(request);
      this.sessions.throwAway(request);
    });
  }

  #decide(seen: Pick<SeenLogin, 'record' | 'now'> | null, { verifier }: RememberToken): TokenDecision {
    return seen ? decideToken(seen.record, verifier, seen.now, this.options) : { verdict: 'gone' };
  }

  #write(request: LoginRequest, token: RememberToken, { record, now }: SeenLogin): void {
    if (!record.remember) return;
    this.#written.set(request, token);
    this.#cookie.write(request, token, record.remember.endsAt - now);
  }

  /** The token that a request shows of this login; of several, which one browser holds, the one that counts. */
  #tokenOf(request: LoginRequest, loginId: string, seen: SeenLogin | null): RememberToken | undefined {
    const tokens = this.#shown(request).filter((token) => token.loginId === loginId);
    return tokens.find((token) => isLetIn(this.#decide(seen, token).verdict)) ?? tokens[0];
  }

  #shown(request: LoginRequest): readonly RememberToken[] {
    let tokens = this.#tokens.get(request);
    if (!tokens) this.#tokens.set(request, (tokens = this.#cookie.read(request)));
    return tokens;
  }
}
