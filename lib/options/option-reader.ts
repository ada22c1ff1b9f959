/** Reads single options. Returns a valid value, replaces a missing one by its default, and refuses every other one. */
import { LoginFault } from '../exceptions/login-fault.js';
import { milliseconds } from './duration.js';
import type { Duration } from './duration.js';
import { formatValue } from './format-value.js';

/** Makes the fault for an option with a wrong value. */
export function invalidOption(name: string, value: unknown, remedy: string): LoginFault {
  return new LoginFault('ERR_LOGIN_INVALID_OPTION', `The option "${name}" cannot be ${formatValue(value)}.`, remedy);
}

/** Which values an option takes. */
interface ValueRule {
  readonly accepts: (value: unknown) => boolean;
  /** a full sentence */
  readonly remedy: string;
}

/** Reads the options of one group by name. */
export class OptionReader {
  /** @param group the name of the group in messages, such as "session.cookie"; '' for the outermost options */
  constructor(
    private readonly given: Readonly<Record<string, unknown>>,
    readonly group = '',
  ) {}

  /** Returns an option as the developer wrote it. */
  raw(name: string): unknown {
    return this.given[name];
  }

  /**
   * Returns an option that the rule accepts, or the default of a missing one.
   * @throws LoginFault ERR_LOGIN_INVALID_OPTION, as all methods below do
   */
  value<T>(name: string, fallback: T, { accepts, remedy }: ValueRule): T {
    const value = this.raw(name);
    if (value === undefined) return fallback;
    if (accepts(value)) return value as T;
    throw invalidOption(this.#fullName(name), value, remedy);
  }

  /** Returns an option that is true or false. */
  flag(name: string, { fallback }: { readonly fallback: boolean }): boolean {
    return this.value(name, fallback, {
      accepts: (value) => typeof value === 'boolean',
      remedy: 'Write true or false.',
    });
  }

  /** Returns a text that is not empty. */
  text<Fallback>(name: string, fallback: Fallback): string | Fallback {
    return this.value<string | Fallback>(name, fallback, {
      accepts: isText,
      remedy: 'Write a text that is not empty.',
    });
  }

  /** Returns a text that is not empty, or null for no message. */
  message(name: string, fallback: string): string | null {
    return this.value<string | null>(name, fallback, {
      accepts: (value) => value === null || isText(value),
      remedy: 'Write a text, or null for no message.',
    });
  }

  /** Returns one of the choices. */
  choice<T>(name: string, fallback: T, choices: readonly T[]): T {
    return this.value(name, fallback, {
      accepts: (value) => choices.includes(value as T),
      remedy: `Write one of: ${choices.map((choice) => JSON.stringify(choice)).join(', ')}.`,
    });
  }

  /** Returns a list of texts, frozen. */
  list(name: string, fallback: readonly string[]): readonly string[] {
    const list = this.value(name, fallback, {
      accepts: (value) => Array.isArray(value) && value.every(isText),
      remedy: 'Write a list of texts.',
    });
    return Object.freeze([...list]);
  }

  /** Returns a function. */
  call<Call>(name: string, fallback: Call): Call {
    return this.value(name, fallback, {
      accepts: (value) => typeof value === 'function',
      remedy: 'Write a function.',
    });
  }

  /** Returns a duration in milliseconds. @throws LoginFault ERR_LOGIN_INVALID_DURATION */
  duration(name: string, fallback: Duration): number {
    return milliseconds(this.raw(name), this.#fullName(name), fallback);
  }

  #fullName(name: string): string {
    return this.group === '' ? name : `${this.group}.${name}`;
  }
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
