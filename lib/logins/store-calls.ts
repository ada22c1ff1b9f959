/** Limits the time of store calls. A late or failed call becomes a 503. One timer watches all running calls. */
import { LoginUnavailableException } from '../exceptions/login-unavailable.exception.js';

/** A running call. */
interface PendingCall {
  readonly endsAt: number;
  readonly reject: (error: unknown) => void;
}

/** The number of checks per timeout. A late call fails by one such part of the timeout too late at most. */
const CHECKS = 10;

/** The longest time in milliseconds between two checks. A longer timer overflows in Node and fires at once. */
const MAX_INTERVAL = 3_600_000;

/** Runs the store calls of one application, and fails the calls that take too long. */
export class StoreCalls {
  readonly #pending = new Set<PendingCall>();
  #timer: NodeJS.Timeout | undefined;
  #idleChecks = 0;

  /** @param timeout milliseconds (the option `storeTimeout`) */
  constructor(private readonly timeout: number) {}

  /**
   * Returns the result of one call.
   * @throws LoginUnavailableException if the call fails or takes longer than the timeout
   */
  run<Answer>(call: () => Promise<Answer>): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      const pending: PendingCall = { endsAt: performance.now() + this.timeout, reject };
      this.#pending.add(pending);
      this.#watch();

      const fail = (error: unknown): void => {
        this.#pending.delete(pending);
        reject(new LoginUnavailableException('The store', error));
      };
      try {
        call().then((answer) => {
          this.#pending.delete(pending);
          resolve(answer);
        }, fail);
      } catch (error) {
        fail(error);
      }
    });
  }

  /** Starts the timer. It outlives a call by one timeout, so a busy application does not start one for each request. */
  #watch(): void {
    this.#idleChecks = 0;
    if (this.#timer) return;
    const interval = Math.max(1, Math.min(this.timeout / CHECKS, MAX_INTERVAL));
    this.#timer = setInterval(() => this.#check(), interval);
    this.#timer.unref();
  }

  #check(): void {
    const now = performance.now();
    for (const call of this.#pending) {
      // The calls are in the order of their deadlines.
      if (call.endsAt > now) break;
      this.#pending.delete(call);
      const error = new Error(`The store did not answer within ${this.timeout} ms.`);
      call.reject(new LoginUnavailableException('The store', error));
    }

    this.#idleChecks = this.#pending.size ? 0 : this.#idleChecks + 1;
    if (this.#idleChecks < CHECKS) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
