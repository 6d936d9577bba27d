import type { Message } from '../store/message.schema';
import { conflict } from '#caas/kernel';
import type { ArchivedMessage } from './message-archive';

/** By the object and not by the id, under which there may be a hot copy as well: what came with it from cold storage. */
const parts = new WeakMap<Message, ArchivedMessage>();

/** Null for a message that is hot. */
export const archivedPartsOf = (message: Message): ArchivedMessage | null => parts.get(message) ?? null;

export function withParts(message: Message, archived: ArchivedMessage): Message {
  parts.set(message, archived);
  return message;
}

/** @throws CaasError `message_archived` (409) */
export function requireHot(message: Message): void {
  if (!archivedPartsOf(message)) return;
  throw conflict('message_archived', 'This message was moved to cold storage: it can be read, but not changed.');
}
