import type { ConversationState, MessageState, ReceiptState } from './wire';

/** A conversation as a user sees it, in a form that two of them can be compared in. */
export interface Snapshot {
  conversation: ConversationState;
  /** By `seq`. */
  messages: object[];
  /** By external id. */
  receipts: object[];
}

/** Of what a server answers, or of what a client made of its events: equal when both know the same. */
export function snapshotOf(
  conversation: ConversationState,
  messages: MessageState[],
  receipts: ReceiptState[],
): Snapshot {
  return {
    conversation: withoutTimeOfChange(conversation),
    messages: messages.map((message) =>
      withoutTimeOfChange({ ...message, own_reactions: message.own_reactions.toSorted() }),
    ),
    receipts: receipts.toSorted((a, b) => (a.user.user_external_id < b.user.user_external_id ? -1 : 1)),
  };
}

/** What an inbox shows of the newest message. */
export function previewOf({ id, seq, sender, type, text, poll, created_at, deleted_at }: MessageState) {
  return { id, seq, sender, type, text: text ?? poll?.question ?? null, created_at, deleted_at };
}

/** No event of a reaction or a receipt says to the millisecond when it was stored. */
function withoutTimeOfChange<T extends object>(view: T): T & { updated_at: undefined } {
  return { ...view, updated_at: undefined };
}
