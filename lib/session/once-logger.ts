/** Keeps the log short if one cause affects many requests. */
import { Logger } from '@nestjs/common';
import { RecentKeys } from '../logins/recent-keys.js';

/** The time in milliseconds in which one error is logged once. */
const ERROR_INTERVAL = 60_000;

/** A logger that logs each message once. */
export class OnceLogger {
  readonly #logger = new Logger('LoginModule');
  readonly #logged = new Set<string>();
  readonly #recentErrors = new RecentKeys(ERROR_INTERVAL);

  /** Logs a warning, unless the same text was logged before. */
  warn(text: string): void {
    if (this.#logged.has(text)) return;
    this.#logged.add(text);
    this.#logger.warn(text);
  }

  /** Logs an error with its cause, once a minute for each cause. */
  error(text: string, cause?: unknown): void {
    if (!this.#recentErrors.add(`${text}\n${keyOf(cause)}`)) return;
    this.#logger.error(text, cause instanceof Error ? cause.stack : cause);
  }
}

/** Distinguishes causes by kind and place, because each message may name another user. */
function keyOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { code } = cause as { readonly code?: unknown };
  const place = /^\s+at .*$/m.exec(cause.stack ?? '')?.[0] ?? '';
  return `${cause.name} ${String(code)} ${place}`;
}
