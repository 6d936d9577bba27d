import { ObjectId } from 'bson';
import type { EventEnvelope, EventType } from '#caas/contracts';
import type { Message } from '../persistence/message.schema';
import { viewOfMessage } from '../views';

/**
 * The events with `afterRev < rev < beforeRev` that messages as they are now can still tell of, in order. Of several changes of
 * one message only the last has left a trace, and that is all a client needs.
 * @param messages those that changed after `afterRev`, also when they changed once more after `beforeRev`
 */
export function missedEvents(messages: Message[], afterRev: number, beforeRev: number): EventEnvelope[] {
  return messages
    .flatMap(eventsOf)
    .filter(({ rev }) => rev! > afterRev && rev! < beforeRev)
    .sort((a, b) => a.rev! - b.rev!);
}

function eventsOf(message: Message): EventEnvelope[] {
  const created = envelopeOf('message.created', message, message.created_rev);
  if (message.rev === message.created_rev) return [created];
  return [created, envelopeOf(message.deleted_at ? 'message.deleted' : 'message.updated', message, message.rev)];
}

const envelopeOf = (type: EventType, message: Message, rev: number): EventEnvelope => ({
  id: new ObjectId().toHexString(),
  type,
  at: new Date().toISOString(),
  conversation_id: message.conversation_id.toHexString(),
  seq: message.seq,
  rev,
  data: viewOfMessage(message),
});
