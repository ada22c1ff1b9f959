/** Time-based one-time codes (RFC 6238) by otpauth. */
import { Secret, TOTP } from 'otpauth';
import { renderSVG } from 'uqr';

/** Seconds that a code is shown for. */
const PERIOD = 30;

const totp = (secret: string, label = ''): TOTP =>
  new TOTP({ issuer: 'nestjs-login sample', label, secret: Secret.fromBase32(secret), period: PERIOD });

/** A new secret, base32. */
export const newSecret = (): string => new Secret({ size: 20 }).base32;

/**
 * The time step of a code, from the step before to the one after the present one, for clocks that differ a little.
 * @returns null for a code that is none
 */
export function acceptedStep(secret: string, code: string): number | null {
  const away = totp(secret).validate({ token: code, window: 1 });
  return away === null ? null : TOTP.counter({ period: PERIOD }) + away;
}

/** A picture that an authenticator app reads, as SVG. */
export const secretPicture = (secret: string, email: string): string =>
  renderSVG(totp(secret, email).toString(), { border: 2 });
