import { ObjectId as BsonObjectId, type ObjectId } from 'bson';
import type { NewDocument, UserReference } from '#caas/kernel';
import { NO_KIND_CONTENT } from '../store/kind-contents';
import type { Message } from '../store/message.schema';

/** A message that was checked and may be written; its numbers are given by the insert. */
export type PreparedMessage = Omit<NewDocument<Message>, 'seq' | 'rev' | 'created_rev'> & {
  _id: ObjectId;
  conversation_id: ObjectId;
  sender: UserReference;
  /** To be put before the moderators, in the transaction that stores it. Not stored itself. */
  flagged?: boolean;
};

/** What names a send: its message is found by it when the client sends the same again. */
export type SendIdentity = Pick<PreparedMessage, 'conversation_id' | 'sender' | 'client_message_id' | 'request_hash'>;

/** A message that has nothing but what is given. */
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
