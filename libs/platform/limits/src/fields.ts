import type { Lease } from './lease';

/**
 * The header fields of draft-ietf-httpapi-ratelimit-headers-10, as structured fields (RFC 9651): `q` points within `w` seconds,
 * of which `r` are left for the next `t` seconds.
 */
export function rateLimitFields(leases: readonly Lease[]): Record<'ratelimit-policy' | 'ratelimit', string> {
  const nowMs = performance.now();
  const policies = leases.map(({ rate }) => `"${rate.name}";q=${rate.points};w=${rate.seconds}`);
  const standing = leases.map((lease) => `"${lease.rate.name}";r=${lease.remaining};t=${lease.resetSeconds(nowMs)}`);
  return { 'ratelimit-policy': policies.join(', '), ratelimit: standing.join(', ') };
}
