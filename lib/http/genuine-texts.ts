/** Remembers which signed texts were found genuine, because a browser sends the same cookie with every request. */
import { hash } from 'node:crypto';

/** The number of texts that are kept for sure. Up to twice as many are kept, in about 2 MB. */
const MAX_TEXTS = 5_000;

/** Keeps only the hashes of texts, so nobody can log in with its memory. */
export class GenuineTexts {
  #recent = new Set<string>();
  #older = new Set<string>();

  /** Tells whether a text is genuine. @param verify looks at a text that is not known */
  isGenuine(text: string, verify: () => boolean): boolean {
    const key = hash('sha256', text, 'base64url');
    if (this.#recent.has(key)) return true;
    if (!this.#older.has(key) && !verify()) return false;

    if (this.#recent.size >= MAX_TEXTS) {
      this.#older = this.#recent;
      this.#recent = new Set();
    }
    this.#recent.add(key);
    return true;
  }
}
