import type { TenantId } from './ids';

export const TIERS = ['free', 'starter', 'pro', 'enterprise'] as const;
export type Tier = (typeof TIERS)[number];

/** Where a tier's data is stored: collections shared by many tenants, collections named after one tenant, or a database of its own. */
export type Placement = 'shared' | 'prefixed' | 'dedicated';

export const PLACEMENT_OF_TIER: Readonly<Record<Tier, Placement>> = {
  free: 'shared',
  starter: 'shared',
  pro: 'prefixed',
  enterprise: 'dedicated',
};

/** Quantities with a limit per tenant: users, messages in a calendar month (UTC), bytes of files, sockets at once. */
export const QUOTAS = ['users', 'messages', 'storage_bytes', 'connections'] as const;
export type Quota = (typeof QUOTAS)[number];
/** Null: no limit. */
export type QuotaLimits = Readonly<Record<Quota, number | null>>;

/** What the system must know about a tenant to serve one request. */
export interface Tenant {
  readonly id: TenantId;
  readonly tier: Tier;
  readonly placement: Placement;
  readonly status: 'active' | 'suspended';
  /** A dedicated tenant's own cluster and credential; null: the platform's cluster. */
  readonly databaseUri: string | null;
  /** Limits that the operator agreed on with the tenant; they replace those of its tier. */
  readonly quotas: Partial<QuotaLimits>;
}
