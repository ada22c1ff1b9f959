/** Remembers in which form recent logins got their security stamp, for a warning that names both forms. */

/** So many logins are remembered. */
const MOST = 1_000;

/** The forms of the stamps of the last logins and confirmations of this process. Holds no stamp. */
export class StampKinds {
  readonly #kinds = new Map<string, string>();

  /** Notes the form of the stamp that a login was made or confirmed with. */
  note(loginId: string, kind: string): void {
    this.#kinds.delete(loginId);
    this.#kinds.set(loginId, kind);
    const [oldest] = this.#kinds.keys();
    if (this.#kinds.size > MOST && oldest !== undefined) this.#kinds.delete(oldest);
  }

  /** Returns the form; undefined where another process has made the login, or it is long ago. */
  of(loginId: string): string | undefined {
    return this.#kinds.get(loginId);
  }
}
