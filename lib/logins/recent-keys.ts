/** Remembers keys for some time, so that an action runs once per key in that time. */

/** A set of recent keys. It holds at most the keys of two intervals. */
export class RecentKeys {
  #keys = new Set<string>();
  #since = 0;

  /** @param interval milliseconds */
  constructor(private readonly interval: number) {}

  /** Adds a key. Returns whether it is new in this interval. */
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
