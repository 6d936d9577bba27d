import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Networks that are not the public internet (IANA's special-purpose registries), and those that lead into them by translation. */
const NOT_PUBLIC_IPV4 = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  NOT_PUBLIC_IPV4.addSubnet(network, prefix, 'ipv4');
}
/** A list of its own: in one list, the network of IPv4-mapped addresses would match every IPv4 address. */
const NOT_PUBLIC_IPV6 = new BlockList();
for (const [network, prefix] of [
  ['::', 96],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2001::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 9],
  ['ff00::', 8],
] as const) {
  NOT_PUBLIC_IPV6.addSubnet(network, prefix, 'ipv6');
}

/** Whether `address` is an IP address of the public internet. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return !NOT_PUBLIC_IPV4.check(address, 'ipv4');
  return version === 6 && !NOT_PUBLIC_IPV6.check(address, 'ipv6');
}

/** The address that a URL names by number, without the brackets of IPv6; null for a name. */
export function literalAddress({ hostname }: URL): string | null {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return isIP(bare) === 0 ? null : bare;
}

/**
 * Resolves a name for `net.connect`, and fails if any of its addresses is not public. The check happens at the connection, so the name
 * cannot resolve differently in between. Node skips the lookup for literal addresses: see `literalAddress`.
 */
export function publicLookup(resolve: typeof systemLookup = systemLookup): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, options, (error, address, family) => {
      if (error) return done(error, '', 4);
      const addresses = Array.isArray(address) ? address.map((each) => each.address) : [address];
      if (!addresses.every(isPublicAddress)) return done(new Error('a private address'), '', 4);
      done(null, address as string, family);
    });
  };
}
