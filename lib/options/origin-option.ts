/** Reads `origin`: our own address, and the addresses of further front ends. */
import { invalidOption } from './option-rules.js';
import type { OptionRule } from './option-rules.js';

/** The origins that may log users in. */
export interface Origins {
  /** Our own origin; null for none. */
  readonly own: string | null;
  /** The origins of further front ends. */
  readonly frontEnds: readonly string[];
}

/** Matches scheme and host alone, with or without the trailing slash that browsers show. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\\\s]+\/?$/i;

/** Accepts one origin or a list. A front end without http is never our own. */
export const origins: OptionRule<Origins> = (given, name) => {
  if (given === undefined) return { own: null, frontEnds: [] };
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const all = list.flatMap((one) => originOf(one) ?? []);
  if (!list.length || all.length < list.length)
    throw invalidOption(
      name,
      given,
      'Write scheme and host alone, such as "https://app.example". A list names further front ends after it, such as ' +
        '"https://admin.app.example" or "capacitor://localhost".',
    );

  const own = all.find((one) => one.startsWith('http')) ?? null;
  return { own, frontEnds: Object.freeze(all.filter((one) => one !== own)) };
};

/** Returns an origin as browsers write it; undefined for any other value. */
function originOf(given: unknown): string | undefined {
  if (typeof given !== 'string' || !ORIGIN.test(given) || !URL.canParse(given)) return undefined;
  const { protocol, host, origin } = new URL(given);
  // Browsers give the schemes of applications, such as capacitor:, an origin. The class URL gives them none.
  if (origin === 'null') return `${protocol}//${host}`;
  return origin.startsWith('http') ? origin : undefined;
}
