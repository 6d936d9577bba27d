import { ObjectId } from 'bson';
import type { EventEnvelope, EventType } from '#caas/contracts';
import { shownRevOf, type Message } from '#caas/domain/messages';
import { viewOfMessage } from '#caas/domain/messages';

/** A late `message.created` event, with the message as it is now. It waits for the `rev` that its sender's process knew. */
export const createdEventOf = (message: Message) => ({
  envelope: envelopeOf('message.created', message, {}),
  afterRev: message.created_rev,
});

/** A late event of the message's last change. Earlier changes leave no trace, and a client needs only the last. */
export const changedEventOf = (message: Message) => {
  const type = message.deleted_at ? 'message.deleted' : 'message.updated';
  const { base_rev: baseRev } = message;
  return {
    envelope: envelopeOf(type, message, { rev: shownRevOf(message) }),
    ...(baseRev ? { baseRev } : {}),
  };
};

const envelopeOf = (type: EventType, message: Message, numbers: { rev?: number }): EventEnvelope => ({
  id: new ObjectId().toHexString(),
  type,
  at: new Date().toISOString(),
  conversation_id: message.conversation_id.toHexString(),
  seq: message.seq,
  ...numbers,
  data: viewOfMessage(message),
});
