/** Brings the address of a client into one spelling, and finds the part of it that stays with a device. */
import ipaddr from 'ipaddr.js';

/** An IPv4 address without leading zeros, alone or mapped into IPv6. Most addresses take this short way. */
const PLAIN_IPV4 = /^(?:::ffff:)?((?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3})$/;

/** A client's address in one spelling, and the part of it that identifies a place. */
export interface ClientAddress {
  /** '' where the address is unknown */
  readonly text: string;
  /**
   * The part that stays the same while a device stays in one place. Devices change the rest of an IPv6 address by
   * themselves (RFC 8981). So it is an IPv4 address, or the /64 of an IPv6 address. '' stands for an unknown address.
   */
  readonly prefix: string;
}

const UNKNOWN: ClientAddress = { text: '', prefix: '' };

/** Parses an address. IPv4 inside IPv6 becomes IPv4, and the zone is dropped. */
export function parseAddress(given: string | undefined): ClientAddress {
  if (!given) return UNKNOWN;
  const plain = PLAIN_IPV4.exec(given)?.[1];
  if (plain !== undefined) return { text: plain, prefix: plain };

  // Some proxies append the port: 192.0.2.1:4711, [2001:db8::1]:4711.
  const text = given.replace(/^([\d.]+):\d+$|^\[(.*)\](?::\d+)?$/, '$1$2').replace(/%.*$/, '');
  try {
    const parsed = ipaddr.process(text);
    return { text: parsed.toString(), prefix: parsed instanceof ipaddr.IPv6 ? prefixOf(parsed) : parsed.toString() };
  } catch {
    return UNKNOWN;
  }
}

function prefixOf({ parts }: ipaddr.IPv6): string {
  const network = parts.slice(0, 4).map((part) => part.toString(16));
  return `${network.join(':')}::/64`;
}
