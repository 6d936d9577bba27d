import { isTenantId, type TenantId } from '#caas/kernel';

/**
 * The mark in a command's `comment`: the tenant for which it runs. The repository sets it. The schema guard and the firewall
 * compare it with the data that the command uses, and it appears in the engine's own logs.
 *
 * - `data:<tenant>` reads and writes documents of that tenant
 * - `placement:<tenant>` creates or removes that tenant's collections and indexes, and reads no document
 */
export type TenantMark = `data:${string}` | `placement:${string}`;

export const dataMark = (tenantId: TenantId): TenantMark => `data:${tenantId}`;
export const placementMark = (tenantId: TenantId): TenantMark => `placement:${tenantId}`;

export interface ReadMark {
  purpose: 'data' | 'placement';
  tenantId: TenantId;
}

export function readMark(comment: unknown): ReadMark | null {
  if (typeof comment !== 'string') return null;
  const colon = comment.indexOf(':');
  const purpose = comment.slice(0, colon);
  const tenantId = comment.slice(colon + 1);
  if ((purpose !== 'data' && purpose !== 'placement') || !isTenantId(tenantId)) return null;
  return { purpose, tenantId };
}
