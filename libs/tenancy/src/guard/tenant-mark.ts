import { isTenantId, type TenantId } from '#caas/kernel';

/**
 * The mark a command carries as its `comment`: in whose name it runs. The repository sets it, the schema guard and the
 * firewall compare it with what the command touches, and it shows in the engine's own logs.
 *
 * - `data:<tenant>` reads and writes documents of that tenant
 * - `placement:<tenant>` makes or removes that tenant's collections and indexes, and reads no document
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
