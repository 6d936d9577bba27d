import type { Tier } from '#caas/kernel';

export interface TenantView {
  id: string;
  name: string;
  tier: Tier;
  status: string;
  created_at: Date;
  updated_at: Date;
}

export function presentTenant(tenant: {
  _id: string;
  name: string;
  tier: Tier;
  status: string;
  created_at: Date;
  updated_at: Date;
}): TenantView {
  const { _id, name, tier, status, created_at, updated_at } = tenant;
  return { id: _id, name, tier, status, created_at, updated_at };
}
