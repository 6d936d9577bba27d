import { isIP, SocketAddress } from 'node:net';

/** Where a request comes from. */
export interface Peer {
  /** The other end of the connection: a client, or the nearest proxy. */
  readonly address: string;
  /** The header `X-Forwarded-For`; several of them joined by commas. */
  readonly forwardedFor: string | undefined;
}

const GROUPS_OF_A_NETWORK = 4;
const GROUPS = 8;

/**
 * The network of the client behind `trustedProxies` proxies, each of which appends its caller's address to `X-Forwarded-For`.
 * Entries count from the right, and empty ones are skipped (RFC 9110, 5.6.1): entries further left come from the client and prove
 * nothing. If an entry is no address (`unknown`, an obfuscated name), the address of the proxy that wrote it is used.
 */
export function networkOfPeer({ address, forwardedFor }: Peer, trustedProxies: number): string {
  const hops = trustedProxies === 0 ? [] : (forwardedFor ?? '').split(',').filter((hop) => hop.trim() !== '');
  for (const hop of hops.slice(-trustedProxies)) {
    const network = networkOf(hop);
    if (network !== null) return network;
  }
  return networkOf(address) ?? address;
}

/**
 * The network that identifies a subscriber: an IPv4 address, or the /64 of an IPv6 address. A whole /64 belongs to one subscriber
 * (RFC 6177), who could otherwise use a new address each time.
 * @param text an address, with or without a port, brackets, quotes and a zone (RFC 7239, 6)
 * @returns null for text that is no address
 */
export function networkOf(text: string): string | null {
  const host = hostOf(text.trim().replace(/^"(.*)"$/, '$1')).replace(/%.*$/, '');
  const version = isIP(host);
  return version === 4 ? host : version === 6 ? networkOfIPv6(host) : null;
}

/** The text without its port, if it has one. */
function hostOf(text: string): string {
  const [, bracketed] = /^\[([^\]]*)\](?::[\w.-]*)?$/.exec(text) ?? [];
  if (bracketed !== undefined) return bracketed;
  return /^[\d.]+:[\w.-]*$/.test(text) ? text.slice(0, text.indexOf(':')) : text;
}

function networkOfIPv6(host: string): string {
  // One spelling for each address: `::ffff:cb00:7107` is `::ffff:203.0.113.7`.
  const { address } = new SocketAddress({ address: host, family: 'ipv6' });
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : GROUPS - before.length - after.length;
  const groups = [...before, ...Array<string>(missing).fill('0'), ...after].slice(0, GROUPS_OF_A_NETWORK);
  return `${groups.join(':')}::/64`;
}
