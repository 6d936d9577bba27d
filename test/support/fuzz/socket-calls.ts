import fc, { type Arbitrary } from 'fast-check';
import type { Field, Sensible } from './body-of-schema';
import { bodyOf, bodyPlan, type BodyPlan } from './mutations';
import { oddJson, oddText, rarely } from './odd-values';

/** What a client sends with each message, by the name of the field: see `FuzzWorld`. */
const FIELDS: Record<string, string[]> = {
  'message.send': ['conversation_id', 'client_message_id', 'text', 'metadata', 'mentions'],
  'message.edit': ['message_id', 'text'],
  'message.delete': ['message_id'],
  'conversation.read': ['conversation_id', 'seq'],
  'conversation.delivered': ['conversation_id', 'seq'],
  'reaction.add': ['message_id', 'emoji'],
  'reaction.remove': ['message_id', 'emoji'],
  'poll.vote': ['poll_id', 'option_ids'],
  'typing.start': ['conversation_id'],
  'typing.stop': ['conversation_id'],
  'presence.set': ['presence'],
  'presence.get': ['external_ids'],
  sync: ['conversations', 'limit'],
  'session.renew': ['token'],
};
/** Fields whose sensible value is known by another name. */
const SENT_AS: Record<string, string> = { poll_id: 'message_id', presence: 'status' };

interface Plan {
  event: number;
  /** Instead of the name, as JSON. */
  oddEvent: string | null;
  body: BodyPlan;
  more: string[];
}

/** Messages of every kind that the server takes from clients, made up by a seed. */
export class SocketCalls {
  readonly plans: Arbitrary<Plan>;

  constructor(private readonly events: string[]) {
    this.plans = fc.record({
      event: fc.nat(events.length - 1),
      oddEvent: rarely(
        16,
        null,
        fc.oneof(
          oddText.map((text) => JSON.stringify(text)),
          oddJson,
        ),
      ),
      body: bodyPlan,
      more: rarely(10, [], fc.array(oddJson, { maxLength: 2 })),
    }) as Arbitrary<Plan>;
  }

  /** The JSON of the event's name and parameters. */
  json({ event, oddEvent, body, more }: Plan, sensible: Sensible): string {
    const name = this.events[event]!;
    const fields = (FIELDS[name] ?? []).map((field): Field => [
      SENT_AS[field] ?? field,
      JSON.stringify(sensible[field] ?? null),
    ]);
    const payload = bodyOf(body, fields);
    const parameters = payload === null ? more : [payload.toString('utf8'), ...more];
    return `[${[oddEvent ?? JSON.stringify(name), ...parameters].join()}]`;
  }
}
