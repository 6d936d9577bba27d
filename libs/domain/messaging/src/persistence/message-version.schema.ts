import { Prop, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import { tenantCollection } from '#caas/tenancy';
import { MessageContent } from './message-content';
import { HAS_MENTIONS } from './message.schema';

/** What a message said before an edit. Erased with the message. */
@Schema()
export class MessageVersion extends MessageContent {
  @Prop({ type: Types.ObjectId, required: true })
  message_id: ObjectId;

  /** The conversation's `rev` with the edit that replaced it. */
  @Prop({ type: Number, required: true })
  replaced_rev: number;

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
