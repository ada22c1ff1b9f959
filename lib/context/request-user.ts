/** The user of one request. It is searched for at most once, and only on demand. */
import type { LoginRequest } from '../http/login-request.js';
import { NOBODY } from './resolved-user.js';
import type { ResolvedUser } from './resolved-user.js';

/** Holds the result of the search for the user, and sets `req.user`. */
export class RequestUser {
  #resolution: Promise<ResolvedUser> | undefined;
  #resolved: ResolvedUser | undefined;
  #isPending = false;
  #anonymous: { readonly user: unknown } | undefined;
  #exposed: unknown;

  constructor(
    private readonly request: LoginRequest,
    private readonly find: () => Promise<ResolvedUser>,
  ) {}

  /** The running or finished search. Undefined: no code has asked for the user. */
  get pending(): Promise<ResolvedUser> | undefined {
    return this.#resolution;
  }

  /** The result of the search. Undefined: no code has asked, or the search is still running. */
  get resolved(): ResolvedUser | undefined {
    return this.#resolved;
  }

  /** True while the search is running. */
  get isPending(): boolean {
    return this.#isPending;
  }

  /** Returns the user of the request. Sets `req.user`, for role guards, throttlers and loggers. */
  resolve(): Promise<ResolvedUser> {
    if (this.#resolution) return this.#resolution;
    this.#isPending = true;

    const resolution: Promise<ResolvedUser> = this.find().then(
      (resolved) => {
        this.#isPending = false;
        // A login or logout has set the user in the meantime, and its result is the newer one.
        return this.#resolution === resolution ? this.#expose(resolved) : (this.#resolution ?? resolved);
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

  /** Sets the user of the rest of the request. */
  setUser(resolved: ResolvedUser): void {
    this.#isPending = false;
    this.#resolution = Promise.resolve(this.#expose(resolved));
  }

  /** Clears the user of the rest of the request. */
  clearUser(): void {
    this.setUser(NOBODY);
  }

  /**
   * Sets `req.user` for an active user only, because its readers take it for a login. A value that other code has set
   * stays if there is no user.
   */
  #expose(resolved: ResolvedUser): ResolvedUser {
    const holder = this.request as { user?: unknown };
    const { user, isAuthenticated } = resolved;
    if (isAuthenticated) holder.user = user;
    else if (this.#exposed !== undefined && holder.user === this.#exposed) delete holder.user;
    this.#exposed = isAuthenticated ? user : undefined;
    return (this.#resolved = resolved);
  }
}
