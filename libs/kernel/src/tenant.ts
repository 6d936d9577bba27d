import type { TenantId } from './ids';

export const TIERS = ['free', 'starter', 'pro', 'enterprise'] as const;
export type Tier = (typeof TIERS)[number];

/** Where a tier's data lie: collections shared by many tenants, collections named after one, or a database of its own. */
export type Placement = 'shared' | 'prefixed' | 'dedicated';

export const PLACEMENT_OF_TIER: Readonly<Record<Tier, Placement>> = {
  free: 'shared',
  starter: 'shared',
  pro: 'prefixed',
  enterprise: 'dedicated',
};

/** What a tenant may have up to a limit: users, messages in a calendar month (UTC), bytes of files, sockets at once. */
export const QUOTAS = ['users', 'messages', 'storage_bytes', 'connections'] as const;
export type Quota = (typeof QUOTAS)[number];
/** Null: no limit. */
export type QuotaLimits = Readonly<Record<Quota, number | null>>;

/** What the system must know of a tenant to serve one request of it. */
export interface Tenant {
  readonly id: TenantId;
  readonly tier: Tier;
  readonly placement: Placement;
  readonly status: 'active' | 'suspended';
  /** A dedicated tenant's own cluster and credential; null: the platform's cluster. */
  readonly databaseUri: string | null;
  /** What the operator agreed on with the tenant instead of its tier's. */
  readonly quotas: Partial<QuotaLimits>;
}
