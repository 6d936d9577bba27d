import type { ObjectId } from 'bson';
import type { TenantId } from '#caas/kernel';

/** `media/<tenant>/<yyyy>/<mm>/<file_id>`: where the objects of a file lie; the month is that of its id, UTC. */
export function objectPrefix(tenantId: TenantId, fileId: ObjectId): string {
  const [year, month] = fileId.getTimestamp().toISOString().split('-');
  return `media/${tenantId}/${year}/${month}/${fileId.toHexString()}`;
}

/** The uploaded bytes as they came, until the worker has made of them what is served. */
export const uploadKey = (tenantId: TenantId, fileId: ObjectId): string => `${objectPrefix(tenantId, fileId)}/upload`;
