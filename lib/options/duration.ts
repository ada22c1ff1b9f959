/** Reads durations: numbers of milliseconds, or text such as '10m'. */
import { LoginFault } from '../exceptions/login-fault.js';
import { formatValue } from './format-value.js';

/** Milliseconds as a number, or a whole number with a unit: `'500ms'`, `'30s'`, `'10m'`, `'12h'`, `'30d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Ten years. No login lasts longer, and dates still work at this distance. */
const MAX_DURATION = 3650 * UNITS.d;

/**
 * Converts a duration to milliseconds.
 * @param name the name of the option, for the message
 * @param fallback replaces undefined. It does not replace null, which is no duration
 * @throws LoginFault ERR_LOGIN_INVALID_DURATION unless the value is a duration from 1 ms to ten years
 */
export function milliseconds(given: unknown, name: string, fallback?: Duration): number {
  const value = given === undefined ? fallback : given;
  const [, count, unit] = (typeof value === 'string' && /^(\d{1,15})(ms|s|m|h|d)$/.exec(value)) || [];
  const read = count === undefined ? value : Number(count) * UNITS[unit as keyof typeof UNITS];
  if (typeof read === 'number' && Number.isSafeInteger(read) && read >= 1 && read <= MAX_DURATION) return read;

  throw new LoginFault(
    'ERR_LOGIN_INVALID_DURATION',
    `The option "${name}" is no duration: ${formatValue(value)}.`,
    `Write milliseconds as a number, or text such as '30s', '10m', '12h' or '30d', from 1 ms to ten years.`,
  );
}
