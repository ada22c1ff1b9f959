/** What the next page is to know: messages to show once and the page to go on to, in one signed cookie, so that bots cost no row. */
import { clearCookie, readCookies, writeCookie } from '../http/cookies.js';
import { responseOf } from '../http/login-request.js';
import type { LoginRequest } from '../http/login-request.js';
import { keepOutOfCaches } from '../http/login-response.js';
import { Signature } from '../http/signature.js';
import type { ResolvedLoginOptions } from '../options/resolved-login-options.js';

/** Why a visitor is told something: a login was required, or a fresh one. */
export type Challenge = 'login' | 'needs-refresh';

/** A message for the next page. */
export interface Flash {
  readonly kind: Challenge;
  readonly category: string;
  readonly message: string;
}

interface Notice {
  /** one letter a message, oldest first; the texts are made when they are read, in the language of then */
  readonly marks: string;
  readonly next: string | null;
}

const MARKS: Readonly<Record<Challenge, string>> = { login: 'l', 'needs-refresh': 'r' };
const MOST_MARKS = 20;
/** Seconds. Long enough to find the password, short enough that nobody meets an old message. */
const LIFETIME = 600;
/** Browsers drop cookies of over 4,096 bytes in silence; without `next` the cookie is short. */
const LONGEST = 2_900;
const EMPTY: Notice = { marks: '', next: null };

/** Reads and writes the notice cookie; what was written in this request is read in this request. */
export class NoticeCookie {
  readonly #signature: Signature;
  readonly #notices = new WeakMap<LoginRequest, Notice>();

  constructor(private readonly options: ResolvedLoginOptions) {
    this.#signature = new Signature(options.secrets, 'notice');
  }

  /** Keeps a message for the next page. */
  flash(request: LoginRequest, kind: Challenge): void {
    const notice = this.#read(request);
    this.#write(request, { ...notice, marks: (notice.marks + MARKS[kind]).slice(-MOST_MARKS) });
  }

  /** Keeps the page to go on to; the last one wins. */
  keepNext(request: LoginRequest, next: string): void {
    this.#write(request, { ...this.#read(request), next });
  }

  /** The messages, oldest first; they are gone afterwards. */
  takeFlashes(request: LoginRequest): Flash[] {
    keepOutOfCaches(responseOf(request));
    const notice = this.#read(request);
    if (!notice.marks) return [];
    this.#write(request, { ...notice, marks: '' });
    return notice.marks.split('').flatMap((mark) => {
      const kind: Challenge = mark === MARKS.login ? 'login' : 'needs-refresh';
      const { message, category } = kind === 'login' ? this.options.loginView : this.options.refreshView;
      return message === null ? [] : [{ kind, category, message: this.options.localize(message, request) }];
    });
  }

  /** The page to go on to; it is gone afterwards. */
  takeNext(request: LoginRequest): string | undefined {
    keepOutOfCaches(responseOf(request));
    const notice = this.#read(request);
    if (notice.next === null) return undefined;
    this.#write(request, { ...notice, next: null });
    return notice.next;
  }

  /** Forgets everything: the next person at this browser is told nothing. */
  clear(request: LoginRequest): void {
    if (this.#read(request) !== EMPTY) this.#write(request, EMPTY);
  }

  #read(request: LoginRequest): Notice {
    let notice = this.#notices.get(request);
    if (!notice) {
      notice =
        readCookies(request, this.options.noticeCookie.name)
          .map((value) => this.#parse(value))
          .find(Boolean) ?? EMPTY;
      this.#notices.set(request, notice);
    }
    return notice;
  }

  #write(request: LoginRequest, notice: Notice): void {
    this.#notices.set(request, notice);
    const { name, attributes } = this.options.noticeCookie;
    const response = responseOf(request);
    keepOutOfCaches(response);
    if (!notice.marks && notice.next === null) return clearCookie(response, name, attributes);
    const value = this.#format(notice);
    writeCookie(
      response,
      name,
      value.length > LONGEST ? this.#format({ ...notice, next: null }) : value,
      attributes,
      LIFETIME,
    );
  }

  #format({ marks, next }: Notice): string {
    const text = JSON.stringify([Math.floor(Date.now() / 1000), marks, next]);
    return this.#signature.sign(Buffer.from(text).toString('base64url'));
  }

  /** The lifetime counts here, too: how long a browser keeps a cookie decides nothing. */
  #parse(value: string): Notice | undefined {
    const text = value.length > LONGEST ? undefined : this.#signature.verify(value);
    if (text === undefined) return undefined;
    const [madeAt, marks, next] = JSON.parse(Buffer.from(text, 'base64url').toString()) as [
      number,
      string,
      string | null,
    ];
    return Math.abs(Date.now() / 1000 - madeAt) <= LIFETIME ? { marks, next } : undefined;
  }
}
