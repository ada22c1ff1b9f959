/** Warns of each thing once, so that a fault of the application does not flood its log. */
import { Logger } from '@nestjs/common';

/** A logger that remembers what it has said. */
export class OnceLogger {
  readonly #logger = new Logger('LoginModule');
  readonly #told = new Set<string>();

  /** Logs a warning, unless the same text was logged before. */
  warn(text: string): void {
    if (this.#told.has(text)) return;
    this.#told.add(text);
    this.#logger.warn(text);
  }
}
