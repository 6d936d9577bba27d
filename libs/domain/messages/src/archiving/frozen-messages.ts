import type { ObjectId } from 'bson';
import type { Conversation } from '#caas/domain/conversations';
import type { Message } from '../store/message.schema';
import type { ArchivedMessage } from '../cold-reads/message-archive';

/** A message as it was when a list of them was frozen. */
export interface FrozenMessage {
  _id: ObjectId;
  __v: number;
}

/** Frozen messages of one conversation, and the range of `seq` that they lie in. The range may have other messages too. */
export interface FrozenSpan {
  conversationId: ObjectId;
  firstSeq: number;
  lastSeq: number;
  messages: FrozenMessage[];
}

/** A frozen message that is still hot. */
export interface HotMessage extends FrozenMessage {
  seq: number;
}

export type ArchivableConversation = Pick<Conversation, '_id' | 'last_seq' | 'archive_version' | 'archived_seq'>;

/** What stays hot of messages that are archived. It is extracted while the messages are in memory. */
export interface RetainedState {
  marks: ArchivedMessage['message'][];
  sends: Pick<Message, '_id' | 'conversation_id' | 'sender' | 'client_message_id' | 'created_at'>[];
}
