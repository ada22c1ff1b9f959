/** The form of the notice cookie: messages to show once and the page to go on to, signed, so that bots cost no row. */
import type { NamedCookie } from '../http/cookies.js';
import type { HttpExchange } from '../http/http-exchange.js';
import { Signature } from '../http/signature.js';

/** The content of the notice cookie, for the next page. */
export interface Notice {
  /** one letter a message, oldest first; the texts are made when they are read, in the language of then */
  readonly marks: string;
  readonly next: string | null;
}

/** Seconds. Long enough to find the password, short enough that nobody meets an old message. */
const LIFETIME = 600;

/** Browsers drop cookies of over 4,096 bytes in silence; without `next` the cookie is short. */
const MAX_LENGTH = 2_900;

/** A notice that tells nothing. */
export const NO_NOTICE: Notice = Object.freeze({ marks: '', next: null });

/** Reads and writes the notice cookie. */
export class NoticeCookie {
  readonly #signature: Signature;

  constructor(
    private readonly cookie: NamedCookie,
    secrets: readonly string[],
  ) {
    this.#signature = Signature.for(secrets, 'notice');
  }

  /** Returns the notice that a request brings; `NO_NOTICE` itself where it brings none that counts. */
  read(exchange: HttpExchange): Notice {
    for (const value of exchange.cookieValues(this.cookie.name)) {
      const notice = this.#parse(value);
      if (notice) return notice;
    }
    return NO_NOTICE;
  }

  /**
   * Sets the cookie, or clears it where there is nothing left to tell. Leaves out a `next` that makes it too long.
   * @returns whether all of the notice is in the cookie
   */
  write(exchange: HttpExchange, notice: Notice): boolean {
    if (!notice.marks && notice.next === null) {
      exchange.clearCookie(this.cookie);
      return true;
    }

    const value = this.#format(notice);
    const isWhole = value.length <= MAX_LENGTH;
    exchange.setCookie(this.cookie, isWhole ? value : this.#format({ ...notice, next: null }), LIFETIME);
    return isWhole;
  }

  #format({ marks, next }: Notice): string {
    const text = JSON.stringify([Math.floor(Date.now() / 1000), marks, next]);
    return this.#signature.sign(Buffer.from(text).toString('base64url'));
  }

  /** Counts the lifetime here as well: how long a browser keeps a cookie decides nothing. */
  #parse(value: string): Notice | undefined {
    const text = value.length > MAX_LENGTH ? undefined : this.#signature.verify(value);
    if (text === undefined) return undefined;
    const json = Buffer.from(text, 'base64url').toString();
    const [madeAt, marks, next] = JSON.parse(json) as [number, string, string | null];
    return Math.abs(Date.now() / 1000 - madeAt) <= LIFETIME ? { marks, next } : undefined;
  }
}
