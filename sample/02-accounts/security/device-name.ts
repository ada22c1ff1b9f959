/** Makes a readable name of a browser from its User-Agent header, by bowser. */
import { parse } from 'bowser';

/** Such as "Firefox on Windows"; "Unknown browser" where the header names none. */
export function deviceName(userAgent: string): string {
  const { browser, os } = userAgent ? parse(userAgent) : {};
  const system = os?.name ? ` on ${os.name}` : '';
  return `${browser?.name || 'Unknown browser'}${system}`;
}
