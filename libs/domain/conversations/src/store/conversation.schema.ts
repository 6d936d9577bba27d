import { Prop, raw, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { UserReference } from '#caas/kernel';
import { userReferenceShape } from '#caas/domain/users';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

export const CONVERSATION_TYPES = ['direct', 'group', 'channel'] as const;
export type ConversationType = (typeof CONVERSATION_TYPES)[number];

export const HISTORIES = ['all', 'joined'] as const;
export type History = (typeof HISTORIES)[number];

/** What an inbox shows of the newest folded message; its `seq` is the conversation's `last_seq`. */
export interface LastMessage {
  id: ObjectId;
  /** One of the conversation's `people`. */
  sender_id: ObjectId;
  type: string;
  text: string | null;
  created_at: Date;
  /** Absent while the message is not deleted. */
  deleted_at?: Date;
}

@Schema()
export class Conversation extends TenantDocumentBase {
  @Prop({ type: String, enum: CONVERSATION_TYPES, required: true })
  type: ConversationType;

  /** Of a direct conversation: the ids of both users in order, so that a pair has one conversation. */
  @Prop({ type: String, default: null })
  pair_key: string | null;

  @Prop({ type: String, default: null })
  name: string | null;

  @Prop({ type: Types.ObjectId, default: null })
  group_id: ObjectId | null;

  @Prop({ type: Object, default: {} })
  metadata: Record<string, unknown>;

  /** Which messages a new member sees: all of them, or only those after they joined. */
  @Prop({ type: String, enum: HISTORIES, default: 'all' })
  history: History;

  /** The version in ETag and If-Match: it covers name, metadata and history. `__v` does not serve, because every fold raises it. */
  @Prop({ type: Number, default: 0 })
  settings_version: number;

  /** One of `people`. */
  @Prop({ type: Types.ObjectId, required: true })
  created_by_id: ObjectId;

  /**
   * Every user that this row names, each once, so that a send pays for only one index of names. In a direct conversation: the two
   * members. In others, whose members have rows of their own: the creator and, in second place, the newest sender.
   */
  @Prop({ type: [raw({ ...userReferenceShape, _id: false })], default: [] })
  people: UserReference[];

  @Prop({ type: Number, required: true })
  member_count: number;

  /**
   * The `seq` up to which messages are folded into this row. `last_seq`, `sent`, `sent_seqs`, `last_message`, `last_activity_at`
   * and the newest sender in `people` follow from the messages, and only `foldOf` computes them. There may be newer messages.
   */
  @Prop({ type: Number, default: 0 })
  last_seq: number;

  /** By month (`yyyy-mm`, UTC): how many messages were sent here, including those deleted since. Folded, like `last_seq`. */
  @Prop({ type: Object, default: {} })
  sent?: Record<string, number>;

  /** Grows by one with every change in the conversation that is not a new message. */
  @Prop({ type: Number, default: 0 })
  rev: number;

  /**
   * By user id, for recent senders: the `seq` of their newest message, up to which they count as having read. Folded; see
   * `watermarks.ts`.
   */
  @Prop({ type: Object, default: {} })
  sent_seqs: Record<string, number>;

  @Prop({ type: Object, default: null })
  last_message: LastMessage | null;

  @Prop({ type: Date, required: true })
  last_activity_at: Date;

  /** Grows whenever messages enter or leave cold storage; null while none ever did. */
  @Prop({ type: Number, default: null })
  archive_version: number | null;

  /** The highest `seq` that is or was in cold storage. */
  @Prop({ type: Number, default: null })
  archived_seq: number | null;

  /** A client that remembers an earlier `rev` may hold messages that were erased without a trace, and must resync from the start. */
  @Prop({ type: Number, default: null })
  resync_rev: number | null;
}

export const conversations = tenantCollection(Conversation, {
  name: 'conversations',
  indexes: [
    {
      key: { tenant_id: 1, pair_key: 1 },
      unique: true,
      partial: { pair_key: { $type: 'string' } },
      serves: 'the one direct conversation of a pair, also when both open it at once',
    },
    // Every further index makes each fold more expensive, because each new version of the row is entered into all indexes.
    { key: { tenant_id: 1, 'people.user_id': 1, _id: 1 }, serves: 'refreshing names' },
  ],
});
