/** Message authentication for what travels in a cookie: a list of secrets, of which the first signs and all verify. */
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** Signs and verifies text under one purpose, so that what one cookie holds is worthless in another. */
export class Signature {
  readonly #keys: readonly Buffer[];

  /**
   * @param secrets newest first
   * @param purpose the label from which the keys are derived (HKDF, RFC 5869)
   */
  constructor(secrets: readonly string[], purpose: string) {
    this.#keys = secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', `nestjs-login ${purpose}`, 32)));
  }

  /** The text followed by a dot and its MAC. */
  sign(text: string): string {
    const [newest] = this.#keys as [Buffer];
    return `${text}.${mac(newest, text).toString('base64url')}`;
  }

  /** The text of a signed value, or undefined where no secret of ours made it. Compares in constant time. */
  verify(signed: string): string | undefined {
    const at = signed.lastIndexOf('.');
    const text = signed.slice(0, at);
    const given = signed.slice(at + 1);
    return at >= 0 && this.#keys.some((key) => sameText(mac(key, text).toString('base64url'), given))
      ? text
      : undefined;
  }
}

/** Equality that takes as long for a wrong text as for a right one of the same length. */
export function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const mac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
