/** Remembers keys for a while, so that something happens once in that time for each. */

/** Holds no more keys than come in two intervals. */
export class RecentKeys {
  #keys = new Set<string>();
  #since = 0;

  /** @param interval milliseconds */
  constructor(private readonly interval: number) {}

  /** Remembers a key. Returns whether it is new in this interval. */
  add(key: string): boolean {
    const now = performance.now();
    if (now - this.#since > this.interval) {
      this.#keys = new Set();
      this.#since = now;
    }
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    return true;
  }
}
