/** Random text for ids, tokens and verifiers. All randomness of this package comes from here. */
import { randomFillSync } from 'node:crypto';

/** The number of bytes per read, because one call to the system's generator costs more than the bytes. */
const BLOCK = 4096;

/** Returns bytes of the system's generator, each once. */
class RandomBlock {
  readonly #block = Buffer.alloc(BLOCK);
  #used = BLOCK;

  take(bytes: number): string {
    if (this.#used + bytes > BLOCK) {
      randomFillSync(this.#block);
      this.#used = 0;
    }
    const end = this.#used + bytes;
    const text = this.#block.toString('base64url', this.#used, end);
    this.#block.fill(0, this.#used, end);
    this.#used = end;
    return text;
  }
}

const block = new RandomBlock();

/** Returns random bytes as base64url text. Never returns a byte twice. */
export function randomText(bytes: 16 | 32): string {
  return block.take(bytes);
}
