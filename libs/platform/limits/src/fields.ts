import type { RateBudget } from './rate-budget';

/**
 * The header fields of draft-ietf-httpapi-ratelimit-headers-10, as structured fields (RFC 9651): `q` points within `w` seconds,
 * of which `r` are left for the next `t` seconds.
 */
export function rateLimitFields(budgets: readonly RateBudget[]): Record<'ratelimit-policy' | 'ratelimit', string> {
  const nowMs = performance.now();
  const policies = budgets.map(({ rate }) => `"${rate.name}";q=${rate.points};w=${rate.seconds}`);
  const standing = budgets.map(
    (budget) => `"${budget.rate.name}";r=${budget.remaining};t=${budget.resetSeconds(nowMs)}`,
  );
  return { 'ratelimit-policy': policies.join(', '), ratelimit: standing.join(', ') };
}
