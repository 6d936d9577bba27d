import type { ObjectId } from 'bson';
import type { TenantId } from '#caas/kernel';

/** `media/<tenant>/<yyyy>/<mm>/<file_id>`: the prefix of a file's objects; the month is that of its id, UTC. */
export function objectPrefix(tenantId: TenantId, fileId: ObjectId): string {
  const [year, month] = fileId.getTimestamp().toISOString().split('-');
  return `media/${tenantId}/${year}/${month}/${fileId.toHexString()}`;
}

/** The original uploaded bytes, kept until the worker has made the variants. */
export const uploadKey = (tenantId: TenantId, fileId: ObjectId): string => `${objectPrefix(tenantId, fileId)}/upload`;
