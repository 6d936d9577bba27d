import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { Attachment } from '#caas/domain/media';
import { tenantCollection } from '#caas/tenancy';
import { MessageContent } from './message-content';
import { HAS_MENTIONS } from './message.schema';

/** The content of a message before an edit. It is erased with the message, unless a legal hold keeps it; users cannot see it then. */
@Schema()
export class MessageVersion extends MessageContent {
  @Prop({ type: Types.ObjectId, required: true })
  message_id: ObjectId;

  /** The conversation's `rev` of the edit that replaced it. */
  @Prop({ type: Number, required: true })
  replaced_rev: number;

  /** Files that the message no longer shows but a legal hold keeps. */
  @Prop({ type: Array, default: [] })
  attachments: Attachment[];

  /** The message was deleted, and a legal hold keeps this content. */
  @Prop({ type: Boolean, default: false })
  kept: boolean;

  /** When this content was written: at the send or at an edit. */
  @Prop({ type: Date, required: true })
  written_at: Date;
}

export const messageVersions = tenantCollection(MessageVersion, {
  name: 'message_versions',
  indexes: [
    { key: { tenant_id: 1, message_id: 1, replaced_rev: 1 }, unique: true, serves: 'the history of a message' },
    { key: { tenant_id: 1, 'mentions.user_id': 1, _id: 1 }, partial: HAS_MENTIONS, serves: 'refreshing names' },
  ],
});
