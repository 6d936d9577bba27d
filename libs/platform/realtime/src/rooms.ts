import { isObjectIdHex, isTenantId, type TenantId } from '#caas/kernel';

declare const roomBrand: unique symbol;
/** Made only in this file, so that neither a client nor a typo can name a room. */
export type Room = string & { readonly [roomBrand]: true };

export const conversationRoom = (tenantId: TenantId, conversationId: string) => room(tenantId, 'c', conversationId);
export const userRoom = (tenantId: TenantId, userId: string) => room(tenantId, 'u', userId);
export const sessionRoom = (tenantId: TenantId, sessionId: string) => room(tenantId, 's', sessionId);
export const tenantRoom = (tenantId: TenantId) => `t:${tenantId}` as Room;

export const isConversationRoom = (room: string): boolean => room.split(':')[2] === 'c';

/** @throws Error for a room of another kind */
export function conversationOfRoom(room: Room): [tenantId: TenantId, conversationId: string] {
  const [, tenantId, kind, conversationId] = room.split(':');
  if (!isTenantId(tenantId) || kind !== 'c') throw new Error(`${room} is not a conversation's`);
  return [tenantId, conversationId!];
}

/** The user whose own room it is; null for any other room. */
export function userOfRoom(room: string): string | null {
  const [, , kind, userId] = room.split(':');
  return kind === 'u' ? userId! : null;
}

/** @throws Error for an invalid id: an empty room name would address every socket */
function room(tenantId: TenantId, kind: 'c' | 'u' | 's', id: string): Room {
  const fits = kind === 's' ? typeof id === 'string' && id !== '' : isObjectIdHex(id);
  if (!fits || !tenantId) throw new Error(`There is no room of kind ${kind} for "${id}"`);
  return `t:${tenantId}:${kind}:${id}` as Room;
}
