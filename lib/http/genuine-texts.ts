/** Remembers which signed texts were found genuine, because a browser sends the same cookie with every request. */
import { hash } from 'node:crypto';

/** So many texts are remembered for sure, and up to twice as many in all: about 2 MB. */
const MOST = 5_000;

/**
 * Spares the verification of a text that was verified before. Knows texts by their hashes alone, so that what it holds
 * in memory logs nobody in. Nobody but the holder of a genuine text can add to it.
 */
export class GenuineTexts {
  #recent = new Set<string>();
  #older = new Set<string>();

  /** Tells whether a text is genuine. @param verify looks at a text that is not known */
  isGenuine(text: string, verify: () => boolean): boolean {
    const key = hash('sha256', text, 'base64url');
    if (this.#recent.has(key)) return true;
    if (!this.#older.has(key) && !verify()) return false;

    if (this.#recent.size >= MOST) {
      this.#older = this.#recent;
      this.#recent = new Set();
    }
    this.#recent.add(key);
    return true;
  }
}
