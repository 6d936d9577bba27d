import { Prop, raw, Schema } from '@nestjs/mongoose';
import type { ObjectId } from 'bson';
import { Types } from 'mongoose';
import type { UserReference } from '#caas/kernel';
import { userReferenceShape } from '#caas/domain/users';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';
import { HAS_MENTIONS } from './message.schema';

/** What a message said before an edit. Erased with the message. */
@Schema()
export class MessageVersion extends TenantDocumentBase {
  @Prop({ type: Types.ObjectId, required: true })
  message_id: ObjectId;

  /** The conversation's `rev` with the edit that replaced it. */
  @Prop({ type: Number, required: true })
  replaced_rev: number;

  @Prop({ type: String, default: null })
  text: string | null;

  @Prop({ type: [raw({ ...userReferenceShape, _id: false })], default: [] })
  mentions: UserReference[];

  @Prop({ type: Object, default: null })
  metadata: Record<string, unknown> | null;

  @Prop({ type: String, default: null })
  encrypted: string | null;

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
