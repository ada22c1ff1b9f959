/** Tells events to their listeners, and keeps what a listener does away from the request. */
import { inspect } from 'node:util';
import { Injectable, Logger } from '@nestjs/common';
import type { LoginEventName, LoginEvents, LoginListener } from './login-events.js';

/**
 * The stream of events, `login.events`. Facts first, state changed, then told; listeners are called in the order they came and
 * nobody waits for them. A listener that throws or rejects is logged, and neither the request nor the process notices:
 * a bare rxjs Subject could not promise that.
 */
@Injectable()
export class LoginEventStream {
  readonly #listeners = new Map<LoginEventName, Set<LoginListener<LoginEventName>>>();
  readonly #logger = new Logger('LoginEvents');

  /**
   * Calls the listener at every event of this name.
   * @returns a function that takes the listener away again
   */
  on<Name extends LoginEventName>(name: Name, listener: LoginListener<Name>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    const entry = (event: LoginEvents[LoginEventName]): unknown => listener(event as LoginEvents[Name]);
    listeners.add(entry);
    return () => listeners.delete(entry);
  }

  /** Tells an event. Never throws, never waits. */
  emit<Name extends LoginEventName>(name: Name, event: LoginEvents[Name]): void {
    // Every listener hears the same facts, whatever the one before did with them.
    const facts = Object.freeze(event);
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        void Promise.resolve(listener(facts)).catch((error: unknown) => this.#report(name, error));
      } catch (error) {
        this.#report(name, error);
      }
    }
  }

  #report(name: LoginEventName, error: unknown): void {
    this.#logger.error(`A listener of "${name}" failed: ${printed(error)}`);
  }
}

function printed(error: unknown): string {
  try {
    return error instanceof Error ? (error.stack ?? error.message) : inspect(error);
  } catch {
    return 'it threw something that cannot be printed';
  }
}
