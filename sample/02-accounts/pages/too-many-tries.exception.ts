/** The 429 answer, with the time after which to try again. */
import { HttpException } from '@nestjs/common';

/** 429: too many tries. */
export class TooManyTriesException extends HttpException {
  /** @param retryAfter seconds */
  constructor(readonly retryAfter: number) {
    super('Too many tries. Wait a while, then try again.', 429);
  }
}
