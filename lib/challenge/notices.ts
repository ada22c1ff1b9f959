/** The notices of one request. The request also reads the notices that it has written. */
import type { HttpExchange } from '../http/http-exchange.js';
import type { ResolvedLoginOptions } from '../options/resolve-login-options.js';
import { NO_NOTICE } from './notice-cookie.js';
import type { Notice, NoticeCookie } from './notice-cookie.js';

/** Why a visitor is told something: a login was required, or a fresh one. */
export type Challenge = 'login' | 'needs-refresh';

/** A message for the next page. */
export interface Flash {
  readonly kind: Challenge;
  readonly category: string;
  readonly message: string;
}

const MARKS: Readonly<Record<Challenge, string>> = { login: 'l', 'needs-refresh': 'r' };

/** The cookie holds the last so many messages. */
const MAX_MARKS = 20;

/** Keeps messages and the page to go on to from one request to the next. */
export class Notices {
  #notice: Notice | undefined;

  constructor(
    private readonly exchange: HttpExchange,
    private readonly cookie: NoticeCookie,
    private readonly options: ResolvedLoginOptions,
  ) {}

  /** Keeps a message for the next page. */
  flash(kind: Challenge): void {
    const notice = this.#read();
    this.#write({ ...notice, marks: (notice.marks + MARKS[kind]).slice(-MAX_MARKS) });
  }

  /** Keeps the page to go on to; the last one wins. False: it is too long for a cookie. */
  keepNext(next: string): boolean {
    return this.#write({ ...this.#read(), next });
  }

  /** Returns the messages, oldest first, and forgets them. */
  takeFlashes(): Flash[] {
    this.exchange.keepPrivate();
    const notice = this.#read();
    if (!notice.marks) return [];

    this.#write({ ...notice, marks: '' });
    return notice.marks.split('').flatMap((mark) => this.#flashOf(mark === MARKS.login ? 'login' : 'needs-refresh'));
  }

  /** Returns the page to go on to, and forgets it. */
  takeNext(): string | undefined {
    this.exchange.keepPrivate();
    const notice = this.#read();
    if (notice.next === null) return undefined;
    this.#write({ ...notice, next: null });
    return notice.next;
  }

  /** Forgets messages of these kinds, because the user has done as they ask. The page to go on to stays. */
  forget(...kinds: readonly Challenge[]): void {
    const notice = this.#read();
    const marks = notice.marks
      .split('')
      .filter((mark) => kinds.every((kind) => MARKS[kind] !== mark))
      .join('');
    if (marks !== notice.marks) this.#write({ ...notice, marks });
  }

  /** Forgets everything, so that the next person at this browser is told nothing. */
  clearNotices(): void {
    if (this.#read() !== NO_NOTICE) this.#write(NO_NOTICE);
  }

  #flashOf(kind: Challenge): Flash[] {
    const { loginView, refreshView, localize } = this.options;
    const { message, category } = kind === 'login' ? loginView : refreshView;
    return message === null ? [] : [{ kind, category, message: localize(message, this.exchange.request) }];
  }

  #read(): Notice {
    return (this.#notice ??= this.cookie.read(this.exchange));
  }

  #write(notice: Notice): boolean {
    this.#notice = notice;
    return this.cookie.write(this.exchange, notice);
  }
}
