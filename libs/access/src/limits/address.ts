import { isIPv6 } from 'node:net';

const GROUPS_OF_A_NETWORK = 4;
const GROUPS = 8;

/**
 * Whose address it is, as far as can be told: an IPv4 address, or the /64 of an IPv6 address, all of which is one subscriber's
 * (RFC 6177) and could be used up one address at a time.
 */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (!isIPv6(plain)) return plain;
  const [head = '', tail] = plain.toLowerCase().split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : GROUPS - before.length - after.length;
  const groups = [...before, ...Array<string>(missing).fill('0'), ...after].slice(0, GROUPS_OF_A_NETWORK);
  return `${groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':')}::/64`;
}

/**
 * The client's address behind `trustedProxies` proxies, each of which adds whom it was called by to `X-Forwarded-For`.
 * @param peer whom the connection is from
 */
export function addressBehind(peer: string, forwardedFor: string | undefined, trustedProxies: number): string {
  const hops = [...(forwardedFor ?? '').split(',').map((hop) => hop.trim()), peer].filter((hop) => hop !== '');
  return hops[Math.max(0, hops.length - 1 - trustedProxies)] ?? peer;
}
