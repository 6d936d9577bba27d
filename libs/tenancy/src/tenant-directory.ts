import type { Tenant, TenantId } from '#caas/kernel';

/** The directory of tenants; the control plane implements it. */
export abstract class TenantDirectory {
  /** At most 5 s old; null for a tenant that never existed, is being created, or was deleted. */
  abstract find(id: TenantId): Promise<Tenant | null>;

  /** True for a tenant that is being deleted or is deleted: a job that still names it is late, not forged. Not cached. */
  abstract wasDeleted(id: TenantId): Promise<boolean>;

  /** Tenants after `after`, in the order of their ids: for work that must visit every tenant. */
  abstract list(after: TenantId | null, limit: number): Promise<Tenant[]>;
}
