/** A server's clock, read once a minute and carried on by this process's monotonic clock: no round trip for each look at it. */

/** Milliseconds between two readings. */
const READ_INTERVAL = 60_000;

/** So far wall clock and monotonic clock may drift apart before the server is asked: a machine that slept stops the latter alone. */
const MOST_DRIFT = 1000;

interface Reading {
  /** the server's time minus the monotonic clock */
  readonly offset: number;
  readonly readAt: number;
  /** the wall clock minus the monotonic clock */
  readonly wall: number;
}

/** Of nodes whose own clocks differ by minutes all see one time: the server's. */
export class StoreClock {
  #reading: Reading | undefined;
  #asking: Promise<Reading> | undefined;

  /** @param ask the server's time, in milliseconds */
  constructor(private readonly ask: () => Promise<number>) {}

  /** The server's time in milliseconds. Waits for the server at the first call, and after the machine slept. */
  async now(): Promise<number> {
    const reading = this.#reading;
    if (!reading || Math.abs(wallOffset() - reading.wall) > MOST_DRIFT) return at(await this.#read());
    // In the background: who asks has an answer that is good enough, and a server that is down fails elsewhere.
    if (performance.now() - reading.readAt > READ_INTERVAL) this.#read().catch(() => undefined);
    return at(reading);
  }

  #read(): Promise<Reading> {
    return (this.#asking ??= this.#ask().finally(() => (this.#asking = undefined)));
  }

  async #ask(): Promise<Reading> {
    const before = performance.now();
    const time = await this.ask();
    const readAt = performance.now();
    // The answer was made somewhere between question and arrival.
    this.#reading = { offset: time - (before + readAt) / 2, readAt, wall: wallOffset() };
    return this.#reading;
  }
}

const at = ({ offset }: Reading): number => Math.round(performance.now() + offset);

const wallOffset = (): number => Date.now() - performance.now();
