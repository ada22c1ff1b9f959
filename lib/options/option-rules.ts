/** The rules that the tables of options consist of. A rule returns a valid value, and refuses every other one. */
import { LoginFault } from '../exceptions/login-fault.js';
import { milliseconds } from './duration.js';
import type { Duration } from './duration.js';
import { formatValue } from './format-value.js';

/**
 * Reads one option. Returns the default for undefined.
 * @param name the full name for messages, such as `session.cookie.path`
 * @throws LoginFault for a value that does not fit. Its message names the option and the remedy
 */
export type OptionRule<Value> = (given: unknown, name: string) => Value;

/** The values that an option takes. */
interface Accepted {
  readonly accepts: (value: unknown) => boolean;
  /** A full sentence that says which values are accepted. */
  readonly remedy: string;
}

/** The limits of a duration, in milliseconds, and a full sentence that says which durations are accepted. */
interface DurationLimits {
  readonly least: number;
  readonly most: number;
  readonly remedy: string;
}

/** Makes the fault for an option with a wrong value. */
export function invalidOption(name: string, value: unknown, remedy: string): LoginFault {
  return new LoginFault('ERR_LOGIN_INVALID_OPTION', `The option "${name}" cannot be ${formatValue(value)}.`, remedy);
}

/** Accepts the values that a predicate accepts. */
export const value =
  <Value>(fallback: Value, { accepts, remedy }: Accepted): OptionRule<Value> =>
  (given, name) => {
    if (given === undefined) return fallback;
    if (accepts(given)) return given as Value;
    throw invalidOption(name, given, remedy);
  };

/** Accepts true and false. */
export const flag = <Fallback>(fallback: Fallback): OptionRule<boolean | Fallback> =>
  value<boolean | Fallback>(fallback, {
    accepts: (given) => typeof given === 'boolean',
    remedy: 'Write true or false.',
  });

/** Accepts a text that is not empty. */
export const text = <Fallback>(fallback: Fallback): OptionRule<string | Fallback> =>
  value<string | Fallback>(fallback, { accepts: isText, remedy: 'Write a text that is not empty.' });

/** Accepts a text that matches a pattern. */
export const pattern = <Fallback>(
  fallback: Fallback,
  { matches, remedy }: { readonly matches: RegExp; readonly remedy: string },
): OptionRule<string | Fallback> =>
  value<string | Fallback>(fallback, {
    accepts: (given) => typeof given === 'string' && matches.test(given),
    remedy,
  });

/** Accepts a text that is not empty, and null for no message. */
export const message = (fallback: string): OptionRule<string | null> =>
  value<string | null>(fallback, {
    accepts: (given) => given === null || isText(given),
    remedy: 'Write a text, or null for no message.',
  });

/** Accepts one of the choices. */
export const choice = <const Choice, const Fallback = Choice>(
  fallback: Fallback,
  choices: readonly Choice[],
): OptionRule<Choice | Fallback> =>
  value<Choice | Fallback>(fallback, {
    accepts: (given) => choices.includes(given as Choice),
    remedy: `Write one of: ${choices.map((one) => JSON.stringify(one)).join(', ')}.`,
  });

/** Accepts a list of texts, and freezes a copy of it. */
export const list =
  (fallback: readonly string[]): OptionRule<readonly string[]> =>
  (given, name) =>
    Object.freeze([
      ...value(fallback, {
        accepts: (items) => Array.isArray(items) && items.every(isText),
        remedy: 'Write a list of texts.',
      })(given, name),
    ]);

/** Accepts a function. */
export const call = <Call>(fallback: Call): OptionRule<Call> =>
  value(fallback, { accepts: (given) => typeof given === 'function', remedy: 'Write a function.' });

/** Accepts a duration, and returns milliseconds. @throws LoginFault ERR_LOGIN_INVALID_DURATION */
export const duration =
  (fallback: Duration): OptionRule<number> =>
  (given, name) =>
    milliseconds(given, name, fallback);

/** Accepts a duration from `least` to `most` milliseconds, and returns milliseconds. */
export const durationWithin =
  (fallback: Duration, { least, most, remedy }: DurationLimits): OptionRule<number> =>
  (given, name) => {
    const read = (given ?? fallback) === 0 && least === 0 ? 0 : milliseconds(given, name, fallback);
    if (read >= least && read <= most) return read;
    throw invalidOption(name, given, remedy);
  };

/** Accepts a date that has passed, and returns its time in milliseconds. The default is 0. */
export const pastDate: OptionRule<number> = (given, name) => {
  if (given === undefined) return 0;
  const time = given instanceof Date ? given.getTime() : Number.NaN;
  if (time <= Date.now()) return time;
  throw invalidOption(name, given, 'Write a date that has passed, such as new Date("2026-01-31T12:00:00Z").');
};

/** Accepts everything, because the value is checked together with other options. */
export const unchecked: OptionRule<unknown> = (given) => given;

const isText = (given: unknown): boolean => typeof given === 'string' && given !== '';
