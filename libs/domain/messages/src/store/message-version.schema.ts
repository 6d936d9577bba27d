import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { Attachment } from '#caas/domain/media';
import { tenantCollection } from '#caas/tenancy';
import { MessageContent } from './message-content';
import { HAS_MENTIONS } from './message.schema';

/** What a message said before an edit. Erased with the message, unless a legal hold keeps it: then users do not see it any more. */
@Schema()
export class MessageVersion extends MessageContent {
  @Prop({ type: Types.ObjectId, required: true })
  message_id: ObjectId;

  /** The conversation's `rev` with the edit that replaced it. */
  @Prop({ type: Number, required: true })
  replaced_rev: number;

  /** Files that the message showed and does not show any more, where a legal hold keeps them. */
  @Prop({ type: Array, default: [] })
  attachments: Attachment[];

  /** Its message was deleted, and a legal hold keeps what it said. */
  @Prop({ type: Boolean, default: false })
  kept: boolean;

  /** When it was written: the sending, or an edit. */
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
