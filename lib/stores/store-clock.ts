/** A server's clock, read once a minute and carried on by this process's monotonic clock: no round trip for each look at it. */
import { inTime } from './in-time.js';

/** Milliseconds between two readings. */
const READ_INTERVAL = 60_000;

/** An answer that took longer says too little of the time: it may be wrong by half of it. Half of this is what nodes may differ. */
const MOST_DELAY = 1000;

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
    // Whoever comes next asks anew: a connection that hangs must not stop the clock for all.
    const time = await inTime(this.ask(), MOST_DELAY);
    const readAt = performance.now();
    if (readAt - before > MOST_DELAY) throw new Error('The answer is too old to say what time it is.');
    // The answer was made somewhere between question and arrival.
    this.#reading = { offset: time - (before + readAt) / 2, readAt, wall: wallOffset() };
    return this.#reading;
  }
}

const at = ({ offset }: Reading): number => Math.round(performance.now() + offset);

const wallOffset = (): number => Date.now() - performance.now();
