import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { UserReference } from '#caas/kernel';
import { UserReferenceProp } from '#caas/domain/users';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';

export const MESSAGE_TYPES = ['text', 'media', 'system', 'poll'] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

@Schema()
export class Message extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  conversation_id: ObjectId;

  /** 1, 2, 3, … in the order of acceptance, without gaps. */
  @Prop({ type: Number, required: true })
  seq: number;

  /** The conversation's `rev` at this message's last change. */
  @Prop({ type: Number, required: true })
  rev: number;

  @Prop({ type: String, required: true })
  client_message_id: string;

  /** SHA-256 of the request's body: the same id with another body is a mistake of the client. */
  @Prop({ type: String, required: true })
  request_hash: string;

  @UserReferenceProp()
  sender: UserReference;

  @Prop({ type: String, enum: MESSAGE_TYPES, default: 'text' })
  type: MessageType;

  @Prop({ type: String, default: null })
  text: string | null;

  @Prop({ type: Array, default: [] })
  attachments: unknown[];

  @Prop({ type: Types.ObjectId, default: null })
  reply_to_id: ObjectId | null;

  @Prop({ type: Types.ObjectId, default: null })
  thread_root_id: ObjectId | null;

  @Prop({ type: Number, default: 0 })
  reply_count: number;

  @Prop({ type: Array, default: [] })
  mentions: UserReference[];

  @Prop({ type: Object, default: null })
  metadata: Record<string, unknown> | null;

  /** An end-to-end encrypted payload in base64, opaque here. */
  @Prop({ type: String, default: null })
  encrypted: string | null;

  @Prop({ type: Object, default: {} })
  reaction_counts: Record<string, number>;

  @Prop({ type: Date, default: null })
  pinned_at: Date | null;

  @Prop({ type: Date, default: null })
  edited_at: Date | null;
}

export const messages = tenantCollection(Message, {
  name: 'messages',
  indexes: [
    { key: { tenant_id: 1, conversation_id: 1, seq: 1 }, unique: true, serves: 'a page; and no seq is given twice' },
    { key: { tenant_id: 1, conversation_id: 1, rev: 1 }, serves: 'sync: what changed after a rev' },
    {
      key: { tenant_id: 1, conversation_id: 1, 'sender.user_id': 1, client_message_id: 1 },
      unique: true,
      serves: 'the same message sent again, also at the same moment',
    },
    { key: { tenant_id: 1, 'sender.user_id': 1, _id: 1 }, serves: 'refreshing names of senders' },
  ],
});
