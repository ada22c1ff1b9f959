/** Formats a wrong value for an error message. */
import { inspect } from 'node:util';

/** Returns the value as one short line: texts as JSON, everything else as Node's `inspect` prints it. */
export function formatValue(value: unknown): string {
  return typeof value === 'string'
    ? JSON.stringify(value.slice(0, 200))
    : inspect(value, { depth: 0, maxStringLength: 200 });
}
