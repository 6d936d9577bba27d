import type { Message } from '../store/message.schema';
import { conflict } from '#caas/kernel';
import type { ArchivedMessage } from './message-archive';

/** What came from cold storage with a message. The key is the object and not the id, because a hot copy may have the same id. */
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
