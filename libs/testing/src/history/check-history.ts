import type { MessageState } from '../clients/wire';

/** A send as it was acknowledged. */
export interface AcknowledgedSend {
  /** The conversation's id. */
  room: string;
  id: string;
  seq: number;
  /** External id. */
  sender: string;
  clientMessageId: string;
  /** How many sends into the room had been acknowledged when this one began: their messages come before it. */
  begunAfter: number;
}

/** A message as a page has it. */
export type ReadableMessage = Pick<MessageState, 'id' | 'conversation_id' | 'seq' | 'client_message_id'> & {
  sender: { user_external_id: string };
};

/** What is wrong, in words; nothing is when all are empty. */
export interface HistoryFaults {
  /** Acknowledged, and not readable as it was acknowledged. */
  lost: string[];
  /** One id, one `seq`, or one `client_message_id` of a sender that is readable twice in a room. */
  doubled: string[];
  /** A page out of the order of `seq`, or a message before one that was acknowledged before its sending began. */
  reordered: string[];
  /** A `seq` below the highest of a room that no message has. */
  gaps: string[];
}

export const NO_FAULTS: Readonly<HistoryFaults> = { lost: [], doubled: [], reordered: [], gaps: [] };

/**
 * What the system promised about messages, against what can be read of them (design: order of messages, idempotency).
 * @param acknowledged of each room, in the order in which the acknowledgements came; see `History`
 * @param readable all messages of the rooms from the first on, of each room in the order of its pages, oldest first
 */
export function checkHistory(
  acknowledged: Iterable<AcknowledgedSend>,
  readable: Iterable<ReadableMessage>,
): HistoryFaults {
  const promised = Map.groupBy(acknowledged, ({ room }) => room);
  const read = Map.groupBy(readable, ({ conversation_id }) => conversation_id);
  return {
    lost: each(promised, (room, sends) => lostOf(sends, read.get(room) ?? [])),
    doubled: each(read, (_room, messages) => doubledOf(messages)),
    reordered: [
      ...each(read, (_room, messages) => misplacedOf(messages)),
      ...each(promised, (_room, sends) => overtakenOf(sends)),
    ],
    gaps: each(read, (_room, messages) => gapsOf(messages)),
  };
}

function lostOf(sends: AcknowledgedSend[], messages: ReadableMessage[]): string[] {
  const byId = new Map(messages.map((message) => [message.id, message]));
  return sends.flatMap((send) => {
    const found = byId.get(send.id);
    if (found && identityOf(found) === identityOf(send)) return [];
    return [`${identityOf(send)} is ${found ? `readable as ${identityOf(found)}` : 'not readable'}`];
  });
}

function doubledOf(messages: ReadableMessage[]): string[] {
  const keys = [
    ({ id }: ReadableMessage) => `id ${id}`,
    ({ seq }: ReadableMessage) => `seq ${seq}`,
    ({ sender, client_message_id }: ReadableMessage) => `${client_message_id} of ${sender.user_external_id}`,
  ];
  return keys.flatMap((keyOf) =>
    [...Map.groupBy(messages, keyOf)].flatMap(([key, same]) =>
      same.length > 1 ? [`${key}: ${same.map(({ id, seq }) => `${id}, seq ${seq}`).join('; ')}`] : [],
    ),
  );
}

function misplacedOf(messages: ReadableMessage[]): string[] {
  return messages.flatMap((message, at) => {
    const before = messages[at - 1];
    return before && before.seq > message.seq ? [`seq ${message.seq} is read after seq ${before.seq}`] : [];
  });
}

function overtakenOf(sends: AcknowledgedSend[]): string[] {
  /** The send with the highest seq among the first ones, by how many they are. */
  const highest: (AcknowledgedSend | undefined)[] = [undefined];
  for (const send of sends) {
    const before = highest.at(-1);
    highest.push(before && before.seq > send.seq ? before : send);
  }
  return sends.flatMap((send) => {
    const before = highest[send.begunAfter];
    if (!before || before.seq < send.seq) return [];
    return [`${identityOf(send)} began after ${identityOf(before)} was acknowledged`];
  });
}

function gapsOf(messages: ReadableMessage[]): string[] {
  const seqs = messages.map(({ seq }) => seq).sort((a, b) => a - b);
  return seqs.flatMap((seq, at) => {
    const expected = (seqs[at - 1] ?? 0) + 1;
    if (seq <= expected) return [];
    return [expected === seq - 1 ? `seq ${expected} is missing` : `seq ${expected} to ${seq - 1} are missing`];
  });
}

/** All that must stay as it was acknowledged, in words. */
function identityOf(message: ReadableMessage | AcknowledgedSend): string {
  const [sender, key] =
    'room' in message
      ? [message.sender, message.clientMessageId]
      : [message.sender.user_external_id, message.client_message_id];
  return `${key} of ${sender} (${message.id}, seq ${message.seq})`;
}

const each = <T>(rooms: Map<string, T>, faultsOf: (room: string, of: T) => string[]): string[] =>
  [...rooms].flatMap(([room, of]) => faultsOf(room, of).map((fault) => `in ${room}: ${fault}`));
