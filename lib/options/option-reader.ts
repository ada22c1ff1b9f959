/** Reads single options: the value if it is of the right kind, its default if it is missing, a fault else. */
import { LoginFault } from '../exceptions/login-fault.js';
import { shownValue } from './shown-value.js';

/** A fault about one option's value. */
export function invalidOption(name: string, value: unknown, remedy: string): LoginFault {
  return new LoginFault('ERR_LOGIN_INVALID_OPTION', `The option "${name}" cannot be ${shownValue(value)}.`, remedy);
}

/** Reads the members of one group of options by name. */
export class OptionReader {
  /** @param path what stands before a name in messages, such as "session.cookie." */
  constructor(
    private readonly given: Readonly<Record<string, unknown>>,
    private readonly path = '',
  ) {}

  /** A value that has to pass `test`, or the default where none is given. */
  value<T>(name: string, fallback: T, test: (value: unknown) => boolean, remedy: string): T {
    const value = this.given[name];
    if (value === undefined) return fallback;
    if (test(value)) return value as T;
    throw invalidOption(this.path + name, value, remedy);
  }

  flag(name: string, fallback: boolean): boolean {
    return this.value(name, fallback, (value) => typeof value === 'boolean', 'Write true or false.');
  }

  /** Text, not empty. */
  text<Fallback>(name: string, fallback: Fallback): string | Fallback {
    return this.value<string | Fallback>(name, fallback, isText, 'Write a text that is not empty.');
  }

  /** Text, or null for none. */
  message(name: string, fallback: string): string | null {
    return this.value<string | null>(
      name,
      fallback,
      (value) => value === null || isText(value),
      'Write a text, or null for no message.',
    );
  }

  choice<T>(name: string, fallback: T, choices: readonly T[]): T {
    const remedy = `Write one of: ${choices.map((choice) => JSON.stringify(choice)).join(', ')}.`;
    return this.value(name, fallback, (value) => choices.includes(value as T), remedy);
  }

  list(name: string, fallback: readonly string[]): readonly string[] {
    const isList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
    return Object.freeze([...this.value(name, fallback, isList, 'Write a list of texts.')]);
  }

  call<Call>(name: string, fallback: Call): Call {
    return this.value(name, fallback, (value) => typeof value === 'function', 'Write a function.');
  }
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
