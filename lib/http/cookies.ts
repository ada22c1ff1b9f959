/** Reads the Cookie header of a request, and collects the cookies that its response sets. */
import type { ServerResponse } from 'node:http';
import { stringifySetCookie } from 'cookie';

/** The attributes of a cookie, which decide about the requests that carry it. */
export interface CookieAttributes {
  readonly path: string;
  /** null: the host alone */
  readonly domain: string | null;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: 'lax' | 'strict' | 'none';
  /** kept apart for each top-level site that embeds the application (CHIPS) */
  readonly partitioned: boolean;
}

/** A cookie of this package: its name, and where browsers send it. */
export interface NamedCookie {
  readonly name: string;
  readonly attributes: CookieAttributes;
}

/** One cookie as it stands in a Cookie header. */
export interface RawCookie {
  readonly name: string;
  /** not decoded */
  readonly value: string;
}

/**
 * Returns the cookies of a Cookie header, in their order. Ignores only blanks and tabs around a name, because a name
 * with any other white space is another name (CVE-2026-39410).
 */
export function parseCookieHeader(header: string | undefined): readonly RawCookie[] {
  const found: RawCookie[] = [];
  if (!header) return found;

  for (let from = 0; from < header.length;) {
    const semicolon = header.indexOf(';', from);
    const to = semicolon < 0 ? header.length : semicolon;
    const equals = header.indexOf('=', from);
    if (equals >= 0 && equals < to)
      found.push({ name: trim(header, from, equals), value: trim(header, equals + 1, to) });
    from = to + 1;
  }
  return found;
}

/** Decodes the raw value of a cookie. Returns undefined where its percent-encoding is broken. */
export function decodeCookieValue(raw: string): string | undefined {
  if (!raw.includes('%')) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
}

/**
 * The cookies that a response sets. They go out with its head, so a handler cannot drop them by accident. The last
 * decision about a cookie counts.
 */
export class ResponseCookies {
  readonly #lines = new Map<string, string>();

  /** Sets a cookie. @param maxAge seconds until the browser drops it; null: when the browser closes; 0: at once */
  set({ name, attributes }: NamedCookie, value: string, maxAge: number | null): void {
    const { path, domain, secure, httpOnly, sameSite, partitioned } = attributes;
    const expires = new Date(maxAge === 0 ? 0 : Date.now() + (maxAge ?? 0) * 1000);
    const line = stringifySetCookie({
      name,
      value,
      path,
      secure,
      httpOnly,
      sameSite,
      partitioned,
      ...(domain === null ? {} : { domain }),
      ...(maxAge === null ? {} : { maxAge, expires }),
    });

    this.#lines.set(name, line);
  }

  /** Takes back the last decision about a cookie. */
  cancel({ name }: NamedCookie): void {
    this.#lines.delete(name);
  }

  /** Adds the lines to the headers of a response. */
  writeTo(response: ServerResponse): void {
    if (this.#lines.size) response.appendHeader('Set-Cookie', [...this.#lines.values()]);
    this.#lines.clear();
  }
}

/**
 * Trims by hand: a regular expression for the end of a text takes quadratic time, and an attacker chooses the blanks.
 */
function trim(text: string, start: number, end: number): string {
  let [from, to] = [start, end];
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;
