/** Delivers events to their listeners, and protects the request from the listeners. */
import { inspect } from 'node:util';
import { Injectable, Logger } from '@nestjs/common';
import type { LoginEventName, LoginEvents, LoginListener } from './login-events.js';

/**
 * The stream of events, `login.events`. The package emits an event after the state has changed, with facts from before
 * the change. It calls the listeners in the order of their registration, and waits for none. It logs the error of a
 * listener that throws or rejects, and the error reaches neither the request nor the process. A bare rxjs Subject could
 * not guarantee that.
 */
@Injectable()
export class LoginEventStream {
  readonly #listeners = new Map<LoginEventName, Set<LoginListener<LoginEventName>>>();
  readonly #logger = new Logger('LoginEvents');

  /** Calls the listener at every event of this name. @returns a function that removes the listener */
  on<Name extends LoginEventName>(name: Name, listener: LoginListener<Name>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    const entry = (event: LoginEvents[LoginEventName]): unknown => listener(event as LoginEvents[Name]);
    listeners.add(entry);
    return () => listeners.delete(entry);
  }

  /**
   * Emits an event. Never throws, and never waits.
   * @param facts makes the argument of the listeners; it is not called without a listener
   */
  emit<Name extends LoginEventName>(name: Name, facts: () => LoginEvents[Name]): void {
    const listeners = this.#listeners.get(name);
    if (!listeners?.size) return;
    // The facts are frozen, so that no listener can change them for the next one.
    const event = Object.freeze(facts());

    for (const listener of listeners) {
      try {
        void Promise.resolve(listener(event)).catch((error: unknown) => this.#report(name, error));
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
