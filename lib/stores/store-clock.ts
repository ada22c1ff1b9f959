/**
 * Reads a server's clock once a minute, and carries it on by this process's monotonic clock. Reading the time then
 * costs no round trip.
 */
import { withTimeout } from './with-timeout.js';

/** Milliseconds between two readings. */
const READ_INTERVAL = 60_000;

/**
 * The longest time that a reading may take, in milliseconds. A reading may be wrong by half the time that it took, so
 * nodes may differ by half of this.
 */
const MAX_DELAY = 1000;

/**
 * The most milliseconds that wall clock and monotonic clock may drift apart before the server is asked again. The
 * monotonic clock alone stops while a machine sleeps.
 */
const MAX_DRIFT = 1000;

interface Reading {
  /** the server's time minus the monotonic clock */
  readonly offset: number;
  readonly readAt: number;
  /** the wall clock minus the monotonic clock */
  readonly wall: number;
}

/** Gives all nodes one time, the server's, even where their own clocks differ by minutes. */
export class StoreClock {
  #reading: Reading | undefined;
  #asking: Promise<Reading> | undefined;

  /** @param ask returns the server's time, in milliseconds */
  constructor(private readonly ask: () => Promise<number>) {}

  /** Returns the server's time in milliseconds. Waits for the server at the first call, and after the machine slept. */
  async now(): Promise<number> {
    const reading = this.#reading;
    if (!reading || Math.abs(wallOffset() - reading.wall) > MAX_DRIFT) return at(await this.#read());
    // Asks in the background. The caller has an answer that is good enough, and other calls fail if the server is down.
    if (performance.now() - reading.readAt > READ_INTERVAL) this.#read().catch(() => undefined);
    return at(reading);
  }

  #read(): Promise<Reading> {
    return (this.#asking ??= this.#ask().finally(() => (this.#asking = undefined)));
  }

  async #ask(): Promise<Reading> {
    const before = performance.now();
    // The next caller asks anew, because a hanging connection must not stop the clock for all.
    const time = await withTimeout(this.ask(), MAX_DELAY);
    const readAt = performance.now();
    if (readAt - before > MAX_DELAY) throw new Error('The answer is too old to say what time it is.');

    // The server made the answer between question and arrival.
    this.#reading = { offset: time - (before + readAt) / 2, readAt, wall: wallOffset() };
    return this.#reading;
  }
}

const at = ({ offset }: Reading): number => Math.round(performance.now() + offset);

const wallOffset = (): number => Date.now() - performance.now();
