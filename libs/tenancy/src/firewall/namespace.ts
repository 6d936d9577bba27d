import type { TenantId } from '#caas/kernel';

export const PLATFORM_DATABASE = 'caas_platform';
const SHARED_DATABASE = 'caas_shared';
const TENANT_PREFIX = 'clnt_';

/**
 * May documents of `tenantId` lie in this collection? In the shared database under no tenant's prefix or their own, or in
 * their own database. Written without the placements' naming on purpose: the firewall must not share its mistakes.
 */
export function mayHold(tenantId: TenantId, database: string, collection: string): boolean {
  if (database === `caas_${tenantId}`) return !collection.startsWith(TENANT_PREFIX);
  if (database !== SHARED_DATABASE) return false;
  return !collection.startsWith(TENANT_PREFIX) || collection.startsWith(`${tenantId}_`);
}

/** May the collection be dropped with the tenant? Only if no other tenant's documents can be in it. */
export function belongsWholly(tenantId: TenantId, database: string, collection: string): boolean {
  if (database === `caas_${tenantId}`) return true;
  return database === SHARED_DATABASE && collection.startsWith(`${tenantId}_`);
}
