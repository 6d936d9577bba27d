import { ObjectId as BsonObjectId, type ObjectId } from 'bson';
import type { NewDocument, UserReference } from '#caas/kernel';
import { NO_KIND_CONTENT } from '../store/kind-contents';
import type { Message } from '../store/message.schema';

/** A message that passed the checks and may be stored. The insert gives it its numbers. */
export type PreparedMessage = Omit<NewDocument<Message>, 'seq' | 'rev' | 'created_rev'> & {
  _id: ObjectId;
  conversation_id: ObjectId;
  sender: UserReference;
  /** The message must be reported to the moderators, in the transaction that stores it. Not stored itself. */
  flagged?: boolean;
};

/** Identifies a send: when the client repeats it, its message is found by these fields. */
export type SendIdentity = Pick<PreparedMessage, 'conversation_id' | 'sender' | 'client_message_id' | 'request_hash'>;

/** A message with defaults for all fields that are not given. */
export const prepareMessage = (given: SendIdentity & Partial<PreparedMessage>): PreparedMessage => ({
  _id: new BsonObjectId(),
  type: 'text',
  text: null,
  attachments: [],
  reply_to_id: null,
  thread_root_id: null,
  reply_count: 0,
  last_repliers: [],
  forwarded_from: null,
  mentions: [],
  metadata: null,
  encrypted: null,
  reaction_counts: {},
  ...NO_KIND_CONTENT,
  pinned_at: null,
  edited_at: null,
  ...given,
});
