/** Keeps everything that an application logs, in place of printing it: `app.useLogger(new LogBook())`. */
import type { LoggerService } from '@nestjs/common';

export class LogBook implements LoggerService {
  readonly lines: string[] = [];
  readonly log = this.#keep.bind(this);
  readonly error = this.#keep.bind(this);
  readonly warn = this.#keep.bind(this);
  readonly debug = this.#keep.bind(this);
  readonly verbose = this.#keep.bind(this);

  text(): string {
    return this.lines.join('\n');
  }

  #keep(...said: unknown[]): void {
    this.lines.push(
      said.map((part) => (part instanceof Error ? (part.stack ?? part.message) : String(part))).join(' '),
    );
  }
}
