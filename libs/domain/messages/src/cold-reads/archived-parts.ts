import type { Message } from '../store/message.schema';
import { conflict } from '#caas/kernel';
import type { ArchivedMessage } from './message-archive';

/** By the message as it was handed out: what came with it from cold storage. */
const parts = new WeakMap<Message, ArchivedMessage>();

/** Null for a message that is hot. */
export const archivedPartsOf = (message: Message): ArchivedMessage | null => parts.get(message) ?? null;

export function withParts(message: Message, archived: ArchivedMessage): Message {
  parts.set(message, archived);
  return message;
}

export const messageArchived = () =>
  conflict('message_archived', 'This message was moved to cold storage: it can be read, but not changed.');

/** @throws CaasError `message_archived` (409) */
export function requireHot(message: Message): void {
  if (archivedPartsOf(message)) throw messageArchived();
}
