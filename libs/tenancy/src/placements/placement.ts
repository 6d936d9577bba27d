import type { Placement, Tenant } from '#caas/kernel';
import { dedicated } from './dedicated';
import { prefixed } from './prefixed';
import { shared } from './shared';

export const SHARED_DATABASE = 'caas_shared';

/** Where a tenant's documents lie: pure naming, no I/O (design §2). */
export interface PlacementNaming {
  database(tenant: Tenant): string;
  /** The physical name of a collection, from its logical one. */
  collection(tenant: Tenant, logicalName: string): string;
  /** Tenants with the same key share connection and compiled models. */
  handleKey(tenant: Tenant): string;
}

export const PLACEMENTS: Readonly<Record<Placement, PlacementNaming>> = { shared, prefixed, dedicated };

export const placementOf = (tenant: Tenant): PlacementNaming => PLACEMENTS[tenant.placement];
