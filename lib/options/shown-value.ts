/** How a wrong value is shown in a message. */
import { inspect } from 'node:util';

/** The value in one short line: texts in double quotes, whatever JSON cannot hold as Node shows it. */
export function shownValue(value: unknown): string {
  return typeof value === 'string'
    ? JSON.stringify(value.slice(0, 200))
    : inspect(value, { depth: 0, maxStringLength: 200 });
}
