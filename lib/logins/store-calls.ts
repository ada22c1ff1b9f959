/** Calls to a store that answer in time or become a 503. One timer watches all calls under way. */
import { LoginUnavailableException } from '../exceptions/login-unavailable.exception.js';

/** A call that has no answer yet. */
interface PendingCall {
  readonly endsAt: number;
  readonly reject: (error: unknown) => void;
}

/** The timer looks at the calls so many times in one timeout: a late call fails that much too late at most. */
const LOOKS = 10;

/** Milliseconds between two looks at the most. Longer timers overflow in Node and fire at once. */
const LONGEST_INTERVAL = 3_600_000;

/** Makes the store calls of one application, and ends those that take too long. */
export class StoreCalls {
  readonly #pending = new Set<PendingCall>();
  #timer: NodeJS.Timeout | undefined;
  #idleLooks = 0;

  /** @param timeout milliseconds (the option `storeTimeout`) */
  constructor(private readonly timeout: number) {}

  /**
   * Returns the answer of one call.
   * @throws LoginUnavailableException when the call fails or takes longer than the timeout
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

  /** The timer outlives a call for one timeout, so that a busy application does not start one for each request. */
  #watch(): void {
    this.#idleLooks = 0;
    if (this.#timer) return;
    const interval = Math.max(1, Math.min(this.timeout / LOOKS, LONGEST_INTERVAL));
    this.#timer = setInterval(() => this.#look(), interval);
    this.#timer.unref();
  }

  #look(): void {
    const now = performance.now();
    for (const call of this.#pending) {
      // They stand in the order of their ends.
      if (call.endsAt > now) break;
      this.#pending.delete(call);
      const error = new Error(`The store did not answer within ${this.timeout} ms.`);
      call.reject(new LoginUnavailableException('The store', error));
    }

    this.#idleLooks = this.#pending.size ? 0 : this.#idleLooks + 1;
    if (this.#idleLooks < LOOKS) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
