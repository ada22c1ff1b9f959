/** Decides whether another site made a request in the visitor's browser. */
import type { HttpExchange } from './http-exchange.js';

/**
 * Returns why an unsafe request counts as made by another site, or undefined where it does not. `Sec-Fetch-Site`
 * decides, else `Origin` against our own origin. A request with neither header (curl, tests) comes from no browser and
 * passes.
 * @param site.origin our own origin; without one the Host header stands in, which a page of another site cannot choose
 * @param site.frontEnds the origins of further front ends, which may log users in
 */
export function crossSiteReason(
  exchange: HttpExchange,
  { origin, frontEnds }: { readonly origin: string | null; readonly frontEnds: readonly string[] },
): string | undefined {
  if (!exchange.isUnsafe) return undefined;
  const site = exchange.header('sec-fetch-site');
  const from = exchange.header('origin');
  if (site === 'same-origin' || site === 'none') return undefined;
  if (site === undefined && from === undefined) return undefined;

  const own = origin ?? `${exchange.isSecure ? 'https' : 'http'}://${exchange.header('host') ?? ''}`;
  if (site !== 'cross-site' && from === own) return undefined;
  // Browsers set Origin themselves, so no page of another site can name a front end of ours.
  if (from !== undefined && frontEnds.includes(from)) return undefined;

  if (from === 'null')
    return (
      'The browser hides where the request comes from: on plain http the header Referrer-Policy: no-referrer ' +
      'does that. Use https.'
    );
  if (from === own.replace(/^http:/, 'https:'))
    return (
      `The browser says the request comes from ${from}, and the application sees ${own}. A proxy ends TLS: name ` +
      `it by app.set('trust proxy', ...), and let it send X-Forwarded-Proto.`
    );
  return (
    `The browser says the request comes from ${from ?? `a ${site} page`} and this site is ${own}. ` +
    `If both are yours, set the option "origin" to the address in the browser.`
  );
}
