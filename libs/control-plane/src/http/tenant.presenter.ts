import { type QuotaLimits, type Tier, versioned } from '#caas/kernel';
import type { TenantView } from './dto/tenant-views';

export function presentTenant(tenant: {
  _id: string;
  name: string;
  tier: Tier;
  status: string;
  quotas?: Partial<QuotaLimits>;
  edition?: number;
  created_at: Date;
  updated_at: Date;
}): TenantView {
  const { _id, name, tier, status, quotas = {}, edition = 0, created_at, updated_at } = tenant;
  return versioned({ id: _id, name, tier, status, quotas, created_at, updated_at }, edition);
}
