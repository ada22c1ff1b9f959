/** Remembers the form of the security stamp of recent logins, for a warning that names both forms. */

/** The maximum number of logins that are remembered. */
const MAX_KINDS = 1_000;

/** The forms of the stamps of the last logins and confirmations in this process. It holds no stamp. */
export class StampKinds {
  readonly #kinds = new Map<string, string>();

  /** Notes the form of the stamp at a login or a confirmation. */
  set(loginId: string, kind: string): void {
    this.#kinds.delete(loginId);
    this.#kinds.set(loginId, kind);
    const [oldest] = this.#kinds.keys();
    if (this.#kinds.size > MAX_KINDS && oldest !== undefined) this.#kinds.delete(oldest);
  }

  /** Returns the form. Returns undefined if another process has made the login, or if it was long ago. */
  get(loginId: string): string | undefined {
    return this.#kinds.get(loginId);
  }
}
