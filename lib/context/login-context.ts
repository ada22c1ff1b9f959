/** What is known about one request: its user, found out at most once and only when somebody asks. */
import type { LoginRequest } from '../http/login-request.js';
import { isFreshEnough } from '../logins/login-decision.js';
import type { LiveLogin } from '../logins/live-login.js';
import { NOBODY } from '../user/user-resolver.js';
import type { ResolvedUser, UserResolver } from '../user/user-resolver.js';

/** The context of one HTTP request. */
export class LoginContext {
  /** the login view of the controller that handles the request, where it has its own */
  loginView: string | null = null;
  #resolution: Promise<ResolvedUser> | undefined;
  #anonymous: { readonly user: unknown } | undefined;
  #shown: unknown;
  #turn: Promise<unknown> | undefined;

  constructor(
    private readonly request: LoginRequest,
    private readonly resolver: UserResolver,
    private readonly anonymousUser: () => unknown,
  ) {}

  /** Who the request is from, once a change under way is done. `req.user` is set from then on, for role guards, throttlers and loggers. */
  async resolve(): Promise<ResolvedUser> {
    await this.#turn?.catch(() => undefined);
    return this.resolveInTurn();
  }

  /** The same for a change itself, which would wait for ever for its own end. */
  resolveInTurn(): Promise<ResolvedUser> {
    if (this.#resolution) return this.#resolution;
    const resolution: Promise<ResolvedUser> = this.resolver.resolve(this.request).then((resolved) => {
      // A login or logout in the meantime knows better who the request is from.
      return this.#resolution === resolution ? this.#show(resolved) : (this.#resolution ?? resolved);
    });
    return (this.#resolution = resolution);
  }

  /** Changes of one request come one after another, and after whoever is still finding out who it is from. */
  inTurn<Answer>(change: () => Promise<Answer>): Promise<Answer> {
    const turn = Promise.allSettled([this.#turn, this.#resolution]).then(change);
    this.#turn = turn;
    return turn;
  }

  /** The user, else the application's anonymous user, else null. */
  async currentUser(): Promise<unknown> {
    const { user } = await this.resolve();
    if (user) return user;
    // One anonymous user a request: guard, decorator and service speak of the same.
    return (this.#anonymous ??= { user: this.anonymousUser() }).user;
  }

  /** True where the user logged in or confirmed at most `maxAge` milliseconds ago; null: at any time in this login. */
  async isFresh(maxAge: number | null): Promise<boolean> {
    const { login } = await this.resolve();
    return login !== null && isFreshEnough(login.record, login.now, maxAge);
  }

  /** From now on the request is from this user: they have just logged in, or their login has changed. */
  become(user: object, isAuthenticated: boolean, login: LiveLogin, isRemembered: boolean): void {
    this.#resolution = Promise.resolve(this.#show({ user, isAuthenticated, login, isRemembered }));
  }

  /** From now on the request is from nobody. */
  leave(): void {
    this.#resolution = Promise.resolve(this.#show(NOBODY));
  }

  /** An inactive user is not shown: who reads `req.user` takes it for a login. What others set for nobody is left alone. */
  #show(resolved: ResolvedUser): ResolvedUser {
    const holder = this.request as { user?: unknown };
    const { user, isAuthenticated } = resolved;
    if (isAuthenticated) holder.user = user;
    else if (this.#shown !== undefined && holder.user === this.#shown) delete holder.user;
    this.#shown = isAuthenticated ? user : undefined;
    return resolved;
  }
}
