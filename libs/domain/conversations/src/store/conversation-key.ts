import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';

/** A conversation in the memory of this process, where those of all tenants lie together. */
export const conversationKey = ({ tenantId }: Pick<RequestContext, 'tenantId'>, conversationId: ObjectId): string =>
  `${tenantId}:${conversationId.toHexString()}`;
