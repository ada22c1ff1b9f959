/** Reads Set-Cookie lines as a browser does. */

/** One Set-Cookie line in its parts. */
export interface SetCookie {
  readonly name: string;
  readonly value: string;
  /** by lower-case names; true for one without a value, such as Secure */
  readonly attributes: Readonly<Record<string, string | true>>;
  /** the line tells the browser to drop the cookie */
  readonly isCleared: boolean;
}

/** Takes a Set-Cookie line apart. */
export function parseSetCookie(line: string): SetCookie {
  const [pair = '', ...rest] = line.split('; ');
  const attributes = Object.fromEntries(
    rest.map((part): [string, string | true] => {
      const at = part.indexOf('=');
      return at < 0 ? [part.toLowerCase(), true] : [part.slice(0, at).toLowerCase(), part.slice(at + 1)];
    }),
  );

  const at = pair.indexOf('=');
  const isCleared = attributes.expires !== undefined && Date.parse(String(attributes.expires)) <= Date.now();
  return { name: pair.slice(0, at), value: pair.slice(at + 1), attributes, isCleared };
}

/** Returns the names of the cookies that an answer sets, in alphabetical order. */
export const setNames = ({ cookies }: { readonly cookies: readonly string[] }): string[] =>
  namesOf(cookies, { isCleared: false });

/** Returns the names of the cookies that an answer clears, in alphabetical order. */
export const clearedNames = ({ cookies }: { readonly cookies: readonly string[] }): string[] =>
  namesOf(cookies, { isCleared: true });

function namesOf(lines: readonly string[], { isCleared }: { readonly isCleared: boolean }): string[] {
  return lines
    .map(parseSetCookie)
    .filter((cookie) => cookie.isCleared === isCleared)
    .map(({ name }) => name)
    .toSorted((one, other) => one.localeCompare(other));
}
