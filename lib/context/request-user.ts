/** The user of one request: found out at most once, and only when somebody asks. */
import type { LoginRequest } from '../http/login-request.js';
import { NOBODY } from './resolved-user.js';
import type { ResolvedUser } from './resolved-user.js';

/** Holds what was found out, and shows it as `req.user`. */
export class RequestUser {
  #resolution: Promise<ResolvedUser> | undefined;
  #resolved: ResolvedUser | undefined;
  #isPending = false;
  #anonymous: { readonly user: unknown } | undefined;
  #shown: unknown;

  constructor(
    private readonly request: LoginRequest,
    private readonly find: () => Promise<ResolvedUser>,
  ) {}

  /** What is found out, or still being found out; undefined: nobody has asked. */
  get pending(): Promise<ResolvedUser> | undefined {
    return this.#resolution;
  }

  /** What was found out; undefined: nobody has asked, or it is still being found out. */
  get resolved(): ResolvedUser | undefined {
    return this.#resolved;
  }

  /** True while the user is being found out. */
  get isPending(): boolean {
    return this.#isPending;
  }

  /** Returns the user of the request. `req.user` is set from then on, for role guards, throttlers and loggers. */
  resolve(): Promise<ResolvedUser> {
    if (this.#resolution) return this.#resolution;
    this.#isPending = true;

    const resolution: Promise<ResolvedUser> = this.find().then(
      (resolved) => {
        this.#isPending = false;
        // A login or logout in the meantime knows better.
        return this.#resolution === resolution ? this.#show(resolved) : (this.#resolution ?? resolved);
      },
      (error: unknown) => {
        this.#isPending = false;
        throw error;
      },
    );
    return (this.#resolution = resolution);
  }

  /** Returns the one anonymous user of this request. */
  anonymous(make: () => unknown): unknown {
    return (this.#anonymous ??= { user: make() }).user;
  }

  /** From now on the request is from this user. */
  setUser(resolved: ResolvedUser): void {
    this.#isPending = false;
    this.#resolution = Promise.resolve(this.#show(resolved));
  }

  /** From now on the request is from nobody. */
  clearUser(): void {
    this.setUser(NOBODY);
  }

  /**
   * Shows no inactive user, because readers of `req.user` take it for a login. Leaves alone what others set for
   * nobody.
   */
  #show(resolved: ResolvedUser): ResolvedUser {
    const holder = this.request as { user?: unknown };
    const { user, isAuthenticated } = resolved;
    if (isAuthenticated) holder.user = user;
    else if (this.#shown !== undefined && holder.user === this.#shown) delete holder.user;
    this.#shown = isAuthenticated ? user : undefined;
    return (this.#resolved = resolved);
  }
}
