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
  /** Missing as long as it is not deleted. */
  deleted_at?: Date;
}

@Schema()
export class Conversation extends TenantDocumentBase {
  @Prop({ type: String, enum: CONVERSATION_TYPES, required: true })
  type: ConversationType;

  /** Of a direct conversation: both users' ids in order, so that a pair has one conversation. */
  @Prop({ type: String, default: null })
  pair_key: string | null;

  @Prop({ type: String, default: null })
  name: string | null;

  @Prop({ type: Types.ObjectId, default: null })
  group_id: ObjectId | null;

  @Prop({ type: Object, default: {} })
  metadata: Record<string, unknown>;

  /** From where on a new member sees messages: all there are, or those after their joining. */
  @Prop({ type: String, enum: HISTORIES, default: 'all' })
  history: History;

  /** What ETag and If-Match speak of: name, metadata and history. `__v` grows with every fold as well. */
  @Prop({ type: Number, default: 0 })
  settings_version: number;

  /** One of `people`. */
  @Prop({ type: Types.ObjectId, required: true })
  created_by_id: ObjectId;

  /**
   * Everybody this row names, each once, so that every send pays for one index of names only. Of a direct conversation: the
   * two. Of others, whose members are rows of their own: who opened it and, at the second place, who wrote last.
   */
  @Prop({ type: [raw({ ...userReferenceShape, _id: false })], default: [] })
  people: UserReference[];

  @Prop({ type: Number, required: true })
  member_count: number;

  /**
   * Up to which `seq` messages are folded into this row: `last_seq`, `sent`, `sent_seqs`, `last_message`, `last_activity_at` and the
   * newest sender in `people` follow from the messages, and only `foldOf` says how. There may be newer messages.
   */
  @Prop({ type: Number, default: 0 })
  last_seq: number;

  /** By month (`yyyy-mm`, UTC): how many messages were sent here, whatever became of them. Folded, like `last_seq`. */
  @Prop({ type: Object, default: {} })
  sent?: Record<string, number>;

  /** Grows by one with every change in the conversation that is not a new message. */
  @Prop({ type: Number, default: 0 })
  rev: number;

  /**
   * By user id, for those who wrote lately: the `seq` of their newest message, up to which they count as having read. Folded;
   * see `watermarks.ts`.
   */
  @Prop({ type: Object, default: {} })
  sent_seqs: Record<string, number>;

  @Prop({ type: Object, default: null })
  last_message: LastMessage | null;

  @Prop({ type: Date, required: true })
  last_activity_at: Date;

  /** Another whenever messages of it came into cold storage or left it; null as long as none ever did. */
  @Prop({ type: Number, default: null })
  archive_version: number | null;

  /** The highest `seq` that is or was in cold storage. */
  @Prop({ type: Number, default: null })
  archived_seq: number | null;

  /** Whoever remembers an earlier `rev` knows messages that were erased without a trace, and begins anew. */
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
    // Each index more costs each fold: the row's every version is entered into all of them.
    { key: { tenant_id: 1, 'people.user_id': 1, _id: 1 }, serves: 'refreshing names' },
  ],
});
