import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';

/** The key of a conversation in process memory, where the conversations of all tenants are kept together. */
export const conversationKey = ({ tenantId }: Pick<RequestContext, 'tenantId'>, conversationId: ObjectId): string =>
  `${tenantId}:${conversationId.toHexString()}`;
