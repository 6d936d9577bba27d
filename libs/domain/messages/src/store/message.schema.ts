import { Prop, raw, Schema } from '@nestjs/mongoose';
import { ObjectId as BsonObjectId, type ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { UserReference } from '#caas/kernel';
import type { Attachment } from '#caas/domain/media';
import { UserReferenceProp, userReferenceShape } from '#caas/domain/users';
import { tenantCollection } from '#caas/tenancy';
import { KIND_TYPES } from './kind-contents';
import { MessageContent } from './message-content';

export const MESSAGE_TYPES = ['text', 'media', 'system', ...KIND_TYPES] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

/** Where a forwarded message was first sent, and by whom. */
export interface ForwardOrigin {
  message_id: ObjectId;
  conversation_id: ObjectId;
  sender: UserReference;
}

/*
 * Most messages mention nobody, are in no thread and are not pinned. Partial indexes hold only the messages that do, so that a
 * plain send does not pay for them. A query must repeat the condition, or the engine cannot use the index.
 */
const ANY_ID = { $gt: new BsonObjectId('000000000000000000000000') };
export const HAS_MENTIONS = { 'mentions.user_id': ANY_ID };
export const HAS_REPLIERS = { 'last_repliers.user_id': ANY_ID };
export const IS_FORWARDED = { 'forwarded_from.sender.user_id': ANY_ID };
export const IN_A_THREAD = { thread_root_id: ANY_ID };
export const HAS_CHANGED = { rev: { $gt: 0 } };
export const IS_PINNED = { pinned_at: { $gt: new Date(0) } };

@Schema()
export class Message extends MessageContent {
  @Prop({ type: Types.ObjectId, required: true })
  conversation_id: ObjectId;

  /** 1, 2, 3, … in the order of acceptance, without gaps. The insert under it is the commit of a send. */
  @Prop({ type: Number, required: true })
  seq: number;

  /** The conversation's `rev` of this message's last change; 0 when it never changed. Clients see `shownRevOf`. */
  @Prop({ type: Number, required: true })
  rev: number;

  /**
   * A lower bound: the conversation's `rev` as the process that accepted the message knew it. Before sends were one write, a send
   * took a `rev` of its own, and this was it.
   */
  @Prop({ type: Number, required: true })
  created_rev: number;

  /** The `rev` before the last change. Absent when the message changed less than twice, or before this field existed. */
  @Prop({ type: Number })
  base_rev?: number;

  @Prop({ type: String, required: true })
  client_message_id: string;

  /** SHA-256 of the request's body. The same `client_message_id` with another body is an error of the client. */
  @Prop({ type: String, required: true })
  request_hash: string;

  @UserReferenceProp()
  sender: UserReference;

  @Prop({ type: String, enum: MESSAGE_TYPES, default: 'text' })
  type: MessageType;

  /** Snapshots, brought up to date when what they show changes. */
  @Prop({ type: Array, default: [] })
  attachments: Attachment[];

  @Prop({ type: Types.ObjectId, default: null })
  reply_to_id: ObjectId | null;

  @Prop({ type: Types.ObjectId, default: null })
  thread_root_id: ObjectId | null;

  @Prop({ type: Number, default: 0 })
  reply_count: number;

  /** On the root of a thread: the users who replied last, newest first. */
  @Prop({ type: [raw({ ...userReferenceShape, _id: false })], default: [] })
  last_repliers: UserReference[];

  @Prop({ type: Object, default: null })
  forwarded_from: ForwardOrigin | null;

  /** By emoji. The keys are spelled by `keyOfEmoji` in the kernel. */
  @Prop({ type: Object, default: {} })
  reaction_counts: Record<string, number>;

  @Prop({ type: Date, default: null })
  pinned_at: Date | null;

  @Prop({ type: Date, default: null })
  edited_at: Date | null;

  /** The number of edits and deletions, which is the version in ETag and If-Match. Reactions do not count. Absent means 0. */
  @Prop({ type: Number })
  edition?: number;
}

/** The `rev` of the last change. 0 also for a message of the previous version that has only the `rev` of its send. */
export const shownRevOf = ({ rev, created_rev }: Pick<Message, 'rev' | 'created_rev'>): number =>
  rev === created_rev ? 0 : rev;

export const editionOf = ({ edition = 0 }: Pick<Message, 'edition'>): number => edition;

export const messages = tenantCollection(Message, {
  name: 'messages',
  indexes: [
    {
      key: { tenant_id: 1, conversation_id: 1, seq: 1 },
      unique: true,
      serves: 'a page; the head; and no seq is given twice',
    },
    {
      // `seq` also gives the index a name that differs from the index over all revs, which data of the previous version still have.
      key: { tenant_id: 1, conversation_id: 1, rev: 1, seq: 1 },
      partial: HAS_CHANGED,
      serves: 'sync: what changed after a rev',
    },
    {
      key: { tenant_id: 1, conversation_id: 1, 'sender.user_id': 1, client_message_id: 1 },
      unique: true,
      serves: 'the same message sent again, also at the same moment',
    },
    { key: { tenant_id: 1, 'sender.user_id': 1, _id: 1 }, serves: 'refreshing names of senders' },
    {
      key: { tenant_id: 1, thread_root_id: 1, seq: 1 },
      partial: IN_A_THREAD,
      serves: 'a page of a thread',
    },
    { key: { tenant_id: 1, conversation_id: 1, pinned_at: 1 }, partial: IS_PINNED, serves: 'what is pinned' },
    {
      key: { tenant_id: 1, 'mentions.user_id': 1, _id: 1 },
      partial: HAS_MENTIONS,
      serves: "a page of a user's mentions; refreshing names",
    },
    {
      key: { tenant_id: 1, 'mentions.user_id': 1, conversation_id: 1, seq: 1 },
      partial: HAS_MENTIONS,
      serves: 'how many mentions somebody has not read',
    },
    { key: { tenant_id: 1, 'last_repliers.user_id': 1, _id: 1 }, partial: HAS_REPLIERS, serves: 'refreshing names' },
    {
      key: { tenant_id: 1, 'forwarded_from.sender.user_id': 1, _id: 1 },
      partial: IS_FORWARDED,
      serves: 'refreshing names',
    },
  ],
});
