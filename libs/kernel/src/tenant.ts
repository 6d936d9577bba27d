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

/** What the system must know of a tenant to serve one request of it. */
export interface Tenant {
  readonly id: TenantId;
  readonly tier: Tier;
  readonly placement: Placement;
  readonly status: 'active' | 'suspended';
  /** A dedicated tenant's own cluster and credential; null: the platform's cluster. */
  readonly databaseUri: string | null;
}
