/** Signs and verifies the values of cookies. The first secret of a list signs, and all of them verify. */
import { createHmac, createSecretKey, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { GenuineTexts } from './genuine-texts.js';

/** How a signature is written: base64 without padding, with the alphabet of URLs or the plain one. */
type Encoding = 'base64url' | 'base64';

/** Signs and verifies text. The keys are made once, because making a key costs more than using it. */
export class Signature {
  readonly #keys: readonly KeyObject[];
  readonly #genuine = new GenuineTexts();

  /** @param keys newest first */
  private constructor(
    keys: readonly KeyObject[],
    private readonly encoding: Encoding,
  ) {
    this.#keys = keys;
  }

  /**
   * Returns a signature under keys of its own, so that a text signed for one cookie is worthless in another.
   * @param secrets newest first
   * @param purpose the label from which the keys are derived (HKDF, RFC 5869)
   */
  static for(secrets: readonly string[], purpose: string): Signature {
    const keys = secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', `nestjs-login ${purpose}`, 32)));
    return new Signature(
      keys.map((key) => createSecretKey(key)),
      'base64url',
    );
  }

  /** Returns the signature of express-session's cookies: the secrets themselves are the keys, in plain base64. */
  static ofSessionCookie(secrets: readonly string[]): Signature {
    return new Signature(
      secrets.map((secret) => createSecretKey(secret, 'utf8')),
      'base64',
    );
  }

  /** Returns the text followed by a dot and its MAC. */
  sign(text: string): string {
    const [newest] = this.#keys as [KeyObject];
    return `${text}.${this.#mac(newest, text)}`;
  }

  /** Returns the text of a signed value, or undefined where no secret of ours made it. Compares in constant time. */
  verify(signed: string): string | undefined {
    const at = signed.lastIndexOf('.');
    if (at < 0) return undefined;

    const text = signed.slice(0, at);
    const given = signed.slice(at + 1);
    const isGenuine = this.#genuine.isGenuine(signed, () =>
      this.#keys.some((key) => sameText(this.#mac(key, text), given)),
    );
    return isGenuine ? text : undefined;
  }

  #mac(key: KeyObject, text: string): string {
    const mac = createHmac('sha256', key).update(text).digest(this.encoding);
    return mac.endsWith('=') ? mac.slice(0, -1) : mac;
  }
}

/** Compares two texts. Takes as long for a wrong text as for a right one of the same length. */
export function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
