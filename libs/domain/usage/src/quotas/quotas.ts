import { CaasError, type Quota, type QuotaLimits, type Tenant, type Tier } from '#caas/kernel';

const GB = 2 ** 30;

/** A tier's quotas, unless the operator agreed on others with the tenant. Null: no limit. */
export const QUOTAS_OF_TIER: Readonly<Record<Tier, QuotaLimits>> = {
  free: { users: 10_000, messages: 1_000_000, storage_bytes: GB, connections: 5_000 },
  starter: { users: 50_000, messages: 10_000_000, storage_bytes: 10 * GB, connections: 20_000 },
  pro: { users: 500_000, messages: 100_000_000, storage_bytes: 100 * GB, connections: 100_000 },
  enterprise: { users: null, messages: null, storage_bytes: 1024 * GB, connections: null },
};

/** Null: no limit. */
export function limitOf({ tier, quotas }: Pick<Tenant, 'tier' | 'quotas'>, quota: Quota): number | null {
  const agreed = quotas[quota];
  return agreed === undefined ? QUOTAS_OF_TIER[tier][quota] : agreed;
}

const WHAT: Record<Quota, (limit: number) => string> = {
  users: (limit) => `may have up to ${limit} users`,
  messages: (limit) => `may send up to ${limit} messages in a calendar month (UTC)`,
  storage_bytes: (limit) => `may store files of up to ${limit} bytes in all`,
  connections: (limit) => `may have up to ${limit} sockets connected at once`,
};

/** 402 */
export const quotaExceeded = (quota: Quota, limit: number): CaasError =>
  new CaasError('quota', 'quota_exceeded', `This tenant ${WHAT[quota](limit)}.`);
