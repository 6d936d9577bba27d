import type { Tenant, TenantId } from '#caas/kernel';

/** Where tenancy learns of tenants; the control plane answers. */
export abstract class TenantDirectory {
  /** At most 5 s old; null for one that never was, is being made, or was deleted. */
  abstract find(id: TenantId): Promise<Tenant | null>;

  /** True for one that is being deleted or is gone: what still names it is late, and not forged. Not cached. */
  abstract wasDeleted(id: TenantId): Promise<boolean>;

  /** Tenants in the order of their ids, those after `after`: for work that must visit every one. */
  abstract list(after: TenantId | null, limit: number): Promise<Tenant[]>;
}
