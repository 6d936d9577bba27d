import type { RequestContext, TenantId } from '#caas/kernel';
import { conversationRoom, tenantRoom, userRoom, type Room } from './rooms';

/** The receivers of an event: the members of a conversation, one user on all their sockets, or every socket of the tenant. */
export type Audience = { conversationId: string } | { userId: string } | { everyone: true };

export function roomOf({ tenantId }: RequestContext, audience: Audience): Room {
  if ('conversationId' in audience) return conversationRoom(tenantId, audience.conversationId);
  return 'userId' in audience ? userRoom(tenantId, audience.userId) : tenantRoom(tenantId);
}

/** @throws Error for an empty list: no room at all would address every socket */
export function roomsOf({ tenantId }: RequestContext, userIds: string[]): Room[] {
  if (userIds.length === 0) throw new Error('Sockets join and leave for somebody');
  return roomsOfUsers(tenantId, userIds);
}

export const roomsOfUsers = (tenantId: TenantId, userIds: readonly string[]): Room[] =>
  userIds.map((userId) => userRoom(tenantId, userId));
