import type { TenantId } from '#caas/kernel';

export const PLATFORM_DATABASE = 'caas_platform';
const SHARED_DATABASE = 'caas_shared';
const TENANT_PREFIX = 'clnt_';

/**
 * Whether documents of `tenantId` may be stored in this collection. In the shared database: in collections without a tenant's
 * prefix or with their own; otherwise only in their own database. It does not use the placements' naming on purpose: the firewall
 * must not repeat a mistake made there.
 */
export function mayHold(tenantId: TenantId, database: string, collection: string): boolean {
  if (database === `caas_${tenantId}`) return !collection.startsWith(TENANT_PREFIX);
  if (database !== SHARED_DATABASE) return false;
  return !collection.startsWith(TENANT_PREFIX) || collection.startsWith(`${tenantId}_`);
}

/** Whether the collection may be dropped with the tenant: only if it cannot contain another tenant's documents. */
export function belongsWholly(tenantId: TenantId, database: string, collection: string): boolean {
  if (database === `caas_${tenantId}`) return true;
  return database === SHARED_DATABASE && collection.startsWith(`${tenantId}_`);
}
