import type { ObjectId } from 'bson';
import type { Conversation } from '#caas/domain/conversations';
import type { Message } from '../store/message.schema';
import type { ArchivedMessage } from '../cold-reads/message-archive';

/** A message as it was when a list of them was frozen. */
export interface FrozenMessage {
  _id: ObjectId;
  __v: number;
}

/** Some of a conversation, and between which numbers they lie, maybe with others. */
export interface FrozenSpan {
  conversationId: ObjectId;
  firstSeq: number;
  lastSeq: number;
  messages: FrozenMessage[];
}

/** One that is hot after all. */
export interface HotMessage extends FrozenMessage {
  seq: number;
}

export type ArchivableConversation = Pick<Conversation, '_id' | 'last_seq' | 'archive_version' | 'archived_seq'>;

/** What is kept hot of a message that goes: extracted while it is at hand. */
export interface RetainedState {
  marks: ArchivedMessage['message'][];
  sends: Pick<Message, '_id' | 'conversation_id' | 'sender' | 'client_message_id' | 'created_at'>[];
}
