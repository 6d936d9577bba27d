import type { Tenant } from '#caas/kernel';

/** Where a tenant's documents are stored: pure naming, no I/O (design §2). */
export interface PlacementNaming {
  database(tenant: Tenant): string;
  /** The physical name of a collection, from its logical one. */
  collection(tenant: Tenant, logicalName: string): string;
  /** Tenants with the same key share connection and compiled models. */
  handleKey(tenant: Tenant): string;
}
